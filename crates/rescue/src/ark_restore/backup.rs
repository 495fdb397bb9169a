//! The entries of the key backup: as they are, or encrypted anew to the key of the version that is there.

use std::{collections::BTreeMap, fs::File, ops::ControlFlow, sync::Arc};

use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use lifeboat_preflight::{
    OwnSession,
    ark::{ArkEntry, ArkError, ArkProgress, BackupRestore, Target},
};
use matrix_sdk::{
    encryption::vodozemac::{
        Curve25519PublicKey, Curve25519SecretKey,
        pk_encryption::{Message, PkDecryption, PkEncryption},
    },
    ruma::{
        OwnedRoomId, RoomId,
        api::{
            client::backup::{
                KeyBackupData, RoomKeyBackup, add_backup_keys, create_backup_version, get_latest_backup_info,
            },
            error::ErrorKind,
        },
        serde::Raw,
    },
};
use serde_json::{Value, json, value::RawValue};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::{ArkRestoreError, refused};

/// As many entries go into one request, some 90 KB.
const AT_ONCE: usize = 100;
/// How many requests wait for the server at most.
const WAITING: usize = 4;

type Batch = BTreeMap<OwnedRoomId, RoomKeyBackup>;

/// Returns the version that the entries go into, and whether it was made just now.
///
/// `POST /_matrix/client/v3/room_keys/version`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3room_keysversion)), with the archived
/// `auth_data`, whose signatures hold as before; only where the account has no key backup.
pub(super) async fn version(session: &OwnSession, restore: &BackupRestore) -> Result<(String, bool), ArkRestoreError> {
    let caller = session.caller();
    let (algorithm, auth_data) = match &restore.target {
        Target::SameKey { version } | Target::OtherKey { version, .. } => return Ok((version.clone(), false)),
        Target::NewVersion { algorithm, auth_data } => (algorithm, auth_data),
    };
    let asked = caller.ask(|| caller.client().send(get_latest_backup_info::v3::Request::new()));
    match asked.await {
        Ok(_) => return Err(ArkRestoreError::BackupReplaced),
        Err(error) if matches!(error.client_api_error_kind(), Some(ErrorKind::NotFound)) => {}
        Err(error) => return Err(refused(session, WHAT, error)),
    }
    let content = Raw::new(&json!({"algorithm": algorithm, "auth_data": auth_data})).map(Raw::cast_unchecked);
    let content = content.map_err(|error| ArkError::Read(error.into()))?;
    let request = create_backup_version::v3::Request::new(content);
    let made = caller.ask(|| caller.client().send(request.clone())).await;
    let made = made.map_err(|error| refused(session, WHAT, error))?;
    Ok((made.version, true))
}

const WHAT: &str = "the key backup";

/// Uploads every entry that the account lacks, while the ark is being read; returns how many.
///
/// `PUT /_matrix/client/v3/room_keys/keys?version=…`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3room_keyskeys)).
pub(super) async fn put_entries(
    session: &OwnSession,
    file: &File,
    restore: &Arc<BackupRestore>,
    version: &str,
    progress: &ArkProgress,
) -> Result<u64, ArkRestoreError> {
    let sealing = Sealing::of(restore)?;
    let (file, restore) = (file.try_clone().map_err(ArkError::Read)?, Arc::clone(restore));
    let (send, mut batches) = mpsc::channel::<Batch>(WAITING);
    let reading = tokio::task::spawn_blocking(move || read(&file, &restore, &sealing, &send));
    let caller = session.caller();
    let mut given = 0;
    while let Some(batch) = batches.recv().await {
        let entries: usize = batch.values().map(|room| room.sessions.len()).sum();
        let request = add_backup_keys::v3::Request::new(version.to_owned(), batch);
        let answer = caller.ask(|| caller.client().send(request.clone())).await;
        answer.map_err(|error| match error.client_api_error_kind() {
            Some(ErrorKind::WrongRoomKeysVersion { .. } | ErrorKind::NotFound) => ArkRestoreError::BackupReplaced,
            _ => refused(session, WHAT, error),
        })?;
        given += entries as u64;
        progress.add(entries as u64);
    }
    let lost = |_| ArkError::Read(std::io::Error::other("the thread that reads was lost"));
    reading.await.map_err(lost)??;
    Ok(given)
}

/// Reads the entries and sends them off in batches, until nobody takes them any more.
fn read(
    file: &File,
    restore: &BackupRestore,
    sealing: &Sealing,
    send: &mpsc::Sender<Batch>,
) -> Result<(), ArkRestoreError> {
    let (mut batch, mut size, mut failed) = (Batch::new(), 0, false);
    restore.lacking(file, |entry| {
        let (Ok(room_id), Some(content)) = (RoomId::parse(entry.room_id), sealing.content(&entry)) else {
            failed = true;
            return ControlFlow::Break(());
        };
        let room = batch
            .entry(room_id)
            .or_insert_with(|| RoomKeyBackup::new(BTreeMap::new()));
        room.sessions.insert(entry.session_id.to_string(), content);
        size += 1;
        if size < AT_ONCE {
            return ControlFlow::Continue(());
        }
        size = 0;
        match send.blocking_send(std::mem::take(&mut batch)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })?;
    if failed {
        return Err(ArkRestoreError::NotSealed);
    }
    if !batch.is_empty() {
        // Nobody takes it where the server has refused one before.
        let _ = send.blocking_send(batch);
    }
    Ok(())
}

/// What becomes of an entry on its way.
enum Sealing {
    /// It stays as it is.
    AsItIs,
    /// It is opened with the archived key and encrypted to another.
    Anew(Box<PkDecryption>, PkEncryption),
}

impl Sealing {
    fn of(restore: &BackupRestore) -> Result<Self, ArkRestoreError> {
        let Target::OtherKey { public_key, .. } = &restore.target else {
            return Ok(Self::AsItIs);
        };
        let public = Curve25519PublicKey::from_base64(public_key).map_err(|_| ArkRestoreError::NotSealed)?;
        let private = Curve25519SecretKey::from_slice(restore.archived_key());
        Ok(Self::Anew(
            Box::new(PkDecryption::from_key(private)),
            PkEncryption::from_key(public),
        ))
    }

    fn content(&self, entry: &ArkEntry<'_>) -> Option<Raw<KeyBackupData>> {
        let text = match self {
            Self::AsItIs => std::str::from_utf8(entry.json).ok()?.to_owned(),
            Self::Anew(opening, sealing) => anew(opening, sealing, entry.json)?,
        };
        RawValue::from_string(text).ok().map(Raw::from_json)
    }
}

/// Encrypts the same plaintext anew; everything else of the entry stays.
fn anew(opening: &PkDecryption, sealing: &PkEncryption, entry: &[u8]) -> Option<String> {
    let mut entry: Value = serde_json::from_slice(entry).ok()?;
    let sealed = entry.get("session_data")?;
    let text = |name: &str| sealed.get(name)?.as_str();
    let message = Message::from_base64(text("ciphertext")?, text("mac")?, text("ephemeral")?).ok()?;
    let plain = Zeroizing::new(opening.decrypt(&message).ok()?);
    let sealed = sealing.encrypt(&plain).ok()?;
    entry["session_data"] = json!({
        "ephemeral": sealed.ephemeral_key.to_base64(),
        "ciphertext": BASE64_STANDARD_NO_PAD.encode(&sealed.ciphertext),
        "mac": BASE64_STANDARD_NO_PAD.encode(&sealed.mac),
    });
    Some(entry.to_string())
}
