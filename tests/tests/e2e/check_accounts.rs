//! What `lifeboat check --quick` finds in each kind of account: exactly these codes, and nothing it leaves behind.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use lifeboat_tests::account::{AccountSpec, Defect, OffSwitch, Secret, TestAccount, Way};
use lifeboat_tests::lifeboat::Lifeboat;
use lifeboat_tests::snapshot::snapshot_of;
use lifeboat_tests::storage_key::StorageKey;

/// What is given to the check beside the user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    /// The password, and what the owner wrote down, if anything.
    WhatTheOwnerHolds,
    /// The password and the key of the new default storage key.
    NewKey,
    /// The password and both storage keys.
    BothKeys,
    /// The password and a recovery key that belongs to nothing.
    WrongKey,
    /// The password alone.
    PasswordAlone,
    /// The access token of the first session, and what the owner wrote down.
    BorrowedToken,
}

/// Checks an account and compares what is found, and the account before and after.
async fn check(spec: AccountSpec, given: Given, codes: &[&str]) -> Result<()> {
    let account = spec.build().await?;
    let before = snapshot_of(&account).await?;
    let outcome = command(&account, given)?.run().await?;
    let report = outcome.json()?;
    let found: BTreeSet<&str> = report["findings"]
        .as_array()
        .with_context(|| format!("no findings\n{outcome}"))?
        .iter()
        .filter_map(|finding| finding["code"].as_str())
        .collect();
    assert_eq!(found, codes.iter().copied().collect(), "{outcome}");
    let after = snapshot_of(&account).await?;
    assert_eq!(before.differences(&after), [""; 0], "the account is as it was");
    Ok(())
}

fn command(account: &TestAccount, given: Given) -> Result<Lifeboat> {
    let user_id = account.user_id.as_str();
    let homeserver = &account.homeserver.base_url;
    let mut command = Lifeboat::new(["check", user_id, "--homeserver", homeserver, "--json", "--quick"])?;
    command = match given {
        Given::BorrowedToken => command.secret("--access-token-file", account.api()?.token().context("no token")?)?,
        _ => command.secret("--password-file", &account.password)?,
    };
    let new_key = || account.new_recovery_key.clone().context("no new key");
    let keys = match given {
        Given::WhatTheOwnerHolds | Given::BorrowedToken => {
            account.recovery.text().map(str::to_owned).into_iter().collect()
        }
        Given::NewKey => vec![new_key()?],
        Given::BothKeys => vec![new_key()?, account.recovery.key().context("no key")?.to_owned()],
        Given::WrongKey => vec![StorageKey::random()?.recovery_key()],
        Given::PasswordAlone => Vec::new(),
    };
    keys.iter()
        .try_fold(command, |command, key| command.secret("--recovery-key-file", key))
}

/// One test for each row: its name, the account, what is given, and the codes beside `coverage-unknown`, which a quick
/// check always finds.
macro_rules! accounts {
    ($($name:ident: $spec:expr, $given:ident => [$($code:literal),* $(,)?];)+) => {
        $(
            #[tokio::test]
            async fn $name() -> Result<()> {
                check($spec, Given::$given, &["coverage-unknown", $($code),*]).await
            }
        )+
    };
}

fn by_passphrase() -> AccountSpec {
    AccountSpec::healthy(Way::Passphrase)
}

fn by_key() -> AccountSpec {
    AccountSpec::healthy(Way::Key)
}

