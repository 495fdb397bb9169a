//! The truth about what survives: signs in with nothing but what the owner holds, and reads everything.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use matrix_sdk::Room;
use matrix_sdk::deserialized_responses::{TimelineEvent, TimelineEventKind};
use matrix_sdk::room::MessagesOptions;
use matrix_sdk::ruma::{OwnedEventId, OwnedRoomId};
use serde_json::Value;

use crate::account::{Recovery, ServerBackup, TestAccount};
use crate::room_key::BackupKey;
use crate::session::Session;
use crate::storage_key::{StorageKey, parse_recovery_key};

/// What a fresh session can read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Whether what the owner holds opened anything.
    pub entered: bool,
    /// Room by room, also the rooms that were left.
    pub rooms: BTreeMap<OwnedRoomId, RoomTruth>,
}

/// The encrypted events of one room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomTruth {
    /// Those that decrypt.
    pub readable: BTreeSet<OwnedEventId>,
    /// Those that do not.
    pub unreadable: BTreeSet<OwnedEventId>,
    /// Those whose content is gone for everybody.
    pub redacted: BTreeSet<OwnedEventId>,
}

/// Signs in anew with `password`, takes what the owner wrote down, downloads all room keys and reads all rooms.
///
/// It is the truth about a full sign-out only when no other session lives: end them first, with
/// [`TestAccount::end_all_sessions`] or a reset, for a living session would hand over keys. The new session stays in
/// the account and is returned.
pub async fn truth_about(account: &TestAccount, password: &str) -> Result<(Truth, Session)> {
    let base_url = &account.homeserver.base_url;
    let session = Session::log_in(base_url, account.localpart(), password, "Newcomer").await?;
    let entered = enter(account, &session).await?;
    let truth = Truth {
        entered,
        rooms: read_all(&session).await?,
    };
    Ok((truth, session))
}

/// Downloads every room key that the session's backup key opens, and reads every room.
pub async fn read_all(session: &Session) -> Result<BTreeMap<OwnedRoomId, RoomTruth>> {
    let client = session.client();
    let mut rooms = BTreeMap::new();
    for room in client.rooms() {
        client
            .encryption()
            .backups()
            .download_room_keys_for_room(room.room_id())
            .await
            .or_else(ignore_not_found)?;
        let truth = read(&room).await?;
        if !truth.is_empty() {
            rooms.insert(room.room_id().to_owned(), truth);
        }
    }
    Ok(rooms)
}

/// Opens secret storage, or where there is none the backup itself, with what the owner holds.
async fn enter(account: &TestAccount, session: &Session) -> Result<bool> {
    let encryption = session.client().encryption();
    let Some(text) = account.recovery.text() else {
        return Ok(false);
    };
    if encryption.secret_storage().is_enabled().await? {
        return Ok(encryption.recovery().recover(text).await.is_ok());
    }
    let Some(backup) = ServerBackup::active(session.api()).await? else {
        return Ok(false);
    };
    let private = match (&account.recovery, backup.info["auth_data"]["private_key_salt"].as_str()) {
        (Recovery::Passphrase { passphrase, .. }, Some(salt)) => {
            let rounds = backup.info["auth_data"]["private_key_iterations"]
                .as_u64()
                .context("no rounds")?;
            *StorageKey::derive_from(passphrase, salt, rounds.try_into()?)?.bytes()
        }
        _ => parse_recovery_key(text)?,
    };
    let key = BackupKey::from_bytes(&private);
    if backup.info["auth_data"]["public_key"] != key.public() {
        return Ok(false);
    }
    // The SDK takes a backup key only together with an identity. The identity's keys read no message.
    let secrets = account
        .secrets
        .as_ref()
        .context("no identity to take the backup key with")?;
    session
        .take_secrets(&secrets.with_backup_key(&key, &backup.version))
        .await?;
    Ok(true)
}

async fn read(room: &Room) -> Result<RoomTruth> {
    let mut truth = RoomTruth::default();
    let mut from = None;
    loop {
        let mut options = MessagesOptions::backward().from(from.as_deref());
        options.limit = 1000_u32.into();
        let page = room.messages(options).await?;
        for event in &page.chunk {
            truth.add(event)?;
        }
        ensure!(page.end.is_none() || page.end != from, "the server pages in circles");
        from = page.end;
        if from.is_none() {
            return Ok(truth);
        }
    }
}

impl Truth {
    /// All events that decrypt.
    pub fn readable(&self) -> BTreeSet<&OwnedEventId> {
        self.rooms.values().flat_map(|room| &room.readable).collect()
    }

    /// All events that do not, redacted ones left out.
    pub fn unreadable(&self) -> BTreeSet<&OwnedEventId> {
        self.rooms.values().flat_map(|room| &room.unreadable).collect()
    }
}

impl RoomTruth {
    fn add(&mut self, event: &TimelineEvent) -> Result<()> {
        let id = event.event_id().context("an event without id")?.to_owned();
        match &event.kind {
            TimelineEventKind::Decrypted(_) => self.readable.insert(id),
            TimelineEventKind::UnableToDecrypt { .. } => self.unreadable.insert(id),
            TimelineEventKind::PlainText { event } => {
                let event_type: Option<String> = event.get_field("type")?;
                let content: Option<Value> = event.get_field("content")?;
                let redacted = event_type.as_deref() == Some("m.room.encrypted")
                    && content.is_some_and(|content| content.get("ciphertext").is_none());
                redacted && self.redacted.insert(id)
            }
        };
        Ok(())
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A room without an entry in the backup is answered "not found" by some servers.
fn ignore_not_found(error: matrix_sdk::Error) -> Result<()> {
    match error.as_client_api_error() {
        Some(answer) if answer.status_code.as_u16() == 404 => Ok(()),
        _ => Err(error.into()),
    }
}
