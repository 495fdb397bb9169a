//! What an ark holds, for people and for programs.

mod restore;
#[cfg(test)]
mod tests;

pub(crate) use restore::Restoring;

use lifeboat_preflight::ark::{ArkReport, ArkVersionReport};
use lifeboat_report::facts::{Secret, SecretName};
use serde_json::{Value, json};

use super::{clean::clean_id, page::Page, style::Tone, table::Table, time};

/// Renders it for a terminal of `width` columns.
pub(crate) fn render(report: &ArkReport, width: usize) -> String {
    let mut page = Page::new(width);
    let about = &report.about;
    page.paragraph(
        " ",
        &format!(
            "Ark of {} on {}, taken {}",
            clean_id(&about.account),
            clean_id(&about.homeserver),
            time::moment(about.taken_at)
        ),
    );
    page.gap();
    page.paragraph(" ", &verdict(report));
    page.heading("What is in it");
    for line in contents(report) {
        page.paragraph("   ", &line);
    }
    page.heading("Key backup");
    if report.versions.is_empty() {
        page.aside(3, "There was none.", Tone::Plain);
        return page.finish();
    }
    let mut table = Table::new(["Version", "Keys", "With your key"]);
    // The newest first, as everywhere.
    for version in report.versions.iter().rev() {
        let newest = if report.about.newest_backup.as_ref() == Some(&version.version) {
            " (newest)"
        } else {
            ""
        };
        table.row([
            format!("{}{newest}", clean_id(&version.version)),
            version.entries.to_string(),
            with_key(report, version),
        ]);
    }
    page.table(&table);
    page.finish()
}

/// The same for programs.
pub(crate) fn document(report: &ArkReport) -> Value {
    let version = |it: &ArkVersionReport| {
        json!({
            "version": it.version,
            "entries": it.entries,
            "newest": report.about.newest_backup.as_ref() == Some(&it.version),
            "proof": it.proof,
        })
    };
    let parts = report.sums.parts.iter();
    json!({
        "format": 1,
        "whole": true,
        "proven": report.trial.as_ref().map(|_| report.is_proven()),
        "about": report.about,
        "bytes": report.sums.bytes,
        "parts": parts.map(|(name, length)| json!({"name": name.to_string(), "bytes": length})).collect::<Vec<_>>(),
        "sessions": report.sessions,
        "identity": report.identity,
        "storage": report.storage,
        "key_trial": report.trial,
        "backups": report.versions.iter().map(version).collect::<Vec<_>>(),
    })
}

fn verdict(report: &ArkReport) -> String {
    let whole = "This ark is whole: every sum fits.";
    match &report.trial {
        None => format!("{whole} Whether your recovery key opens it was not tried."),
        Some(_) if report.is_proven() => {
            format!("{whole} Your key opens its secret storage and every key of the newest backup.")
        }
        Some(_) => format!("{whole} But your key does not open all of it."),
    }
}

fn contents(report: &ArkReport) -> [String; 3] {
    let stored = SecretName::ALL
        .iter()
        .filter(|name| matches!(report.storage.secret(**name), Secret::StoredUnder(_)))
        .count();
    let identity = match report.identity.master {
        Some(_) => "The identity: public keys and signatures.",
        None => "There was no identity.",
    };
    [
        format!("{}, with their public keys.", count(report.sessions, "session")),
        identity.to_owned(),
        format!(
            "Secret storage: {}, {stored} of {} secrets, all encrypted.",
            count(report.storage.keys.len(), "key"),
            SecretName::ALL.len()
        ),
    ]
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn with_key(report: &ArkReport, version: &ArkVersionReport) -> String {
    match &version.proof {
        Some(_) if version.is_proven() => "all of them open".to_owned(),
        Some(proof) => format!("{} of {} open", proof.open, version.entries),
        None if report.trial.is_some() => "it does not fit".to_owned(),
        None => "not tried".to_owned(),
    }
}
