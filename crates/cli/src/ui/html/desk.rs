//! For the help desk: codes, versions and redacted ids, to be read out or copied into a ticket.

use std::borrow::Cow;

use lifeboat_report::{
    Fact, Gap, Report, StatusFile,
    facts::{DeviceKeys, Session},
};
use maud::{Markup, html};

use super::blocks;
use crate::{
    redaction,
    resolve::parse_user,
    ui::{
        clean::{clean, clean_id},
        screen::sessions::{last_seen, sorted, verified},
        time,
    },
};

/// As many sessions are listed; the rest are counted.
const SESSIONS: usize = 12;

/// Renders it.
pub(super) fn section(status: &StatusFile) -> Markup {
    let status = redacted(status);
    let report = status.clone().into_owned().rejudge();
    let content = html! {
        p {
            "Names and ids are replaced here by short marks that stay the same in every report, so that this part can be "
            "passed on. Passing on the whole page tells the names as well."
        }
        dl.desk {
            @for (what, value) in facts(&status, &report) {
                div { dt { (what) } dd { (value) } }
            }
            div.wide {
                dt { "Codes" }
                dd {
                    @for finding in &report.findings {
                        @let fates: Vec<String> = finding.fates.iter().map(ToString::to_string).collect();
                        span.item { code { (finding.code) } " " (finding.severity) ", " (fates.join(" and ")) }
                        " "
                    }
                    @if report.findings.is_empty() { "none" }
                }
            }
            div.wide {
                dt { "Sessions" }
                dd { (sessions(&report)) }
            }
        }
    };
    blocks::section("desk", "For the help desk", &content)
}

/// What was redacted before is not redacted once more: its marks would not be the same any longer.
fn redacted(status: &StatusFile) -> Cow<'_, StatusFile> {
    if parse_user(&status.account).is_err() {
        return Cow::Borrowed(status);
    }
    let mut status = status.clone();
    status.redact(&redaction::hash);
    Cow::Owned(status)
}

fn facts(status: &StatusFile, report: &Report) -> Vec<(&'static str, String)> {
    let server = &report.facts.server;
    let versions = |them: &Vec<String>| {
        let newest = them.last().map(|it| clean_id(it)).unwrap_or_default();
        format!("up to {newest}")
    };
    let verdict = report.verdict;
    vec![
        ("Account", clean_id(&report.account)),
        ("Taken", time::moment(report.taken_at)),
        (
            "Verdict",
            format!("sessions ended: {}, sessions kept: {}", verdict.ended, verdict.kept),
        ),
        (
            "Written by",
            format!(
                "{} {}, format {}",
                clean(&status.generator.name, 40),
                clean_id(&status.generator.version),
                status.format
            ),
        ),
        ("Shown by", format!("lifeboat {}", env!("CARGO_PKG_VERSION"))),
        (
            "Server",
            known(&server.software, |it| {
                format!("{} {}", clean(&it.name, 40), clean_id(&it.version))
            }),
        ),
        ("Address", clean_id(&server.base_url)),
        ("Specification", known(&server.spec_versions, versions)),
        (
            "Accounts",
            known(&server.oauth, |it| match it {
                Some(oauth) => format!("kept by {}", clean_id(&oauth.issuer)),
                None => "kept by the homeserver".to_owned(),
            }),
        ),
        (
            "Key backup",
            known(&report.facts.backup.active, |it| match it {
                Some(active) => format!("version {}, {} keys", clean_id(&active.version), active.count),
                None => "none".to_owned(),
            }),
        ),
        (
            "Storage keys",
            known(&report.facts.storage, |it| {
                let default = it.usable_default().map_or_else(|| "none".to_owned(), clean_id);
                format!("{}, default {default}", it.keys.len())
            }),
        ),
        (
            "Messages",
            known(&report.facts.coverage, |it| {
                let part = if it.complete { "" } else { ", a part of them looked at" };
                format!("{} at risk of {}{part}", it.at_risk, it.total)
            }),
        ),
    ]
}

fn sessions(report: &Report) -> Markup {
    let sessions = match &report.facts.sessions {
        Fact::Known(sessions) => sorted(sessions),
        Fact::Unknown(gap) => return html! { (not_known(*gap)) },
    };
    let rest = sessions.len().saturating_sub(SESSIONS);
    html! {
        @for it in sessions.iter().take(SESSIONS) {
            span.item { code { (clean_id(&it.device_id)) } " " (state(it, report.taken_at)) }
            " "
        }
        @if rest > 0 { "and " (rest) " more" }
        @if sessions.is_empty() { "none" }
    }
}

fn state(session: &Session, now: u64) -> String {
    let words = match session.keys {
        Fact::Known(DeviceKeys::Signed) => "verified".to_owned(),
        Fact::Known(DeviceKeys::Unsigned) => "not verified".to_owned(),
        Fact::Known(_) | Fact::Unknown(_) => verified(session),
    };
    format!("{words}, {}", last_seen(session, now))
}

fn known<T>(fact: &Fact<T>, words: impl FnOnce(&T) -> String) -> String {
    match fact {
        Fact::Known(it) => words(it),
        Fact::Unknown(gap) => not_known(*gap),
    }
}

fn not_known(gap: Gap) -> String {
    format!("not known: {}", gap.words())
}
