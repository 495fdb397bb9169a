//! Every defect that keeps room keys out of the backup: rescued to clear, then all sessions end and everything reads.

use anyhow::{Result, ensure};
use lifeboat_tests::account::{AccountSpec, Defect, TestAccount, Way};

use super::command::{ends_with, lifeboat};
use super::everything_survives;

/// Rescues with the living sessions, and lets a check agree.
async fn to_clear(account: &TestAccount) -> Result<()> {
    let document = ends_with(&lifeboat(account, "rescue")?.run().await?, 0)?;
    ensure!(document["clear"] == true, "{document:#}");
    let checked = ends_with(&lifeboat(account, "check")?.run().await?, 0)?;
    ensure!(checked["verdict"]["ended"] == "clear", "{checked:#}");
    Ok(())
}

#[tokio::test]
async fn entries_that_are_gone_or_start_late() -> Result<()> {
    let account = AccountSpec::healthy(Way::Passphrase)
        .with(Defect::EntriesDeleted(2))
        .with(Defect::EntryStartsLate)
        .build()
        .await?;
    to_clear(&account).await?;
    everything_survives(account).await
}

#[tokio::test]
async fn an_entry_that_does_not_open() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntryForAnotherKey)
        .build()
        .await?;
    to_clear(&account).await?;
    everything_survives(account).await
}

#[tokio::test]
async fn no_backup_at_all_after_its_repair() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).with(Defect::NoKeyBackup).build().await?;
    let refused = ends_with(&lifeboat(&account, "rescue")?.run().await?, 1)?;
    let wrong = refused["error"].as_str().unwrap_or_default();
    ensure!(wrong.contains("no key backup"), "{refused:#}");
    ends_with(
        &lifeboat(&account, "repair")?.args(["--yes", "--no-ark"]).run().await?,
        0,
    )?;
    to_clear(&account).await?;
    everything_survives(account).await
}
