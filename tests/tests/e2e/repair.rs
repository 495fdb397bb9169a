//! `lifeboat repair` on real accounts, each with a session that looks on: planned, done, and not needed any more.

mod emoji;
mod killed;
mod reset;
mod sessions;
mod set_up;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use lifeboat_tests::account::{AccountSpec, Defect, OffSwitch, Secret, ServerBackup, TestAccount, Way};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::snapshot::snapshot_of;
use serde_json::Value;

use crate::live::devices;
use crate::rescue::everything_survives;

/// `lifeboat repair` with the account's password and these keys, at `base_url`.
pub(crate) fn repair_at(account: &TestAccount, base_url: &str, keys: &[&str], flags: &[&str]) -> Result<Lifeboat> {
    let mut command = Lifeboat::new(["repair", account.user_id.as_str(), "--homeserver", base_url, "--json"])?;
    for flag in flags {
        command = command.arg(flag);
    }
    let mut command = command.secret("--password-file", &account.password)?;
    for key in keys {
        command = command.secret("--recovery-key-file", key)?;
    }
    Ok(command)
}

fn repair(account: &TestAccount, flags: &[&str]) -> Result<Lifeboat> {
    let keys: Vec<&str> = account.recovery.text().into_iter().collect();
    repair_at(account, &account.homeserver.base_url, &keys, flags)
}

pub(crate) fn codes(document: &Value, part: &str) -> Vec<String> {
    let list = document[part].as_array().into_iter().flatten();
    list.filter_map(|it| it["code"].as_str().map(str::to_owned)).collect()
}

pub(crate) fn is_whole(ark: &Path) -> Result<()> {
    let mut parts = 0;
    lifeboat_preflight::ark::read(std::fs::File::open(ark)?, |_| {
        parts += 1;
        Ok(())
    })?;
    ensure!(parts > 4, "the ark holds {parts} parts only");
    Ok(())
}

/// What `lifeboat check` says of a reset that ends every session.
pub(crate) async fn verdict(account: &TestAccount, keys: &[&str]) -> Result<Outcome> {
    let url = account.homeserver.base_url.as_str();
    let arguments = ["check", account.user_id.as_str(), "--homeserver", url, "--json"];
    let mut command = Lifeboat::new(arguments)?
        .arg("--include-left")
        .secret("--password-file", &account.password)?;
    for key in keys {
        command = command.secret("--recovery-key-file", key)?;
    }
    command.run().await
}

pub(crate) async fn is_clear(account: &TestAccount, keys: &[&str]) -> Result<()> {
    let outcome = verdict(account, keys).await?;
    ensure!(outcome.json()?["verdict"]["ended"] == "clear", "{outcome}");
    Ok(())
}

/// The session that looks on still reads what is written and is read.
pub(crate) async fn goes_on(account: &TestAccount) -> Result<()> {
    ensure!(account.sessions.iter().all(|it| it.runs()), "a session was ended");
    let (Some(room), [first, second, ..]) = (account.rooms.first(), &account.sessions[..]) else {
        return Ok(());
    };
    let sent = first.send(&room.room_id, "after the repair").await?;
    second.wait_to_see(&sent).await?;
    let seen = second.client().get_room(&room.room_id).context("no room")?;
    let event = seen.event(&sent, None).await?;
    ensure!(event.encryption_info().is_some(), "{sent} is not readable");
    Ok(())
}