accounts! {
    healthy_by_passphrase: by_passphrase(), WhatTheOwnerHolds => ["backup-not-proven"];
    healthy_by_key: by_key(), WhatTheOwnerHolds => ["backup-not-proven"];
    borrowed_token: by_key(), BorrowedToken => ["backup-not-proven"];
    key_not_tested: by_key(), PasswordAlone => ["recovery-key-not-tested"];
    wrong_key: by_key(), WrongKey => ["recovery-key-opens-nothing"];
    no_backup: by_key().with(Defect::NoKeyBackup), WhatTheOwnerHolds => ["no-key-backup"];
    no_secret_storage: by_key().with(Defect::NoSecretStorage), WhatTheOwnerHolds => ["no-secret-storage"];
    backup_key_not_stored: by_key().with(Defect::BackupKeyNotStored), WhatTheOwnerHolds => [
        "backup-key-not-in-storage",
    ];
    backup_key_blanked: by_key().with(Defect::SecretBlanked(Secret::BackupKey)), WhatTheOwnerHolds => [
        "secret-blanked",
    ];
    identity_secret_blanked: by_key().with(Defect::SecretBlanked(Secret::SelfSigning)), WhatTheOwnerHolds => [
        "backup-not-proven", "secret-blanked",
    ];
    backup_key_of_older_version: by_key().with(Defect::BackupKeyOfOlderVersion), WhatTheOwnerHolds => [
        "backup-key-of-other-version",
    ];
    backup_unsigned: by_key().with(Defect::BackupUnsigned), WhatTheOwnerHolds => [
        "backup-not-proven", "backup-unsigned",
    ];
    backup_switched_off: by_key().with(Defect::BackupSwitchedOff(OffSwitch::Stable)), WhatTheOwnerHolds => [
        "backup-not-proven", "backup-switched-off",
    ];
    backup_switched_off_of_old: by_key().with(Defect::BackupSwitchedOff(OffSwitch::Unstable)), WhatTheOwnerHolds => [
        "backup-not-proven", "backup-switched-off",
    ];
    unverified_session: by_key().with(Defect::UnverifiedSession), WhatTheOwnerHolds => [
        "backup-not-proven", "session-not-signed",
    ];
    keyless_session: by_key().with(Defect::KeylessSession), WhatTheOwnerHolds => [
        "backup-not-proven", "session-keyless",
    ];
    only_the_borrowed_session: by_key().with(Defect::OneSession), BorrowedToken => [
        "backup-not-proven", "only-session",
    ];
    // Nobody vouches for the session that signed the backup.
    no_identity: by_key().with(Defect::NoIdentity), WhatTheOwnerHolds => [
        "backup-not-proven", "backup-not-trusted", "no-identity", "secret-missing",
    ];
    brand_new: by_key().with(Defect::BrandNew), WhatTheOwnerHolds => [
        "no-identity", "no-key-backup", "no-secret-storage",
    ];
    secrets_under_the_old_key: by_key().with(Defect::SecretsUnderOldKey), WhatTheOwnerHolds => [
        "backup-not-proven", "recovery-key-opens-other-key", "secret-under-other-key",
    ];
    secrets_under_the_old_key_and_the_new_key: by_key().with(Defect::SecretsUnderOldKey), NewKey => [
        "secret-under-other-key",
    ];
    secrets_under_the_old_key_and_both_keys: by_key().with(Defect::SecretsUnderOldKey), BothKeys => [
        "backup-not-proven", "secret-under-other-key",
    ];
    storage_key_unchecked: by_key().with(Defect::StorageKeyUnchecked), WhatTheOwnerHolds => [
        "backup-not-proven", "storage-key-unchecked",
    ];
    legacy_backup_key: by_key().with(Defect::LegacyBackupKey), WhatTheOwnerHolds => [
        "backup-not-proven", "no-secret-storage", "recovery-key-is-backup-key",
    ];
    legacy_passphrase: by_key().with(Defect::LegacyPassphrase), WhatTheOwnerHolds => [
        "backup-not-proven", "no-secret-storage", "recovery-key-is-backup-key",
    ];
    no_email: by_key().with(Defect::NoEmail), WhatTheOwnerHolds => ["backup-not-proven", "no-email"];
    dehydrated_device: by_key().with(Defect::DehydratedDevice), WhatTheOwnerHolds => [
        "backup-not-proven", "dehydrated-session",
    ];
}
