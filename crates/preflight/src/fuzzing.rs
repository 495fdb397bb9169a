//! Doors to the parsers of what servers send, for `fuzz/` alone. Each panics when something does not hold.

use matrix_sdk::ruma::{
    api::{IncomingResponse, client::message::get_message_events},
    exports::http,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{discover, forecast, probe::storage, recovery_key, storage_key::StorageKey};

/// As many rounds as one execution can afford; what says less is derived, too.
const AFFORDABLE: u32 = 64;
/// No server may make somebody wait for more rounds than these.
const MOST_ROUNDS: u32 = 10_000_000;

/// Writes 32 bytes as a recovery key and reads it back, whatever spaces are put between its characters.
///
/// # Panics
///
/// When it is not read back as it was.
pub fn recovery_key(key: &[u8; 32], space: &str) {
    let written = recovery_key::encode(key);
    let spaced = SecretString::from(written.expose_secret().replace(' ', space));
    if space.chars().all(char::is_whitespace) {
        assert_eq!(
            recovery_key::understand(&spaced),
            recovery_key::Understanding::RecoveryKey
        );
        let read = recovery_key::decode(&spaced);
        assert_eq!(read.as_deref().map(Vec::as_slice), Some(&key[..]), "another key");
    }
}

/// Reads account data (an object of contents by type) as secret storage, and tries a key on all of it.
///
/// # Panics
///
/// When a description leads to a derivation that would keep the machine busy, or when zeros open a secret.
pub fn secret_storage(account_data: &[u8]) {
    let Ok(content) = serde_json::from_slice(account_data) else {
        return;
    };
    let stored = storage::read(&content);
    let zeros = StorageKey::new(Zeroizing::new(vec![0; 32]));
    for material in stored.keys.values() {
        if let Some(derivation) = &material.derivation {
            assert!(
                derivation.iterations.get() <= MOST_ROUNDS && derivation.bits <= 4096,
                "absurd"
            );
            if derivation.iterations.get() <= AFFORDABLE {
                let key = derivation.derive("passphrase");
                assert_eq!(key.bytes().len() as u64, derivation.bits / 8);
            }
        }
        if let Some((iv, mac)) = &material.check {
            assert!(!zeros.fits(iv, mac), "a key that nobody has fits");
        }
    }
    for (name, sealed) in &stored.sealed {
        let opens = sealed.values().any(|it| zeros.open(name.event_type(), it).is_some());
        assert!(!opens, "a key that nobody has opens a secret");
    }
}

/// Takes a text for the answer of `GET /_matrix/client/v3/rooms/ROOM/messages`, and enters its events.
///
/// # Panics
///
/// When a message is entered twice, or stands under a room key that is not there.
pub fn messages_page(answer: &[u8]) {
    let answer = get_message_events::v3::Response::try_from_http_response(http::Response::new(answer));
    if let Ok(page) = answer {
        forecast::enter_page(page.chunk.iter().map(|it| it.json().get()));
    }
}

/// Takes a text for `/.well-known/matrix/client`.
///
/// # Panics
///
/// When it leads to something that is no web address.
pub fn well_known(file: &[u8]) {
    let Ok(content) = serde_json::from_slice::<Value>(file) else {
        return;
    };
    if let Ok(url) = discover::read_well_known(&content) {
        assert!(url.has_host() && matches!(url.scheme(), "http" | "https"), "{url}");
    }
}
