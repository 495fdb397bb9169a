//! Adds room keys to the key backup, as far as they improve it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use lifeboat_backup::{Coverage, State};
use lifeboat_preflight::{BackupView, LiveError, OwnSession};
use matrix_sdk::{
    HttpError,
    encryption::vodozemac::{Curve25519PublicKey, pk_encryption::PkEncryption},
    ruma::{
        OwnedRoomId,
        api::{
            client::backup::{KeyBackupData, RoomKeyBackup, add_backup_keys},
            error::ErrorKind,
        },
        serde::Raw,
    },
};
use serde_json::json;
use zeroize::Zeroizing;

use crate::{RoomKey, RoomKeys};

/// What keys from elsewhere are worth to the backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The backup has no entry for them.
    pub new: u64,
    /// They decrypt more messages than the backup's entries.
    pub better: u64,
    /// The backup's entries for them do not open.
    pub instead_of_damaged: u64,
    /// The backup has as good ones.
    pub already_there: u64,
}

/// Why keys were not added to the backup. What was added before stays; adding the same again changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// Another version of the backup has taken its place.
    #[error("the key backup was replaced by another version meanwhile.")]
    Replaced,
    /// A key could not be encrypted.
    #[error("a room key could not be encrypted for the key backup.")]
    NotSealed,
    /// The session is over, or the server could not be asked.
    #[error(transparent)]
    Live(#[from] LiveError),
}

/// Counts what the key backup was given, however the upload ends.
#[derive(Clone, Debug, Default)]
pub struct UploadProgress(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    expected: AtomicU64,
    added: AtomicU64,
    in_doubt: AtomicU64,
}

impl UploadProgress {
    /// How many room keys improve the backup and are to be sent; 0 before that is known.
    pub fn expected(&self) -> u64 {
        self.0.expected.load(Ordering::Relaxed)
    }

    /// How many room keys the server took.
    pub fn added(&self) -> u64 {
        self.0.added.load(Ordering::Relaxed)
    }

    /// How many it was sent besides and gave no clear answer for: it may have taken them.
    pub fn in_doubt(&self) -> u64 {
        self.0.in_doubt.load(Ordering::Relaxed)
    }

    pub(crate) fn expect(&self, keys: u64) {
        self.0.expected.store(keys, Ordering::Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.expect(0);
        self.0.added.store(0, Ordering::Relaxed);
        self.0.in_doubt.store(0, Ordering::Relaxed);
    }

    fn sending(&self, keys: u64) {
        self.0.in_doubt.fetch_add(keys, Ordering::Relaxed);
    }

    fn answered<T>(&self, keys: u64, answer: &Result<T, HttpError>) {
        let refused = |it: &HttpError| {
            it.as_client_api_error()
                .is_some_and(|it| it.status_code.is_client_error())
        };
        match answer {
            Ok(_) => {
                self.0.in_doubt.fetch_sub(keys, Ordering::Relaxed);
                self.0.added.fetch_add(keys, Ordering::Relaxed);
            }
            Err(error) if refused(error) => {
                self.0.in_doubt.fetch_sub(keys, Ordering::Relaxed);
            }
            // Whoever hears no answer does not know what the server did.
            Err(_) => {}
        }
    }
}

/// As many keys go into one request, some 90 KB.
const AT_ONCE: usize = 100;

/// A key that improves the backup.
pub(crate) struct Improving<'a> {
    first_index: u32,
    key: &'a RoomKey,
    there: There,
}

/// What the backup has instead.
#[derive(Clone, Copy, PartialEq, Eq)]
enum There {
    /// Nothing, or an entry that starts later.
    NothingOrLess,
    /// An entry that gives no key.
    Damaged,
}

impl Comparison {
    /// How many keys improve the backup.
    pub fn improving(&self) -> u64 {
        self.new + self.better + self.instead_of_damaged
    }

