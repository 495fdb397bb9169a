//! The system's keyring: Secret Service, macOS Keychain, Windows Credential Manager.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use keyring::v1;
use keyring_core::{CredentialStore, Entry};
use secrecy::{ExposeSecret, SecretString};

/// What the entry is filed under.
const SERVICE: &str = "lifeboat";
/// How long a person may take to unlock the keyring; on machines without one the answer comes at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the keys of kept sessions are filed, by user.
#[derive(Clone, Debug, Default)]
pub(super) struct Keyring {
    /// The system's own unless one is given.
    store: Option<Arc<CredentialStore>>,
}

impl Keyring {
    /// Returns the key of `user`'s kept session; `None` when there is no keyring, or no key in it.
    pub(super) fn get(&self, user: &str) -> Option<SecretString> {
        self.patiently(user, |entry| entry.get_password().map(SecretString::from))
    }

    /// Stores it; tells whether it can be found there again.
    pub(super) fn set(&self, user: &str, key: &SecretString) -> bool {
        let value = key.clone();
        let stored = self.patiently(user, move |entry| entry.set_password(value.expose_secret()));
        stored.is_some()
            && self
                .get(user)
                .is_some_and(|it| it.expose_secret() == key.expose_secret())
    }

    /// Removes it.
    pub(super) fn remove(&self, user: &str) {
        let _ = self.patiently(user, |entry| entry.delete_credential());
    }

    fn entry(&self, user: &str) -> keyring_core::Result<Entry> {
        match &self.store {
            Some(store) => store.build(SERVICE, user, None),
            None => Ok(v1::Entry::new(SERVICE, user)?.inner),
        }
    }

    /// Keyrings answer when they like, and talk to their own async runtime: they get a thread of their own.
    fn patiently<T: Send + 'static>(
        &self,
        user: &str,
        ask: impl FnOnce(Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Option<T> {
        let (keyring, user) = (self.clone(), user.to_owned());
        let (answer, answered) = mpsc::channel();
        thread::spawn(move || {
            // Nobody listens any more when the time was over.
            let _ = answer.send(keyring.entry(&user).and_then(ask));
        });
        match answered.recv_timeout(PATIENCE).ok()? {
            Ok(value) => Some(value),
            Err(error) => {
                // The error names the entry, never its content.
                tracing::debug!(%error, "the keyring does not answer");
                None
            }
        }
    }
}

#[cfg(test)]
impl From<Arc<CredentialStore>> for Keyring {
    fn from(store: Arc<CredentialStore>) -> Self {
        Self { store: Some(store) }
    }
}
