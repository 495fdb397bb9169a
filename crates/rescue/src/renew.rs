//! A new recovery key for the same identity and the same key backup.

use lifeboat_preflight::{BackupConnection, LiveSession, UnlockError};
use lifeboat_report::facts::SecretName;
use secrecy::SecretString;

/// Why there is no new recovery key. The old one is the default still.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// This session does not hold a secret that would have to be stored.
    #[error("this session does not hold {}, which would be lost to the new recovery key.", .0.event_type())]
    Missing(SecretName),
    /// Secret storage could not be written.
    #[error("the secrets could not be stored: {0}.")]
    NotStored(String),
    /// What the session holds could not be told.
    #[error(transparent)]
    Holdings(#[from] UnlockError),
}

/// Stores what a verified session holds under a new recovery key, and makes that the default; returns the key.
///
/// For a recovery key that is lost while a session lives: identity and backup version stay the same, nothing is deleted,
/// and the old storage key and what lies under it stay. Refused unless the session holds everything, so that the new key
/// opens as much as the old one did. Writes `m.secret_storage.key.ID`, every secret, and last
/// `m.secret_storage.default_key` ([spec](https://spec.matrix.org/latest/client-server-api/#secrets)).
pub async fn renew_recovery_key(live: &LiveSession) -> Result<SecretString, RenewError> {
    let held = live.holdings().await?;
    if let Some(missing) = SecretName::IDENTITY.into_iter().find(|it| !held.identity.contains(it)) {
        return Err(RenewError::Missing(missing));
    }
    if !matches!(held.backup, BackupConnection::Connected | BackupConnection::NoBackup) {
        return Err(RenewError::Missing(SecretName::BackupKey));
    }
    let storage = live.client().encryption().secret_storage();
    let store = storage.create_secret_store().await;
    let store = store.map_err(|error| RenewError::NotStored(error.to_string()))?;
    Ok(SecretString::from(store.secret_storage_key()))
}
