//! What survives the end of all sessions.

use std::collections::BTreeSet;

use anyhow::Result;
use lifeboat_tests::account::{AccountSpec, Defect, RoomKind, TestAccount, Way};
use lifeboat_tests::truth::{Truth, truth_about};
use matrix_sdk::ruma::OwnedEventId;

use super::spoiled;

/// Ends all sessions and finds out the truth.
async fn truth_after_the_end(account: &mut TestAccount) -> Result<Truth> {
    account.end_all_sessions().await?;
    let password = account.password.clone();
    Ok(truth_about(account, &password).await?.0)
}

fn all_events(account: &TestAccount) -> BTreeSet<&OwnedEventId> {
    account
        .rooms
        .iter()
        .flat_map(|room| &room.events)
        .map(|event| &event.event_id)
        .collect()
}

#[tokio::test]
async fn a_healthy_account_loses_nothing() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Passphrase).build().await?;
    let truth = truth_after_the_end(&mut account).await?;
    assert!(truth.entered);
    assert_eq!(truth.readable(), all_events(&account));
    assert_eq!(truth.unreadable().len(), 0);
    Ok(())
}

#[tokio::test]
async fn an_account_without_backup_loses_everything() -> Result<()> {
    let mut account = spoiled(Defect::NoKeyBackup).await?;
    let truth = truth_after_the_end(&mut account).await?;
    assert!(truth.entered);
    assert_eq!(truth.unreadable(), all_events(&account));
    assert_eq!(truth.readable().len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_key_that_opens_nothing_loses_everything() -> Result<()> {
    for defect in [
        Defect::BackupKeyOfOlderVersion,
        Defect::BackupKeyNotStored,
        Defect::NoSecretStorage,
    ] {
        let mut account = spoiled(defect).await?;
        let truth = truth_after_the_end(&mut account).await?;
        assert_eq!(truth.unreadable(), all_events(&account), "{defect:?}");
        assert_eq!(truth.readable().len(), 0, "{defect:?}");
    }
    Ok(())
}

#[tokio::test]
async fn legacy_keys_lose_nothing() -> Result<()> {
    for defect in [Defect::LegacyBackupKey, Defect::LegacyPassphrase] {
        let mut account = spoiled(defect).await?;
        let truth = truth_after_the_end(&mut account).await?;
        assert!(truth.entered, "{defect:?}");
        assert_eq!(truth.readable(), all_events(&account), "{defect:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_missing_from_the_backup_is_lost_event_by_event() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(1))
        .with(Defect::EntryStartsLate)
        .with(Defect::RoomJoinedLate)
        .with(Defect::RoomLeft)
        .with(Defect::EventRedacted)
        .build()
        .await?;
    let truth = truth_after_the_end(&mut account).await?;
    let lost = |room: usize| truth.rooms[&account.rooms[room].room_id].unreadable.len();
    let deleted = account.rooms[0]
        .session_ids()
        .into_iter()
        .next()
        .unwrap_or_default()
        .to_owned();
    let without_key = account.rooms[0]
        .events
        .iter()
        .filter(|event| event.session_id == deleted);
    assert_eq!(lost(0), without_key.count());
    assert_eq!(lost(1), 1, "the message before the late entry");
    assert_eq!(account.rooms[2].kind, RoomKind::JoinedLate);
    assert_eq!(lost(2), account.rooms[2].unreadable);
    assert_eq!(lost(3), 0, "left rooms are read too");
    assert_eq!(truth.rooms[&account.rooms[0].room_id].redacted.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_entry_for_another_key_loses_its_messages() -> Result<()> {
    let mut account = spoiled(Defect::EntryForAnotherKey).await?;
    let truth = truth_after_the_end(&mut account).await?;
    assert_eq!(truth.unreadable().len(), 2);
    assert_eq!(truth.readable().len(), 14);
    Ok(())
}
