//! The room keys that a session holds itself.

use std::path::Path;

use lifeboat_preflight::OwnSession;
use secrecy::{ExposeSecret, SecretString};

use crate::{KeyFileError, RoomKeys, read_key_file};

/// Why what a session holds could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HeldError {
    /// The local store failed, or the folder cannot be written to.
    #[error("the room keys of this session cannot be read: {0}.")]
    Store(String),
    /// What the SDK wrote does not open.
    #[error(transparent)]
    File(#[from] KeyFileError),
}

/// Returns every room key in the store of `session`. Nothing is sent.
///
/// The SDK hands them out in a key file only: one is written into `folder`, which must be private and new, under a
/// passphrase that nobody ever sees, and removed again.
pub async fn held_room_keys(session: &OwnSession, folder: &Path) -> Result<RoomKeys, HeldError> {
    let client = session.caller().client();
    client.encryption().wait_for_e2ee_initialization_tasks().await;
    let file = folder.join("held");
    let passphrase = passphrase()?;
    let written = client
        .encryption()
        .export_room_keys(file.clone(), passphrase.expose_secret(), |_| true)
        .await;
    written.map_err(|error| HeldError::Store(error.to_string()))?;
    let opened = tokio::task::spawn_blocking(move || {
        let text = std::fs::read(&file).map_err(|error| HeldError::Store(error.to_string()))?;
        std::fs::remove_file(&file).map_err(|error| HeldError::Store(error.to_string()))?;
        let mut keys = RoomKeys::default();
        read_key_file(&text, &passphrase, &mut keys)?;
        Ok(keys)
    });
    opened.await.map_err(|error| HeldError::Store(error.to_string()))?
}

fn passphrase() -> Result<SecretString, HeldError> {
    use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
    let mut random = zeroize::Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(&mut random[..]).map_err(|_| KeyFileError::Cipher)?;
    Ok(SecretString::from(BASE64_STANDARD_NO_PAD.encode(&random[..])))
}
