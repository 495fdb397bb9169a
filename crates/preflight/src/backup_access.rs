//! The key backup, opened: its private key and what it holds, for those who read it whole or add to it.

use std::{fmt, sync::Arc};

use lifeboat_backup::{BackupKey, Coverage};
use lifeboat_report::{Fact, Gap, facts::Proof};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{
    ForecastProgress, Homeserver, OwnSession, key_trial,
    probe::{
        backup::{RawBackup, backup_version, newest_backup},
        storage::stored_secrets,
    },
    proof::{self, Opening},
};

/// The active version of the key backup, with the private key that opens it.
pub struct BackupAccess {
    view: BackupView,
    private_key: Zeroizing<[u8; 32]>,
    proof: Proof,
}

impl fmt::Debug for BackupAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupAccess")
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}

/// A version of the key backup as far as it can be seen without its private key, or with it where it was opened.
#[derive(Clone, Debug)]
pub struct BackupView {
    /// The version.
    pub version: String,
    /// The public half of its key, unpadded base64: everything in it is encrypted to this.
    pub public_key: String,
    /// Which messages its entries fit.
    pub coverage: Coverage,
}

impl BackupView {
    /// Looks at the active version without opening it. Whether its public key is the user's own is for the caller to
    /// know. Changes nothing.
    pub async fn of_active(session: &OwnSession, homeserver: &Homeserver) -> Result<Self, BackupAccessError> {
        let backup = usable(session, newest_backup(session.caller()).await)?;
        let progress = ForecastProgress::default();
        let listing = proof::list(
            session.caller(),
            homeserver,
            &backup.version,
            Opening::default(),
            &progress,
        );
        let listing = match listing.await {
            Fact::Known(listing) => listing,
            Fact::Unknown(gap) => return Err(failed(session, gap)),
        };
        if let Some(gap) = listing.gap() {
            return Err(failed(session, gap));
        }
        Ok(Self {
            coverage: listing.coverage().clone(),
            public_key: backup.public_key().unwrap_or_default().trim_end_matches('=').to_owned(),
            version: backup.version,
        })
    }
}

fn usable(session: &OwnSession, backup: Fact<Option<RawBackup>>) -> Result<RawBackup, BackupAccessError> {
    match backup {
        Fact::Known(Some(backup)) if !backup.is_readable() => Err(BackupAccessError::UnknownKind(backup.algorithm)),
        Fact::Known(Some(backup)) => Ok(backup),
        Fact::Known(None) => Err(BackupAccessError::NoBackup),
        Fact::Unknown(gap) => Err(failed(session, gap)),
    }
}

fn failed(session: &OwnSession, gap: Gap) -> BackupAccessError {
    match session.caller().session_ended() {
        true => BackupAccessError::SessionEnded,
        false => BackupAccessError::Unknown(gap),
    }
}

/// Why the key backup is not open. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupAccessError {
    /// There is none.
    #[error("this account has no key backup.")]
    NoBackup,
    /// It is of an algorithm that nobody knows.
    #[error("the key backup is of an unknown kind: {0}.")]
    UnknownKind(String),
    /// What was typed does not lead to its key.
    #[error("this recovery key or passphrase does not open the key backup.")]
    WrongKey,
    /// The server could not be asked.
    #[error("the key backup could not be read: {}.", .0.words())]
    Unknown(Gap),
    /// The server or another session has ended the session.
    #[error("this session was ended by the server or by another session.")]
    SessionEnded,
}

impl BackupAccess {
    /// Opens the active version with the first of `typed` that leads to its key, and opens every entry once.
    ///
    /// Reads secret storage, `GET /_matrix/client/v3/room_keys/version` and the listing of the version
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#server-side-key-backups)). The private key is compared
    /// with the public one that the server shows: what is encrypted to that one, only the user can read. Changes
    /// nothing.
    pub async fn open(
        session: &OwnSession,
        homeserver: &Homeserver,
        typed: &[SecretString],
    ) -> Result<Self, BackupAccessError> {
        let newest = newest_backup(session.caller()).await;
        Self::open_this(session, homeserver, typed, newest).await
    }

    /// Opens an older version in the same way, from which nobody reads any more.
    pub async fn open_version(
        session: &OwnSession,
        homeserver: &Homeserver,
        typed: &[SecretString],
        version: &str,
    ) -> Result<Self, BackupAccessError> {
        let backup = backup_version(session.caller(), version).await;
        Self::open_this(session, homeserver, typed, backup).await
    }

    async fn open_this(
        session: &OwnSession,
        homeserver: &Homeserver,
        typed: &[SecretString],
        backup: Fact<Option<RawBackup>>,
    ) -> Result<Self, BackupAccessError> {
        let caller = session.caller();
        let failed = |gap| failed(session, gap);
        let backup = usable(session, backup)?;
        let stored = match stored_secrets(caller, session.user_id()).await {
            Fact::Known(stored) => stored,
            Fact::Unknown(gap) => return Err(failed(gap)),
        };
        let opened = key_trial::open_storage(typed, &stored).await;
        let private_key = key_trial::backup_key_bytes(&opened, &backup).await;
        let private_key = private_key.ok_or(BackupAccessError::WrongKey)?;
        let key = BackupKey::from_bytes(&private_key).map_err(|_| BackupAccessError::WrongKey)?;
        let public_key = key.public_key();
        let opening = Opening {
            key: Some(Arc::new(key)),
            visit: None,
        };
        let progress = ForecastProgress::default();
        let listing = match proof::list(caller, homeserver, &backup.version, opening, &progress).await {
            Fact::Known(listing) => listing,
            Fact::Unknown(gap) => return Err(failed(gap)),
        };
        if let Some(gap) = listing.gap() {
            return Err(failed(gap));
        }
        Ok(Self {
            proof: listing.sum_up(&backup.version),
            view: BackupView {
                coverage: listing.coverage().clone(),
                version: backup.version,
                public_key,
            },
            private_key,
        })
    }

    /// Returns what others need to know to add to it.
    pub fn view(&self) -> &BackupView {
        &self.view
    }

    /// Returns the private half of its key: it opens every entry.
    pub fn private_key(&self) -> &[u8; 32] {
        &self.private_key
    }

    /// Says how many entries there are and how many open.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key() {
        let access = BackupAccess {
            view: BackupView {
                version: "1".into(),
                public_key: "public".into(),
                coverage: Coverage::default(),
            },
            private_key: Zeroizing::new([7; 32]),
            proof: Proof {
                version: "1".into(),
                entries: 0,
                open: 0,
                damaged: std::collections::BTreeMap::default(),
                complete: true,
            },
        };
        let view = format!("{:?}", access.view);
        assert_eq!(format!("{access:?}"), format!("BackupAccess {{ view: {view}, .. }}"));
        assert!(!view.contains('7'), "{view}");
    }
}
