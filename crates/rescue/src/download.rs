//! Reads every room key out of the key backup.

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

/// Fetches and opens every entry, room by room.
///
/// `GET /_matrix/client/v3/room_keys/keys/{roomId}?version=…`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3room_keyskeysroomid)). Changes nothing.
pub async fn download(session: &OwnSession, backup: &BackupAccess) -> Result<Downloaded, LiveError> {
    let opening = PkDecryption::from_key(Curve25519SecretKey::from_slice(backup.private_key()));
    let caller = session.caller();
    let mut downloaded = Downloaded::default();
    for room in backup.view().coverage.rooms() {
        let Ok(room_id) = RoomId::parse(room.id()) else {
            downloaded.damaged += room.entries().count() as u64;
            continue;
        };
        let request = get_backup_keys_for_room::v3::Request::new(backup.view().version.clone(), room_id.clone());
        let answer = caller.ask(|| caller.client().send(request.clone())).await?;
        for (session_id, entry) in answer.sessions {
            let key = open(&opening, room_id.as_str(), &session_id, &entry);
            if !key.is_some_and(|key| downloaded.keys.take(key)) {
                downloaded.damaged += 1;
            }
        }
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
