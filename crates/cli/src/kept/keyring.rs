//! The system's keyring: Secret Service, macOS Keychain, Windows Credential Manager.

use std::{sync::mpsc, thread, time::Duration};

use keyring::v1::Entry;
use secrecy::{ExposeSecret, SecretString};

/// What the entry is filed under.
const SERVICE: &str = "lifeboat";
/// How long a person may take to unlock the keyring; on machines without one the answer comes at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns the key of `user`'s kept session; `None` when there is no keyring, or no key in it.
pub(super) fn get(user: &str) -> Option<SecretString> {
    let user = user.to_owned();
    patiently(move || Entry::new(SERVICE, &user)?.get_password().map(SecretString::from))
}

/// Stores it; tells whether it can be found there again.
pub(super) fn set(user: &str, key: &SecretString) -> bool {
    let (name, value) = (user.to_owned(), key.clone());
    let stored = patiently(move || Entry::new(SERVICE, &name)?.set_password(value.expose_secret()));
    stored.is_some() && get(user).is_some_and(|it| it.expose_secret() == key.expose_secret())
}

/// Removes it.
pub(super) fn remove(user: &str) {
    let user = user.to_owned();
    let _ = patiently(move || Entry::new(SERVICE, &user)?.delete_credential());
}

/// Keyrings answer when they like, and talk to their own async runtime: they get a thread of their own.
fn patiently<T: Send + 'static>(ask: impl FnOnce() -> keyring::v1::Result<T> + Send + 'static) -> Option<T> {
    let (answer, answered) = mpsc::channel();
    thread::spawn(move || {
        // Nobody listens any more when the time was over.
        let _ = answer.send(ask());
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
