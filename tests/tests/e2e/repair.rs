//! `lifeboat repair` on real accounts, each with a session that looks on: planned, done, and not needed any more.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use lifeboat_tests::account::{AccountSpec, Defect, ServerBackup, TestAccount, Way};
use lifeboat_tests::lifeboat::Lifeboat;
use lifeboat_tests::snapshot::snapshot_of;
use serde_json::Value;

use crate::live::devices;
use crate::rescue::everything_survives;

fn repair(account: &TestAccount, flags: &[&str]) -> Result<Lifeboat> {
    let text = account.recovery.text().context("the account has no recovery key")?;
    let url = account.homeserver.base_url.as_str();
    let mut command = Lifeboat::new(["repair", account.user_id.as_str(), "--homeserver", url, "--json"])?;
    for flag in flags {
        command = command.arg(flag);
    }
    command
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", text)
}

fn codes(document: &Value, part: &str) -> Vec<String> {
    let list = document[part].as_array().into_iter().flatten();
    list.filter_map(|it| it["code"].as_str().map(str::to_owned)).collect()
}

fn is_whole(ark: &Path) -> Result<()> {
    let mut parts = 0;
    lifeboat_preflight::ark::read(std::fs::File::open(ark)?, |_| {
        parts += 1;
        Ok(())
    })?;
    ensure!(parts > 4, "the ark holds {parts} parts only");
    Ok(())
}

/// Plans without a change, applies with an ark, and plans nothing a second time.
async fn mends(account: &TestAccount, expected: &[&str]) -> Result<()> {
    let sessions = devices(account).await?;
    let before = snapshot_of(account).await?;
    let dry = repair(account, &["--dry-run"])?.run().await?;
    assert_eq!(codes(&dry.json()?, "plan"), expected, "{dry}");
    assert_eq!(dry.code()?, 10);
    let differences = before.differences(&snapshot_of(account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");

    let outcome = repair(account, &["--yes", "--ark", "before.ark"])?.run().await?;
    assert_eq!(outcome.code()?, 0, "{outcome}");
    assert_eq!(codes(&outcome.json()?, "done"), expected, "{outcome}");
    is_whole(&outcome.home().join("before.ark"))?;

    let again = repair(account, &["--yes", "--no-ark"])?.run().await?;
    assert_eq!(again.code()?, 0, "{again}");
    assert_eq!(codes(&again.json()?, "plan"), Vec::<String>::new(), "{again}");
    assert_eq!(devices(account).await?, sessions);
    ensure!(account.sessions.iter().all(|it| it.runs()), "a session was ended");
    Ok(())
}

#[tokio::test]
async fn a_backup_that_nobody_vouches_for_is_signed() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::BackupUnsigned)
        .build()
        .await?;
    let before = ServerBackup::active(account.api()?).await?.context("no backup")?;
    mends(&account, &["sign-backup"]).await?;
    let after = ServerBackup::active(account.api()?).await?.context("no backup")?;
    assert_eq!(after.version, before.version);
    assert_eq!(after.entries().await?, before.entries().await?);
    assert_eq!(
        after.info["auth_data"]["public_key"],
        before.info["auth_data"]["public_key"]
    );
    ensure!(after.info["auth_data"]["signatures"][account.user_id.as_str()].is_object());
    everything_survives(account).await
}

#[tokio::test]
async fn the_storage_key_that_opens_everything_becomes_the_default() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::SecretsUnderOldKey)
        .build()
        .await?;
    mends(&account, &["set-default-key"]).await?;
    everything_survives(account).await
}

#[tokio::test]
async fn a_backup_is_made_where_there_is_none_and_filled_by_the_rescue() -> Result<()> {
    let account = AccountSpec::healthy(Way::Passphrase)
        .with(Defect::NoKeyBackup)
        .build()
        .await?;
    mends(&account, &["create-backup"]).await?;
    let text = account.recovery.text().context("no recovery key")?;
    let url = account.homeserver.base_url.as_str();
    let rescued = Lifeboat::new(["rescue", account.user_id.as_str(), "--homeserver", url, "--json"])?
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", text)?
        .run()
        .await?;
    assert_eq!(rescued.code()?, 0, "{rescued}");
    everything_survives(account).await
}

#[tokio::test]
async fn an_older_backup_is_mined_for_what_the_active_one_lacks() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::BackupKeyOfOlderVersion)
        .with(Defect::EntriesDeleted(2))
        .build()
        .await?;
    let older = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let lacking = older.entries().await?.values().map(|it| it.len()).sum::<usize>();
    mends(&account, &["mine-backup"]).await?;
    let after = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let held = after.entries().await?.values().map(|it| it.len()).sum::<usize>();
    assert_eq!((after.version, held), (older.version, lacking + 2));
    Ok(())
}

#[tokio::test]
async fn a_healthy_account_is_left_alone() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
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
    Ok(())
}
