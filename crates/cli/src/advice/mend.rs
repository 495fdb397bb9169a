//! What `lifeboat repair` would do about a finding: asked of the plan itself.

use lifeboat_report::{Code, Facts};
use lifeboat_rescue::{Repair, Wishes, plan};

/// Returns what is planned for an account with these facts when nothing is asked for by name.
pub(super) fn planned(facts: &Facts) -> Vec<Repair> {
    plan(facts, &Wishes::default()).repairs
}

/// Tells whether some planned repair is about this finding.
pub(super) fn helps(code: Code, planned: &[Repair]) -> bool {
    planned.iter().any(|it| about(code).contains(&it.code()))
}

/// Returns the codes of the repairs that are about a finding.
pub(super) fn about(code: Code) -> &'static [&'static str] {
    match code {
        Code::NoKeyBackup => &["create-backup"],
        Code::BackupUnsigned | Code::BackupNotTrusted => &["sign-backup"],
        Code::BackupKeyOfOtherVersion
        | Code::BackupKeyNotInStorage
        | Code::SecretsDoNotFit
        | Code::SecretMissing
        | Code::SecretBlanked
        | Code::SecretUnreadable
        | Code::SecretUnderOtherKey
        | Code::RecoveryKeyOpensOtherKey
        | Code::RecoveryKeyIsBackupKey
        | Code::NoDefaultKey => &[
            "store-secrets",
            "fetch-secrets",
            "set-default-key",
            "renew-recovery-key",
        ],
        Code::NoSecretStorage => &["new-storage-key", "renew-recovery-key"],
        Code::NoIdentity => &["set-up-identity"],
        _ => &[],
    }
}

/// Puts the plan into a few words, and says which flags it needs.
pub(super) fn words(planned: &[Repair]) -> (String, Vec<&'static str>) {
    let mut parts: Vec<&str> = planned.iter().map(part).collect();
    parts.dedup();
    let list = match parts.as_slice() {
        [] => "mend what can be mended".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    };
    let person = if planned.iter().any(Repair::needs_person) {
        " You compare emoji with one of your verified sessions."
    } else {
        ""
    };
    let flags = if planned.iter().any(Repair::needs_fresh_key) {
        vec!["--new-recovery-key", "recovery-key.txt"]
    } else {
        Vec::new()
    };
    let what = format!(
        "Let Lifeboat {list}. It shows the whole plan first, saves an ark, asks you, and deletes nothing.{person}"
    );
    (what, flags)
}

fn part(repair: &Repair) -> &'static str {
    match repair {
        Repair::MineBackup { .. } => "bring over the keys of an older backup",
        Repair::NewStorageKey => "make secret storage with a new recovery key",
        Repair::SetUpIdentity { .. } => "make your identity",
        Repair::ResetIdentity { .. } => "make a new identity",
        Repair::StoreSecrets { .. } => "store what your keys open where apps look for it",
        Repair::SetDefaultKey { .. } => "make the storage key that opens everything the default one",
        Repair::SwitchBackupOn(_) => "switch the key backup on",
        Repair::CreateBackup { .. } => "make a key backup",
        Repair::SignBackup { .. } => "sign the key backup with your identity",
        Repair::SignSession { .. } => "sign a session",
        Repair::RenameSession { .. } => "rename a session",
        Repair::FetchSecrets { .. } => "ask your sessions for the missing secrets and store them",
        Repair::RenewRecoveryKey { .. } => "store the secrets of a living session under a new recovery key",
        Repair::FillBackup => "ask your sessions for the keys that the backup lacks",
        Repair::SignOutSession { .. } => "sign a session out",
    }
}
