//! Defects of the key backup.

use anyhow::{Context, Result};
use lifeboat_tests::account::{AccountSpec, Defect, OffSwitch, RoomKind, Secret, ServerBackup, Way};
use lifeboat_tests::api::segment;
use lifeboat_tests::room_key::BackupKey;
use lifeboat_tests::storage_key::{StorageKey, parse_recovery_key};

use super::{account_data, backup_of, default_key_id, spoiled};

#[tokio::test]
async fn no_key_backup() -> Result<()> {
    let account = spoiled(Defect::NoKeyBackup).await?;
    assert!(ServerBackup::active(account.api()?).await?.is_none());
    assert_eq!(
        account_data(&account, Secret::BackupKey.event_type()).await?.status,
        404
    );
    assert_eq!(account_data(&account, Secret::Master.event_type()).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn backup_key_not_stored() -> Result<()> {
    let account = spoiled(Defect::BackupKeyNotStored).await?;
    assert_eq!(backup_of(&account).await?.count(), 8);
    assert_eq!(
        account_data(&account, Secret::BackupKey.event_type()).await?.status,
        404
    );
    Ok(())
}

#[tokio::test]
async fn backup_key_of_older_version() -> Result<()> {
    let account = spoiled(Defect::BackupKeyOfOlderVersion).await?;
    let backup = backup_of(&account).await?;
    let key_id = default_key_id(&account).await?;
    let key = StorageKey::from_recovery_key(&key_id, account.recovery.key().context("no key")?)?;
    let content = account_data(&account, Secret::BackupKey.event_type()).await?.body;
    let stored = key.decrypt(Secret::BackupKey.event_type(), &content["encrypted"][&key_id])?;
    let stored = BackupKey::from_base64(std::str::from_utf8(&stored)?)?;
    assert_ne!(backup.info["auth_data"]["public_key"], stored.public());
    assert_eq!(backup.count(), 8);

    let older = backup.version.parse::<u32>()? - 1;
    let older = account
        .api()?
        .get(&format!("/_matrix/client/v3/room_keys/version/{older}"))
        .await?;
    assert_eq!(older["auth_data"]["public_key"], stored.public());
    assert_eq!(older["count"], 8);
    Ok(())
}

#[tokio::test]
async fn backup_unsigned() -> Result<()> {
    let account = spoiled(Defect::BackupUnsigned).await?;
    let backup = backup_of(&account).await?;
    assert!(backup.info["auth_data"]["signatures"].is_null(), "{}", backup.info);
    assert_eq!(backup.count(), 8);
    Ok(())
}

#[tokio::test]
async fn backup_switched_off() -> Result<()> {
    let account = spoiled(Defect::BackupSwitchedOff(OffSwitch::Stable)).await?;
    assert_eq!(account_data(&account, "m.key_backup").await?.body["enabled"], false);
    assert_eq!(backup_of(&account).await?.count(), 8);

    let account = spoiled(Defect::BackupSwitchedOff(OffSwitch::Unstable)).await?;
    assert_eq!(
        account_data(&account, OffSwitch::Unstable.event_type()).await?.body["disabled"],
        true
    );
    assert_eq!(account_data(&account, "m.key_backup").await?.status, 404);
    assert_eq!(backup_of(&account).await?.count(), 8);
    Ok(())
}

#[tokio::test]
async fn legacy_backup_keys() -> Result<()> {
    let account = spoiled(Defect::LegacyBackupKey).await?;
    let key = BackupKey::from_bytes(&parse_recovery_key(account.recovery.text().context("no key")?)?);
    assert_eq!(backup_of(&account).await?.info["auth_data"]["public_key"], key.public());
    assert_eq!(
        account_data(&account, "m.secret_storage.default_key").await?.status,
        404
    );

    let account = spoiled(Defect::LegacyPassphrase).await?;
    let backup = backup_of(&account).await?;
    let auth_data = &backup.info["auth_data"];
    let salt = auth_data["private_key_salt"].as_str().context("no salt")?;
    let rounds = auth_data["private_key_iterations"].as_u64().context("no rounds")?;
    let passphrase = account.recovery.text().context("no passphrase")?;
    let derived = StorageKey::derive_from(passphrase, salt, rounds.try_into()?)?.recovery_key();
    assert_eq!(
        auth_data["public_key"],
        BackupKey::from_bytes(&parse_recovery_key(&derived)?).public()
    );
    assert_eq!(backup.count(), 8);
    Ok(())
}

#[tokio::test]
async fn entries_deleted_and_a_room_not_backed_up() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(2))
        .with(Defect::RoomNotBackedUp)
        .build()
        .await?;
    let entries = backup_of(&account).await?.entries().await?;
    assert_eq!(entries[&account.rooms[0].room_id].len(), 2);
    assert!(
        entries
            .get(&account.rooms[1].room_id)
            .is_none_or(|room| room.is_empty())
    );
    Ok(())
}

