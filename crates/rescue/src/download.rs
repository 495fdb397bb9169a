//! Reads every room key out of the key backup.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use lifeboat_preflight::{BackupAccess, LiveError, OwnSession, ruma::RoomId};
use matrix_sdk::{
    encryption::vodozemac::{
        Curve25519SecretKey,
        pk_encryption::{Message, PkDecryption},
    },
    ruma::{
        api::client::backup::{KeyBackupData, get_backup_keys_for_room},
        serde::Raw,
    },
};
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{RoomKey, RoomKeys};

/// What was read out of the backup.
#[derive(Debug, Default)]
pub struct Downloaded {
    /// The room keys.
    pub keys: RoomKeys,
    /// How many entries gave none, because they are damaged.
    pub damaged: u64,
}

/// Watches the key backup being read, from another thread; copies watch the same one.
#[derive(Clone, Debug, Default)]
pub struct DownloadProgress(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    entries: AtomicU64,
    expected: AtomicU64,
}

impl DownloadProgress {
    /// Returns how many entries were read so far, damaged ones too.
    pub fn entries(&self) -> u64 {
        self.0.entries.load(Ordering::Relaxed)
    }

    /// Returns how many there are; 0 before that is known.
    pub fn expected(&self) -> u64 {
        self.0.expected.load(Ordering::Relaxed)
    }

    pub(crate) fn expect(&self, entries: u64) {
        self.0.expected.store(entries, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, entries: u64) {
        self.0.entries.fetch_add(entries, Ordering::Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.0.entries.store(0, Ordering::Relaxed);
        self.expect(0);
    }
}

/// The part of an entry that is needed to open it ("KeyBackupData").
#[derive(Deserialize)]
struct Entry {
    session_data: Sealed,
}

#[derive(Deserialize)]
struct Sealed {
    ephemeral: String,
    ciphertext: String,
    mac: String,
}

/// Fetches and opens every entry, room by room, and counts them in `progress`.
///
/// `GET /_matrix/client/v3/room_keys/keys/{roomId}?version=…`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3room_keyskeysroomid)). Changes nothing.
pub async fn download(
    session: &OwnSession,
    backup: &BackupAccess,
    progress: &DownloadProgress,
) -> Result<Downloaded, LiveError> {
    progress.expect(backup.view().coverage.len() as u64);
    let opening = PkDecryption::from_key(Curve25519SecretKey::from_slice(backup.private_key()));
    let caller = session.caller();
    let mut downloaded = Downloaded::default();
    for room in backup.view().coverage.rooms() {
        let Ok(room_id) = RoomId::parse(room.id()) else {
            let entries = room.entries().count() as u64;
            downloaded.damaged += entries;
            progress.add(entries);
            continue;
        };
        let request = get_backup_keys_for_room::v3::Request::new(backup.view().version.clone(), room_id.clone());
        let answer = caller.ask(|| caller.client().send(request.clone())).await?;
        let entries = answer.sessions.len() as u64;
        for (session_id, entry) in answer.sessions {
            let key = open(&opening, room_id.as_str(), &session_id, &entry);
            if !key.is_some_and(|key| downloaded.keys.take(key)) {
                downloaded.damaged += 1;
            }
        }
        progress.add(entries);
    }
    Ok(downloaded)
}

fn open(opening: &PkDecryption, room_id: &str, session_id: &str, entry: &Raw<KeyBackupData>) -> Option<RoomKey> {
    let entry: Entry = serde_json::from_str(entry.json().get()).ok()?;
    let sealed = entry.session_data;
    let message = Message::from_base64(&sealed.ciphertext, &sealed.mac, &sealed.ephemeral).ok()?;
    let plain = Zeroizing::new(opening.decrypt(&message).ok()?);
    let mut content: Value = serde_json::from_slice(&plain).ok()?;
    let fields = content.as_object_mut()?;
    fields.insert("room_id".to_owned(), room_id.into());
    fields.insert("session_id".to_owned(), session_id.into());
    serde_json::from_value(content).ok()
}