/// Plans without a change, applies with an ark, and plans nothing a second time; the account is clear then.
async fn mends(account: &TestAccount, flags: &[&str], expected: &[&str]) -> Result<()> {
    let sessions = devices(account).await?;
    let before = snapshot_of(account).await?;
    let dry = repair(account, &[flags, &["--dry-run"]].concat())?.run().await?;
    assert_eq!(codes(&dry.json()?, "left"), expected, "{dry}");
    assert_eq!(dry.code()?, 10);
    let differences = before.differences(&snapshot_of(account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");

    let outcome = repair(account, &[flags, &["--yes", "--ark", "before.ark"]].concat())?
        .run()
        .await?;
    assert_eq!(outcome.code()?, 0, "{outcome}");
    assert_eq!(codes(&outcome.json()?, "done"), expected, "{outcome}");
    is_whole(&outcome.home().join("before.ark"))?;

    let again = repair(account, &["--yes", "--no-ark"])?.run().await?;
    assert_eq!(again.code()?, 0, "{again}");
    assert_eq!(codes(&again.json()?, "plan"), Vec::<String>::new(), "{again}");
    assert_eq!(devices(account).await?, sessions);
    let keys: Vec<&str> = account.recovery.text().into_iter().collect();
    is_clear(account, &keys).await
}

/// The whole way of a defect account: mended, clear, looked at by a living session, and through the truth test.
async fn becomes_clear(spec: AccountSpec, flags: &[&str], expected: &[&str]) -> Result<()> {
    let account = spec.build().await?;
    mends(&account, flags, expected).await?;
    goes_on(&account).await?;
    everything_survives(account).await
}

fn by_key() -> AccountSpec {
    AccountSpec::healthy(Way::Key)
}

#[tokio::test]
async fn a_backup_that_nobody_vouches_for_is_signed() -> Result<()> {
    let account = by_key().with(Defect::BackupUnsigned).build().await?;
    let before = ServerBackup::active(account.api()?).await?.context("no backup")?;
    mends(&account, &[], &["sign-backup"]).await?;
    let after = ServerBackup::active(account.api()?).await?.context("no backup")?;
    assert_eq!(after.version, before.version);
    assert_eq!(after.entries().await?, before.entries().await?);
    assert_eq!(
        after.info["auth_data"]["public_key"],
        before.info["auth_data"]["public_key"]
    );
    ensure!(after.info["auth_data"]["signatures"][account.user_id.as_str()].is_object());
    goes_on(&account).await?;
    everything_survives(account).await
}

#[tokio::test]
async fn the_storage_key_that_opens_everything_becomes_the_default() -> Result<()> {
    becomes_clear(by_key().with(Defect::SecretsUnderOldKey), &[], &["set-default-key"]).await
}

#[tokio::test]
async fn secrets_under_an_old_key_are_stored_under_the_default_one() -> Result<()> {
    let mut account = by_key().with(Defect::SecretsUnderOldKey).build().await?;
    let new = account.new_recovery_key.clone().context("no new key")?;
    let old = account.recovery.key().context("no key")?.to_owned();
    let url = account.homeserver.base_url.clone();
    let outcome = repair_at(&account, &url, &[&new, &old], &["--yes", "--no-ark"])?
        .run()
        .await?;
    assert_eq!(outcome.code()?, 0, "{outcome}");
    assert_eq!(codes(&outcome.json()?, "done"), ["store-secrets"], "{outcome}");
    is_clear(&account, &[&new]).await?;
    account.recovery = lifeboat_tests::account::Recovery::Key(new);
    everything_survives(account).await
}

#[tokio::test]
async fn a_backup_is_made_where_there_is_none_and_filled_by_living_sessions() -> Result<()> {
    let spec = AccountSpec::healthy(Way::Passphrase).with(Defect::NoKeyBackup);
    becomes_clear(spec, &[], &["create-backup", "fill-backup"]).await
}

#[tokio::test]
async fn what_is_missing_in_secret_storage_comes_from_a_living_session() -> Result<()> {
    for defect in [
        Defect::BackupKeyNotStored,
        Defect::BackupKeyOfOlderVersion,
        Defect::SecretBlanked(Secret::BackupKey),
        Defect::SecretBlanked(Secret::Master),
        Defect::SecretBlanked(Secret::UserSigning),
    ] {
        becomes_clear(by_key().with(defect), &[], &["fetch-secrets"])
            .await
            .with_context(|| format!("{defect:?}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn what_no_session_hands_over_is_said_and_nothing_else_is_touched() -> Result<()> {
    let account = by_key().with(Defect::BackupKeyNotStored).build().await?;
    account.stop_sessions();
    let before = snapshot_of(&account).await?;
    let outcome = repair(&account, &["--yes", "--no-ark"])?.run().await?;
    assert_eq!(outcome.code()?, 1, "{outcome}");
    ensure!(outcome.stderr.contains("m.megolm_backup.v1"), "{outcome}");
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn an_older_backup_is_mined_for_what_the_active_one_lacks() -> Result<()> {
    let account = by_key()
        .with(Defect::BackupKeyOfOlderVersion)
        .with(Defect::EntriesDeleted(2))
        .build()
        .await?;
    let older = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let lacking = older.entries().await?.values().map(|it| it.len()).sum::<usize>();
    mends(&account, &[], &["mine-backup", "fetch-secrets"]).await?;
    let after = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let held = after.entries().await?.values().map(|it| it.len()).sum::<usize>();
    assert_eq!((after.version, held), (older.version, lacking + 2));
    everything_survives(account).await
}

#[tokio::test]
async fn a_backup_that_was_switched_off_is_switched_on_when_asked() -> Result<()> {
    for switch in [OffSwitch::Stable, OffSwitch::Unstable] {
        let account = by_key().with(Defect::BackupSwitchedOff(switch)).build().await?;
        let left_alone = repair(&account, &["--yes", "--no-ark"])?.run().await?;
        let document = left_alone.json()?;
        assert_eq!(codes(&document, "plan"), Vec::<String>::new(), "{left_alone}");
        assert_eq!(codes(&document, "offers"), ["switch-backup-on"], "{left_alone}");
        mends(&account, &["--switch-backup-on"], &["switch-backup-on"]).await?;
        everything_survives(account).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_healthy_account_is_left_alone() -> Result<()> {
    for defect in [None, Some(Defect::StorageKeyUnchecked)] {
        let account = defect.into_iter().fold(by_key(), AccountSpec::with).build().await?;
        let before = snapshot_of(&account).await?;
        let outcome = repair(&account, &["--yes", "--ark", "before.ark"])?.run().await?;
        assert_eq!(outcome.code()?, 0, "{outcome}");
        assert_eq!(codes(&outcome.json()?, "plan"), Vec::<String>::new());
        ensure!(
            !outcome.home().join("before.ark").exists(),
            "an ark was saved for nothing"
        );
        let differences = before.differences(&snapshot_of(&account).await?);
        ensure!(differences.is_empty(), "{differences:#?}");
        is_clear(&account, &[account.recovery.text().context("no key")?]).await?;
    }
    Ok(())
}
