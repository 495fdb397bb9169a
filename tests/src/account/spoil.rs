//! Puts defects into a healthy account, by plain requests.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::defect::OffSwitch;
use super::keys::{account_data_path, describe, set_account_data};
use super::{AccountSpec, Defect, RoomKind, ServerBackup, TestAccount, TestEvent, TestRoom, build, dehydrated};
use crate::api::segment;
use crate::name;
use crate::room_key::{BackupKey, start_at};
use crate::session::Session;
use crate::storage_key::StorageKey;

/// Applies what the spec asks for, in the order in which it was asked.
pub(super) async fn spoil(spec: &AccountSpec, account: &mut TestAccount) -> Result<()> {
    for defect in &spec.defects {
        apply(*defect, account).await.with_context(|| format!("{defect:?}"))?;
    }
    Ok(())
}

async fn apply(defect: Defect, account: &mut TestAccount) -> Result<()> {
    match defect {
        // Made, or left out, while the account was built.
        Defect::NoKeyBackup
        | Defect::NoSecretStorage
        | Defect::BackupKeyNotStored
        | Defect::OneSession
        | Defect::NoIdentity
        | Defect::BrandNew
        | Defect::LegacyBackupKey
        | Defect::LegacyPassphrase
        | Defect::NoEmail
        | Defect::RoomJoinedLate
        | Defect::RoomLeft => Ok(()),
        Defect::SecretBlanked(secret) => write(account, secret.event_type(), &json!({})).await,
        Defect::BackupKeyOfOlderVersion => make_newer_backup(account).await,
        Defect::BackupUnsigned => unsign_backup(account).await,
        Defect::BackupSwitchedOff(OffSwitch::Stable) => {
            write(account, OffSwitch::Stable.event_type(), &json!({"enabled": false})).await
        }
        Defect::BackupSwitchedOff(OffSwitch::Unstable) => {
            write(account, OffSwitch::Unstable.event_type(), &json!({"disabled": true})).await
        }
        Defect::UnverifiedSession => add_session(account).await,
        Defect::KeylessSession => account
            .homeserver
            .sign_in(account.localpart(), &account.password)
            .await
            .map(drop),
        Defect::SecretsUnderOldKey => make_new_storage_key(account).await,
        Defect::StorageKeyUnchecked => remove_check_data(account).await,
        Defect::DehydratedDevice => dehydrated::upload(account).await,
        Defect::EntriesDeleted(count) => delete_entries(account, count).await,
        Defect::RoomNotBackedUp => {
            let room = account
                .rooms
                .iter()
                .rfind(|room| room.kind == RoomKind::Plain)
                .context("no room")?;
            backup(account).await?.delete_room(&room.room_id).await
        }
        Defect::EntryStartsLate => start_entry_late(account).await,
        Defect::EntryForAnotherKey => encrypt_entry_to_another_key(account).await,
        Defect::EventRedacted => redact(account).await,
    }
}

async fn backup(account: &TestAccount) -> Result<ServerBackup> {
    ServerBackup::active(account.api()?)
        .await?
        .context("the account has no backup")
}

async fn write(account: &TestAccount, event_type: &str, content: &Value) -> Result<()> {
    set_account_data(account.api()?, &account.user_id, event_type, content).await
}

async fn read(account: &TestAccount, event_type: &str) -> Result<Value> {
    account
        .api()?
        .get(&account_data_path(&account.user_id, event_type))
        .await
}

/// Makes a newer version and fills it; the key in secret storage stays that of the older one.
async fn make_newer_backup(account: &TestAccount) -> Result<()> {
    let session = account.first()?;
    session.client().encryption().backups().create().await?;
    session.upload_room_keys().await?;
    build::settle(account).await
}

async fn unsign_backup(account: &TestAccount) -> Result<()> {
    let backup = backup(account).await?;
    let mut auth_data = backup.info["auth_data"].clone();
    auth_data.as_object_mut().context("no auth_data")?.remove("signatures");
    backup.set_auth_data(&auth_data).await
}

async fn add_session(account: &mut TestAccount) -> Result<()> {
    let base_url = &account.homeserver.base_url;
    let session = Session::log_in(base_url, account.user_id.localpart(), &account.password, "Old phone").await?;
    account.first()?.wait_for_device_of(&session).await?;
    account.sessions.push(session);
    Ok(())
}

async fn make_new_storage_key(account: &mut TestAccount) -> Result<()> {
    let key = StorageKey::random()?;
    describe(account.first()?, &key).await?;
    account.new_recovery_key = Some(key.recovery_key());
    Ok(())
}

async fn remove_check_data(account: &TestAccount) -> Result<()> {
    let default = read(account, "m.secret_storage.default_key").await?;
    let id = default["key"].as_str().context("no default key")?;
    let event_type = format!("m.secret_storage.key.{id}");
    let mut description = read(account, &event_type).await?;
    let fields = description.as_object_mut().context("no description")?;
    fields.remove("iv");
    fields.remove("mac");
    write(account, &event_type, &description).await
}

/// Deletes the entries of the first room's first room keys.
async fn delete_entries(account: &TestAccount, count: usize) -> Result<()> {
    let backup = backup(account).await?;
    let room = account.rooms.first().context("no room")?;
    let mut left = count;
    for session_id in room.session_ids() {
        if left == 0 {
            return Ok(());
        }
        backup.delete(&room.room_id, session_id).await?;
        left -= 1;
    }
    anyhow::ensure!(left == 0, "the room has {left} room keys too few");
    Ok(())
}

async fn start_entry_late(account: &TestAccount) -> Result<()> {
    let (room, event) = second_message(account)?;
    let key = account.secrets.as_ref().context("no secrets")?.backup_key()?;
    let backup = backup(account).await?;
    let mut entry = backup.entry(&room.room_id, &event.session_id).await?;
    let room_key = start_at(&key.open(&entry["session_data"])?, event.index)?;
    entry["session_data"] = key.close(&room_key)?;
    entry["first_message_index"] = json!(event.index);
    backup.replace(&room.room_id, &event.session_id, &entry).await
}

async fn encrypt_entry_to_another_key(account: &TestAccount) -> Result<()> {
    let (room, event) = second_message(account)?;
    let key = account.secrets.as_ref().context("no secrets")?.backup_key()?;
    let backup = backup(account).await?;
    let mut entry = backup.entry(&room.room_id, &event.session_id).await?;
    let room_key = key.open(&entry["session_data"])?;
    entry["session_data"] = BackupKey::random()?.close(&room_key)?;
    backup.replace(&room.room_id, &event.session_id, &entry).await
}

/// A message that is the second of its room key, the last such in the account.
fn second_message(account: &TestAccount) -> Result<(&TestRoom, &TestEvent)> {
    let plain = account.rooms.iter().filter(|room| room.kind == RoomKind::Plain);
    plain
        .flat_map(|room| room.events.iter().map(move |event| (room, event)))
        .rfind(|(_, event)| event.index == 1)
        .context("no room key has two messages")
}

async fn redact(account: &mut TestAccount) -> Result<()> {
    let room = account.rooms.first().context("no room")?;
    let event = room.events.first().context("no event")?;
    let (room_id, event_id) = (segment(room.room_id.as_str()), segment(event.event_id.as_str()));
    let path = format!(
        "/_matrix/client/v3/rooms/{room_id}/redact/{event_id}/{}",
        name::fresh("redact")?
    );
    account.api()?.put(&path, &json!({})).await?;
    account.rooms[0].events.remove(0);
    Ok(())
}
