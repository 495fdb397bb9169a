//! The key backup in a few lines.

use lifeboat_report::{
    Fact, Report,
    facts::{BackupAlgorithm, BackupSignature, BackupVersion, Signature, Signer},
    grouped,
};

use crate::ui::{clean::clean_id, page::Page, style::Tone, table::Table};

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
    page.table(&table);
}

fn signed_by(backup: &BackupVersion) -> String {
    if backup.signatures.is_empty() {
        return "nobody".to_owned();
    }
    backup.signatures.iter().map(signer).collect::<Vec<_>>().join(", ")
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
