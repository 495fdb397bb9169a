//! The sessions with their state.

use lifeboat_report::{
    Fact, Report,
    facts::{BackupKeyAnswer, DeviceKeys, Session},
};
use maud::{Markup, html};

use super::{blocks, icon};
use crate::ui::{
    clean::clean_id,
    screen::sessions::{last_seen, name, sorted, verified},
};

/// As many are shown; the rest are counted.
const SHOWN: usize = 40;

/// Renders them, the one that was last seen first.
pub(super) fn section(report: &Report) -> Markup {
    let content = match &report.facts.sessions {
        Fact::Unknown(gap) => blocks::nothing(&format!("Not known: {}.", gap.words())),
        Fact::Known(sessions) if sessions.is_empty() => blocks::nothing("There are none."),
        Fact::Known(sessions) => table(&sorted(sessions), report.taken_at),
    };
    blocks::section("sessions", "Your sessions", &content)
}

fn table(sessions: &[&Session], now: u64) -> Markup {
    let asked = sessions.iter().any(|it| it.backup_key != BackupKeyAnswer::NotAsked);
    let mut headings = vec!["Session", "Last seen", "Verified"];
    if asked {
        headings.push("Holds the backup key");
    }
    let rows: Vec<Vec<Markup>> = sessions.iter().take(SHOWN).map(|it| row(it, now, asked)).collect();
    let rest = sessions.len().saturating_sub(SHOWN);
    html! {
        (blocks::table("Sessions, the one that was last seen first", &headings, &rows))
        @if rest > 0 {
            p { "…and " (rest) " more." }
        }
    }
}

fn row(session: &Session, now: u64, asked: bool) -> Vec<Markup> {
    let mut cells = vec![
        html! { bdi { (name(session)) } " " small { bdi { (clean_id(&session.device_id)) } } },
        html! { (last_seen(session, now)) },
        html! { span class={ "state " (tone(session)) } { (mark(session)) (verified(session)) } },
    ];
    if asked {
        cells.push(match session.backup_key {
            BackupKeyAnswer::Answered => html! { span.state.good { (icon::tick()) "yes, it answered" } },
            BackupKeyAnswer::NoAnswer => html! { span.state { (icon::question()) "did not answer: unknown" } },
            BackupKeyAnswer::NotAsked => html! { span.state { (icon::question()) "was not asked: unknown" } },
        });
    }
    cells
}

fn mark(session: &Session) -> Markup {
    match &session.keys {
        Fact::Known(DeviceKeys::Signed) => icon::tick(),
        Fact::Known(DeviceKeys::Unsigned | DeviceKeys::Invalid) if !session.dehydrated => icon::cross(),
        Fact::Known(_) => html! {},
        Fact::Unknown(_) => icon::question(),
    }
}

fn tone(session: &Session) -> &'static str {
    match &session.keys {
        _ if session.dehydrated => "",
        Fact::Known(DeviceKeys::Signed) => "good",
        Fact::Known(DeviceKeys::Unsigned | DeviceKeys::Invalid) => "weak",
        Fact::Known(DeviceKeys::None) | Fact::Unknown(_) => "",
    }
}
