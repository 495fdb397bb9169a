//! Where a session's encryption keys lie, for a second look beside the SDK's own.

use std::{fmt, path::PathBuf, sync::Arc};

use matrix_sdk::SqliteCryptoStore;
use matrix_sdk_crypto::OlmMachine;
use secrecy::SecretString;
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::{Keeping, SignInError, keep};

/// The store of a session's encryption keys.
#[derive(Clone)]
pub(crate) enum KeyStore {
    /// In memory, gone with the session. The SDK's store there forgets private keys that it has taken, so nothing is to
    /// be read from it.
    Memory,
    /// In a folder that is removed with the session, sealed with a key that is nowhere else.
    Temporary(Arc<TempDir>, Arc<Zeroizing<[u8; 32]>>),
    /// In a sealed folder that stays.
    Disk(PathBuf, SecretString),
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "Memory",
            Self::Temporary(..) => "Temporary(..)",
            Self::Disk(..) => "Disk(..)",
        })
    }
}

impl KeyStore {
    /// Chooses the store of a session.
    pub(super) fn of(keeping: &Keeping) -> Result<Self, SignInError> {
        match keeping {
            Keeping::RemoveAtEnd => Ok(Self::Memory),
            Keeping::RemoveAtEndSealed => Self::temporary(),
            Keeping::Keep(kept) => Ok(Self::Disk(kept.store(), kept.passphrase.clone())),
        }
    }

    /// Returns what seals a store that stays.
    pub(super) fn passphrase(&self) -> Option<&SecretString> {
        match self {
            Self::Disk(_, passphrase) => Some(passphrase),
            Self::Memory | Self::Temporary(..) => None,
        }
    }

    fn temporary() -> Result<Self, SignInError> {
        let folder =
            TempDir::with_prefix("lifeboat-").map_err(|error| SignInError::TemporaryStore(error.to_string()))?;
        let mut key = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(&mut key[..])
            .map_err(|_| SignInError::TemporaryStore("this machine gives no random numbers".to_owned()))?;
        Ok(Self::Temporary(Arc::new(folder), Arc::new(key)))
    }

    /// Opens the store; `None` where it is in memory.
    pub(super) async fn open(&self) -> Result<Option<SqliteCryptoStore>, String> {
        let opened = match self {
            Self::Memory => return Ok(None),
            Self::Temporary(folder, key) => SqliteCryptoStore::open_with_key(folder.path(), Some(&***key)).await,
            Self::Disk(path, passphrase) => {
                SqliteCryptoStore::open_with_key(path, Some(&*keep::store_key(passphrase))).await
            }
        };
        opened.map(Some).map_err(|error| error.to_string())
    }

    /// Opens the machine over the store a second time. What it writes the SDK finds at its next turn: the SDK itself
    /// offers no way to ask for secrets, or to hand out those that it holds.
    pub(crate) async fn machine(&self, client: &matrix_sdk::Client) -> Result<OlmMachine, String> {
        let Some(store) = self.open().await? else {
            return Err("the keys of this session lie in memory, where nothing can be read back".to_owned());
        };
        let (Some(user), Some(device)) = (client.user_id(), client.device_id()) else {
            return Err("the session has no device".to_owned());
        };
        let machine = OlmMachine::with_store(user, device, store, None).await;
        machine.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key() -> std::io::Result<()> {
        let folder = Arc::new(TempDir::new()?);
        let stores = [
            KeyStore::Memory,
            KeyStore::Temporary(folder, Arc::new(Zeroizing::new([7; 32]))),
            KeyStore::Disk(PathBuf::new(), SecretString::from("hunter2")),
        ];
        assert_eq!(format!("{stores:?}"), "[Memory, Temporary(..), Disk(..)]");
        Ok(())
    }
}
