//! A new storage key, and the recovery key that opens it.

use secrecy::SecretString;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{base64_text, recovery_key, storage_key::StorageKey};

/// A storage key that was just made. It is nowhere but here until its description is stored.
#[derive(Clone, Debug)]
pub struct FreshKey {
    id: String,
    key: StorageKey,
}

impl FreshKey {
    /// Makes one; `None` when this machine's random numbers fail.
    pub fn generate() -> Option<Self> {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnopqrstuvwxyz2345679";
        let mut bytes = Zeroizing::new(vec![0; 32]);
        aws_lc_rs::rand::fill(&mut bytes).ok()?;
        let mut id = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut id).ok()?;
        Some(Self {
            id: id.iter().map(|it| char::from(LETTERS[usize::from(it % 32)])).collect(),
            key: StorageKey::new(bytes),
        })
    }

    /// Returns its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns what the person keeps: twelve groups of four characters
    /// ([Cryptographic key representation](https://spec.matrix.org/latest/appendices/#cryptographic-key-representation)).
    pub fn recovery_key(&self) -> SecretString {
        recovery_key::encode(self.key.bytes())
    }

    /// Returns the content of `m.secret_storage.key.ID`, with check data
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#msecret_storagev1aes-hmac-sha2)); `None` when this
    /// machine's cipher fails.
    pub fn description(&self) -> Option<Value> {
        let (iv, mac) = self.key.check_data()?;
        Some(json!({
            "algorithm": "m.secret_storage.v1.aes-hmac-sha2",
            "iv": base64_text::encode(&iv),
            "mac": base64_text::encode(&mac),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{key_trial, probe::storage};

    #[tokio::test]
    async fn its_recovery_key_opens_its_description_and_no_other() {
        let (fresh, other) = (FreshKey::generate().unwrap(), FreshKey::generate().unwrap());
        let content = BTreeMap::from([
            (
                format!("m.secret_storage.key.{}", fresh.id()),
                fresh.description().unwrap(),
            ),
            ("m.secret_storage.default_key".to_owned(), json!({"key": fresh.id()})),
        ]);
        let stored = storage::read(&content);
        let opened = key_trial::open_storage(&[fresh.recovery_key(), other.recovery_key()], &stored).await;
        let trial = key_trial::judge(opened, None, &[], None).await;
        assert_eq!(trial.candidates[0].storage_keys, [fresh.id()]);
        assert!(trial.candidates[0].opens_default);
        assert!(trial.candidates[1].storage_keys.is_empty());
    }

    #[test]
    fn debug_shows_no_key() {
        let fresh = FreshKey::generate().unwrap();
        assert_eq!(
            format!("{fresh:?}"),
            format!("FreshKey {{ id: {:?}, key: StorageKey {{ .. }} }}", fresh.id())
        );
    }
}
