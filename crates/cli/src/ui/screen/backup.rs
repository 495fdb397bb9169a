//! The key backup in a few lines.

use lifeboat_report::{
    Fact, Gap, Report,
    facts::{BackupAlgorithm, BackupSignature, BackupVersion, OlderBackup, Signature, Signer},
    grouped,
};

use crate::ui::{clean::clean_id, page::Page, style::Tone, table::Table};

/// As many older versions are named; the rest are counted.
const OLDER: usize = 12;
/// As many signers are named; the rest are counted.
const SIGNERS: usize = 3;

/// Adds them.
pub(super) fn show(page: &mut Page, report: &Report) {
    page.heading("Key backup");
    let active = match &report.facts.backup.active {
        Fact::Known(Some(active)) => active,
        Fact::Known(None) => return page.aside(3, "There is none.", Tone::Plain),
        Fact::Unknown(gap) => return page.aside(3, &format!("Not known: {}.", gap.words()), Tone::Plain),
    };
    let mut table = Table::new(["Version", "Keys in it", "Signed by", "Your key"]);
    table.row([
        clean_id(&active.version),
        grouped(active.count),
        signed_by(active),
        tried(active, report),
    ]);
    let older = &report.facts.backup.older;
    let (named, rest) = older.split_at(older.len().min(OLDER));
    for it in named {
        let name = format!("{} (older)", clean_id(&it.version));
        table.row([name, grouped(it.count), String::new(), opens(it)]);
    }
    if !rest.is_empty() {
        let keys = rest.iter().map(|it| it.count).sum();
        table.row([
            format!("…{} more (older)", rest.len()),
            grouped(keys),
            String::new(),
            String::new(),
        ]);
    }
    page.table(&table);
    for it in &report.facts.backup.older {
        if let Some(messages) = it.would_cover.filter(|count| *count > 0) {
            let version = clean_id(&it.version);
            let messages = grouped(messages);
            let line = format!("Version {version} holds keys for {messages} of the messages that would be lost.");
            page.aside(1, &line, Tone::Plain);
        }
    }
}

fn opens(older: &OlderBackup) -> String {
    match &older.proof {
        Fact::Known(proof) => format!("opens {} of {}", grouped(proof.open), grouped(proof.entries)),
        Fact::Unknown(Gap::NotAsked) => "does not open it, or was not tested".to_owned(),
        Fact::Unknown(gap) => format!("not known: {}", gap.words()),
    }
}

fn signed_by(backup: &BackupVersion) -> String {
    if backup.signatures.is_empty() {
        return "nobody".to_owned();
    }
    let (named, rest) = backup.signatures.split_at(backup.signatures.len().min(SIGNERS));
    let mut signers: Vec<_> = named.iter().map(signer).collect();
    signers.extend((!rest.is_empty()).then(|| format!("{} more", rest.len())));
    signers.join(", ")
}

fn signer(signature: &BackupSignature) -> String {
    let who = match &signature.signer {
        Signer::Master => "your identity".to_owned(),
        Signer::SignedSession(id) => format!("verified session {}", clean_id(id)),
        Signer::UnsignedSession(id) => format!("unverified session {}", clean_id(id)),
        Signer::Stranger(id) => format!("unknown key {}", clean_id(id)),
    };
    match signature.signature {
        Signature::Valid => who,
        Signature::Missing | Signature::Invalid => format!("{who} (does not hold)"),
        Signature::UnknownKey => format!("{who} (cannot be checked)"),
    }
}

fn tried(backup: &BackupVersion, report: &Report) -> String {
    match &report.facts.key_trial {
        _ if matches!(backup.algorithm, BackupAlgorithm::Unknown(_)) => "cannot be tested",
        Fact::Known(trial) if trial.candidates.iter().any(|it| it.opens_active_backup) => "opens it",
        Fact::Known(_) => "does not open it",
        Fact::Unknown(_) => "not tested",
    }
    .to_owned()
}