#[tokio::test]
async fn an_entry_that_starts_late() -> Result<()> {
    let account = spoiled(Defect::EntryStartsLate).await?;
    let key = account.secrets.as_ref().context("no secrets")?.backup_key()?;
    let entries = backup_of(&account).await?.entries().await?;
    let late: Vec<_> = entries
        .values()
        .flat_map(|room| room.values())
        .filter(|entry| entry["first_message_index"] == 1)
        .collect();
    assert_eq!(late.len(), 1);
    assert!(key.open(&late[0]["session_data"]).is_ok());
    assert_eq!(backup_of(&account).await?.count(), 8);
    Ok(())
}

#[tokio::test]
async fn an_entry_for_another_key() -> Result<()> {
    let account = spoiled(Defect::EntryForAnotherKey).await?;
    let key = account.secrets.as_ref().context("no secrets")?.backup_key()?;
    let entries = backup_of(&account).await?.entries().await?;
    let closed = entries
        .values()
        .flat_map(|room| room.values())
        .filter(|entry| key.open(&entry["session_data"]).is_err());
    assert_eq!(closed.count(), 1);
    Ok(())
}

#[tokio::test]
async fn rooms_joined_late_and_left_and_an_event_redacted() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::RoomJoinedLate)
        .with(Defect::RoomLeft)
        .with(Defect::EventRedacted)
        .build()
        .await?;
    let kinds: Vec<RoomKind> = account.rooms.iter().map(|room| room.kind).collect();
    assert_eq!(
        kinds,
        [RoomKind::Plain, RoomKind::Plain, RoomKind::JoinedLate, RoomKind::Left]
    );
    let late = &account.rooms[2];
    assert_eq!((late.unreadable, late.events.len()), (3, 11));
    // The key of the third message went on to the fourth, the first that the account can read.
    let entries = backup_of(&account).await?.entries().await?;
    let (before, after) = (&late.events[2], &late.events[3]);
    assert_eq!((before.index, after.index), (0, 1));
    assert_eq!(before.session_id, after.session_id);
    assert_eq!(entries[&late.room_id][&after.session_id]["first_message_index"], 1);
    assert!(!entries[&late.room_id].contains_key(&late.events[0].session_id));

    let joined = account.api()?.get("/_matrix/client/v3/joined_rooms").await?;
    let joined = joined["joined_rooms"].as_array().context("no rooms")?;
    assert_eq!(joined.len(), 3);
    assert!(!joined.iter().any(|id| *id == account.rooms[3].room_id.as_str()));

    let room = &account.rooms[0];
    assert_eq!(room.events.len(), 7);
    let path = format!(
        "/_matrix/client/v3/rooms/{}/messages?dir=f&limit=100",
        segment(room.room_id.as_str())
    );
    let page = account.api()?.get(&path).await?;
    let redacted = page["chunk"]
        .as_array()
        .context("no chunk")?
        .iter()
        .filter(|event| event["type"] == "m.room.encrypted" && event["unsigned"]["redacted_because"].is_object());
    assert_eq!(redacted.count(), 1);
    Ok(())
}