    /// Compares `keys` with what the backup holds; returns those that improve it.
    pub(crate) fn of<'a>(keys: &'a RoomKeys, coverage: &Coverage) -> (Self, Vec<Improving<'a>>) {
        let mut comparison = Self::default();
        let mut improving = Vec::new();
        for (session_id, first_index, key) in keys.iter() {
            let entry = coverage
                .room(key.room_id.as_str())
                .and_then(|room| room.entry(session_id));
            let (count, there) = match entry {
                None => (&mut comparison.new, There::NothingOrLess),
                Some(entry) => match entry.state {
                    State::Damaged(damage) if !damage.leaves_a_key() => {
                        (&mut comparison.instead_of_damaged, There::Damaged)
                    }
                    _ if first_index < entry.first_index => (&mut comparison.better, There::NothingOrLess),
                    _ => {
                        comparison.already_there += 1;
                        continue;
                    }
                },
            };
            *count += 1;
            improving.push(Improving {
                first_index,
                key,
                there,
            });
        }
        (comparison, improving)
    }
}

/// Uploads those of `keys` that improve the backup, and no others.
///
/// `PUT /_matrix/client/v3/room_keys/keys?version=…`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3room_keyskeys)). Nothing is deleted: of
/// two entries for one session the server keeps one that is marked as verified, then the one that starts earlier. What
/// takes the place of an entry that gives no key is therefore marked so; clients do not read that mark. A new listing
/// tells what became of each. That the public key is the user's own is for the caller to know.
pub async fn upload(
    session: &OwnSession,
    backup: &BackupView,
    keys: &RoomKeys,
    progress: &UploadProgress,
) -> Result<Comparison, UploadError> {
    let (comparison, improving) = Comparison::of(keys, &backup.coverage);
    progress.expect(improving.len() as u64);
    let caller = session.caller();
    let public = Curve25519PublicKey::from_base64(&backup.public_key).map_err(|_| UploadError::NotSealed)?;
    let sealing = PkEncryption::from_key(public);
    for batch in improving.chunks(AT_ONCE) {
        let mut rooms: BTreeMap<OwnedRoomId, RoomKeyBackup> = BTreeMap::new();
        for improving in batch {
            let entry = seal(&sealing, improving).ok_or(UploadError::NotSealed)?;
            let room = rooms.entry(improving.key.room_id.clone());
            let room = room.or_insert_with(|| RoomKeyBackup::new(BTreeMap::new()));
            room.sessions.insert(improving.key.session_id.clone(), entry);
        }
        let request = add_backup_keys::v3::Request::new(backup.version.clone(), rooms);
        progress.sending(batch.len() as u64);
        let answer = caller.ask(|| caller.client().send(request.clone())).await;
        progress.answered(batch.len() as u64, &answer);
        answer.map_err(|error| match error.client_api_error_kind() {
            Some(ErrorKind::WrongRoomKeysVersion { .. } | ErrorKind::NotFound) => UploadError::Replaced,
            _ => UploadError::Live(error.into()),
        })?;
    }
    Ok(comparison)
}

/// Encrypts a room key to the backup's public key (`m.megolm_backup.v1.curve25519-aes-sha2`).
fn seal(sealing: &PkEncryption, improving: &Improving<'_>) -> Option<Raw<KeyBackupData>> {
    let key = improving.key;
    let plain = serde_json::to_vec(&json!({
        "algorithm": key.algorithm,
        "sender_key": key.sender_key,
        "session_key": key.session_key,
        "sender_claimed_keys": key.sender_claimed_keys,
        "forwarding_curve25519_key_chain": key.forwarding_curve25519_key_chain,
        "m.shared_history": key.shared_history || key.unstable_shared_history,
    }));
    let sealed = sealing.encrypt(&Zeroizing::new(plain.ok()?)).ok()?;
    let entry = json!({
        "first_message_index": improving.first_index,
        "forwarded_count": key.forwarding_curve25519_key_chain.len(),
        "is_verified": improving.there == There::Damaged,
        "session_data": {
            "ephemeral": sealed.ephemeral_key.to_base64(),
            "ciphertext": BASE64_STANDARD_NO_PAD.encode(&sealed.ciphertext),
            "mac": BASE64_STANDARD_NO_PAD.encode(&sealed.mac),
        },
    });
    Some(Raw::new(&entry).ok()?.cast_unchecked())
}
