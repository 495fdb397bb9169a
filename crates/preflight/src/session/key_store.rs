//! Where a session's encryption keys lie, for a second look beside the SDK's own.

use std::{fmt, path::PathBuf, sync::Arc};

use matrix_sdk::SqliteCryptoStore;
use matrix_sdk_crypto::{
    OlmMachine,
    store::{DynCryptoStore, IntoCryptoStore, MemoryStore},
};
use secrecy::{ExposeSecret, SecretString};

use super::KeepIn;

/// The store of a session's encryption keys.
#[derive(Clone)]
pub(crate) enum KeyStore {
    /// In memory, gone with the session.
    Memory(Arc<MemoryStore>),
    /// In a sealed folder.
    Disk(PathBuf, SecretString),
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory(_) => "Memory(..)",
            Self::Disk(..) => "Disk(..)",
        })
    }
}

impl KeyStore {
    /// Names the store of a session that is kept, or makes one in memory.
    pub(super) fn of(kept: Option<&KeepIn>) -> Self {
        match kept {
            Some(kept) => Self::Disk(kept.store(), kept.passphrase.clone()),
            None => Self::Memory(Arc::new(MemoryStore::new())),
        }
    }

    /// Opens the machine over the store a second time. What it writes the SDK finds at its next turn: the SDK itself
    /// offers no way to ask for secrets, or to hand out those that it holds.
    pub(crate) async fn machine(&self, client: &matrix_sdk::Client) -> Result<OlmMachine, String> {
        let store: Arc<DynCryptoStore> = match self {
            Self::Memory(store) => Arc::clone(store).into_crypto_store(),
            Self::Disk(path, passphrase) => {
                let opened = SqliteCryptoStore::open(path, Some(passphrase.expose_secret())).await;
                opened.map_err(|error| error.to_string())?.into_crypto_store()
            }
        };
        let (Some(user), Some(device)) = (client.user_id(), client.device_id()) else {
            return Err("the session has no device".to_owned());
        };
        let machine = OlmMachine::with_store(user, device, store, None).await;
        machine.map_err(|error| error.to_string())
    }
}
