//! The table of sessions.

use lifeboat_report::{
    Fact, Report,
    facts::{BackupKeyAnswer, DeviceKeys, Session},
};

use crate::ui::{
    clean::{clean, clean_id},
    page::Page,
    style::Tone,
    table::Table,
    time,
};

/// As many sessions are named beside the one that looks; the rest are counted.
const SHOWN: usize = 20;

/// Adds it, this check's own session last.
pub(super) fn show(page: &mut Page, report: &Report) {
    page.heading("Sessions");
    let sessions = match &report.facts.sessions {
        Fact::Known(sessions) => sessions,
        Fact::Unknown(gap) => {
            return page.aside(3, &format!("Not known: {}.", gap.words()), Tone::Plain);
        }
    };
    if sessions.is_empty() {
        return page.aside(3, "There are none.", Tone::Plain);
    }
    let asked = sessions.iter().any(|it| it.backup_key != BackupKeyAnswer::NotAsked);
    let mut columns = vec!["Name", "Id", "Last seen", "Verified"];
    columns.extend(asked.then_some("Holds the backup key"));
    let mut table = Table::new(columns);
    let (this, others): (Vec<_>, Vec<_>) = sorted(sessions).into_iter().partition(|it| it.this);
    let (named, rest) = others.split_at(others.len().min(SHOWN));
    let row = |session: &Session| {
        let mut row = vec![
            name(session),
            clean_id(&session.device_id),
            last_seen(session, report.taken_at),
            verified(session),
        ];
        row.extend(asked.then(|| holds_backup_key(session).to_owned()));
        row
    };
    for session in named {
        table.row(row(session));
    }
    if let [newest, ..] = rest {
        let seen = format!("{} or before", last_seen(newest, report.taken_at));
        let mut row = vec![
            format!("…{} more", rest.len()),
            String::new(),
            seen,
            how_many_verified(rest),
        ];
        row.extend(asked.then(|| how_many_answered(rest)));
        table.row(row);
    }
    for session in this {
        table.row(row(session));
    }
    page.table(&table);
}

/// Says of sessions that are not named how many are verified.
fn how_many_verified(sessions: &[&Session]) -> String {
    let verified = sessions.iter().filter(|it| it.keys.is(&DeviceKeys::Signed)).count();
    format!("{verified} of {}", sessions.len())
}

/// Says of sessions that are not named how many answered.
fn how_many_answered(sessions: &[&Session]) -> String {
    let answered = |it: &&&Session| it.backup_key == BackupKeyAnswer::Answered;
    format!("{} of {}", sessions.iter().filter(answered).count(), sessions.len())
}

/// Says what a session answered; silence is never a no.
pub(crate) fn holds_backup_key(session: &Session) -> &'static str {
    match session.backup_key {
        _ if session.this => "",
        BackupKeyAnswer::Answered => "yes, answered",
        BackupKeyAnswer::NoAnswer => "did not answer: unknown",
        BackupKeyAnswer::NotAsked => "was not asked: unknown",
    }
}

/// Puts the session that was last seen first, and the one that looks last.
pub(crate) fn sorted(sessions: &[Session]) -> Vec<&Session> {
    let mut sorted: Vec<&Session> = sessions.iter().collect();
    sorted.sort_by_key(|it| (it.this, std::cmp::Reverse(it.last_seen_at), it.device_id.as_str()));
    sorted
}

/// Returns a session's name.
pub(crate) fn name(session: &Session) -> String {
    session
        .name
        .as_deref()
        .map(|it| clean(it, 40))
        .filter(|it| !it.is_empty())
        .unwrap_or_else(|| "(no name)".to_owned())
}

/// Says when a session was last seen.
pub(crate) fn last_seen(session: &Session, now: u64) -> String {
    match session.last_seen_at {
        _ if session.this => "this check".to_owned(),
        Some(seen) => time::ago(seen, now),
        None => "not known".to_owned(),
    }
}

/// Says whether a session is verified.
pub(crate) fn verified(session: &Session) -> String {
    let words = match &session.keys {
        _ if session.dehydrated => "only collects keys",
        Fact::Known(DeviceKeys::Signed) => "yes",
        Fact::Known(DeviceKeys::Unsigned) => "no",
        Fact::Known(DeviceKeys::None) => "has no keys",
        Fact::Known(DeviceKeys::Invalid) => "no: its keys are broken",
        Fact::Unknown(gap) => return format!("not known: {}", gap.words()),
    };
    words.to_owned()
}
