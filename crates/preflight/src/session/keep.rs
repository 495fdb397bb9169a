//! A session that outlives its command: in an encrypted store, found again by the next one.

use std::path::PathBuf;

use matrix_sdk::{Client, authentication::matrix::MatrixSession};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::SignInError;

/// Where a kept session lies and what seals it.
#[derive(Debug)]
pub struct KeepIn {
    /// A folder that only its owner may enter; the store is made inside.
    pub folder: PathBuf,
    /// Seals the store.
    pub passphrase: SecretString,
}

impl KeepIn {
    pub(super) fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    pub(super) fn exists(&self) -> bool {
        self.store().is_dir()
    }
}

/// The key under which the session itself lies in its own store, sealed like everything there.
const SESSION: &[u8] = b"org.lifeboat.session";

pub(super) async fn remember(client: &Client) -> Result<(), SignInError> {
    let session = client
        .matrix_auth()
        .session()
        .ok_or_else(|| SignInError::Store("there is no session".to_owned()))?;
    let text = serde_json::to_vec(&session).map_err(|error| SignInError::Store(error.to_string()))?;
    client.state_store().set_custom_value_no_read(SESSION, text).await?;
    Ok(())
}

pub(super) async fn recall(client: &Client) -> Result<Option<MatrixSession>, SignInError> {
    let text = client
        .state_store()
        .get_custom_value(SESSION)
        .await?
        .map(Zeroizing::new);
    Ok(text.and_then(|it| serde_json::from_slice(&it).ok()))
}
