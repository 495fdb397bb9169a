//! Opens secret storage: the identity's secrets, the session's signature, the key backup.

use std::collections::BTreeSet;

use lifeboat_report::{
    Fact,
    facts::{Secret, SecretName},
};
use matrix_sdk::encryption::secret_storage::SecretStorageError;
use secrecy::{ExposeSecret, SecretString};

use super::{LiveError, LiveSession, UnlockError};
use crate::{
    probe::{backup::newest_backup, storage::stored_secrets},
    recovery_key::{decode, encode},
};

/// What a session holds after secret storage was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlocked {
    /// The identity's secrets, each compared with the published identity.
    pub identity: BTreeSet<SecretName>,
    /// Whether the identity vouches for this session, so that others trust it.
    pub signature: OwnSignature,
    /// Whether it reads and writes the key backup.
    pub backup: BackupConnection,
}

/// Whether the session is signed by the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnSignature {
    /// Its device keys carry a valid signature by the self-signing key.
    Signed,
    /// They do not: other sessions neither trust it nor answer it.
    Unsigned,
}

/// Whether a session uses the key backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupConnection {
    /// It does.
    Connected,
    /// There is no backup.
    NoBackup,
    /// Secret storage does not hold the backup key under this storage key.
    KeyNotStored,
    /// The stored backup key is not the one of the active version.
    KeyDoesNotFit,
    /// The stored backup key is no key.
    KeyDamaged,
}

impl LiveSession {
    /// Opens secret storage with the recovery key or passphrase of its default key, and takes what is in it.
    ///
    /// The identity's secrets are compared with the published identity, then this session is signed with them
    /// (`POST /_matrix/client/v3/keys/signatures/upload`,
    /// [spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keyssignaturesupload)) and
    /// connected to the key backup, whose private key is compared with the backup's public one. Nothing is ever deleted
    /// or replaced; a backup that does not fit is told in [`Unlocked::backup`].
    ///
    /// [Secrets](https://spec.matrix.org/latest/client-server-api/#secrets). Deriving a key from a passphrase takes a
    /// good part of a second.
    pub async fn open(&self, typed: &SecretString) -> Result<Unlocked, UnlockError> {
        let caller = self.own().caller();
        let stored = stored_secrets(caller, self.own().user_id()).await;
        let stored = match stored {
            Fact::Known(stored) => stored.facts,
            Fact::Unknown(_) if caller.session_ended() => return Err(LiveError::SessionEnded.into()),
            Fact::Unknown(gap) => return Err(UnlockError::Unknown(gap)),
        };
        let description = stored.usable_default().and_then(|id| stored.keys.get(id));
        let description = description.ok_or(UnlockError::NoSecretStorage)?;
        let known = description.algorithm == "m.secret_storage.v1.aes-hmac-sha2";
        if !known || description.passphrase.as_ref().is_some_and(|it| !it.is_sane()) {
            return Err(UnlockError::StorageUnreadable);
        }
        let storage = self.client().encryption().secret_storage();
        // The SDK takes a recovery key without the quotes around a pasted one.
        let key = decode(typed).map(|it| encode(&it));
        let typed = key.as_ref().unwrap_or(typed).expose_secret();
        let store = storage.open_secret_store(typed.trim_end_matches(['\r', '\n'])).await?;
        // The SDK takes a blank secret for a damaged one.
        let is_blank = |name| *stored.secret(name) == Secret::Blanked;
        let backup = match store.import_secrets().await {
            Ok(()) => None,
            Err(SecretStorageError::InconsistentBackupDecryptionKey) => Some(BackupConnection::KeyDoesNotFit),
            Err(SecretStorageError::MissingOrInvalidBackupDecryptionKey) if is_blank(SecretName::BackupKey) => None,
            Err(SecretStorageError::MissingOrInvalidBackupDecryptionKey) => Some(BackupConnection::KeyDamaged),
            Err(error) => match error.into() {
                UnlockError::SecretDamaged(name) if is_blank(name) => return Err(UnlockError::SecretBlank(name)),
                error => return Err(error),
            },
        };
        let backup = match backup {
            Some(problem) => problem,
            None => self.backup_connection().await?,
        };
        self.unlocked(backup).await
    }

    /// Says what this session holds now, without opening anything.
    pub async fn holdings(&self) -> Result<Unlocked, UnlockError> {
        let backup = self.backup_connection().await?;
        self.unlocked(backup).await
    }

    async fn backup_connection(&self) -> Result<BackupConnection, UnlockError> {
        if self.client().encryption().backups().are_enabled().await {
            return Ok(BackupConnection::Connected);
        }
        let caller = self.own().caller();
        match newest_backup(caller).await {
            Fact::Known(None) => Ok(BackupConnection::NoBackup),
            Fact::Known(Some(_)) => Ok(BackupConnection::KeyNotStored),
            Fact::Unknown(_) if caller.session_ended() => Err(LiveError::SessionEnded.into()),
            Fact::Unknown(gap) => Err(UnlockError::Unknown(gap)),
        }
    }

    async fn unlocked(&self, backup: BackupConnection) -> Result<Unlocked, UnlockError> {
        let encryption = self.client().encryption();
        let mut identity = BTreeSet::new();
        if let Some(status) = encryption.cross_signing_status().await {
            let held = [
                (status.has_master, SecretName::Master),
                (status.has_self_signing, SecretName::SelfSigning),
                (status.has_user_signing, SecretName::UserSigning),
            ];
            identity.extend(held.into_iter().filter_map(|(has, name)| has.then_some(name)));
        }
        let own = encryption.get_own_device().await;
        let own = own.map_err(|error| UnlockError::Store(error.to_string()))?;
        let signature = match own {
            Some(own) if own.is_cross_signed_by_owner() => OwnSignature::Signed,
            _ => OwnSignature::Unsigned,
        };
        Ok(Unlocked {
            identity,
            signature,
            backup,
        })
    }
}
