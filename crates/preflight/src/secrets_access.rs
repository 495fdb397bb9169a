//! Secret storage, opened: its secrets and its keys, for those who mend it.

use std::{collections::BTreeMap, fmt};

use lifeboat_report::{
    Fact, Gap,
    facts::{SecretName, SecretTrial},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    OwnSession, base64_text,
    key_trial::{self, OpenedSecret},
    probe::{backup::newest_backup, published::published_keys, storage::stored_secrets},
    signed_json,
    storage_key::{Sealed, StorageKey},
};

/// What was typed has opened in secret storage.
pub struct SecretsAccess {
    user: String,
    keys: BTreeMap<String, StorageKey>,
    secrets: BTreeMap<SecretName, (Zeroizing<[u8; 32]>, SecretTrial)>,
    sealed: BTreeMap<SecretName, BTreeMap<String, Sealed>>,
}

impl fmt::Debug for SecretsAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsAccess")
            .field("keys", &self.keys.keys())
            .field("secrets", &self.secrets.keys())
            .finish_non_exhaustive()
    }
}

/// Why secret storage is not open. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsAccessError {
    /// Nothing that was typed opens any of its keys.
    #[error("this recovery key or passphrase does not open secret storage.")]
    WrongKey,
    /// The server could not be asked.
    #[error("secret storage could not be read: {}.", .0.words())]
    Unknown(Gap),
    /// The server or another session has ended the session.
    #[error("this session was ended by the server or by another session.")]
    SessionEnded,
}

impl SecretsAccess {
    /// Opens every storage key that one of `typed` opens, and every secret below them; compares each with what is
    /// published. Changes nothing.
    pub async fn open(session: &OwnSession, typed: &[SecretString]) -> Result<Self, SecretsAccessError> {
        let (caller, user) = (session.caller(), session.user_id());
        let failed = |gap| match caller.session_ended() {
            true => SecretsAccessError::SessionEnded,
            false => SecretsAccessError::Unknown(gap),
        };
        let (stored, published, newest) = futures_util::join!(
            stored_secrets(caller, user),
            published_keys(caller, user),
            newest_backup(caller)
        );
        let (stored, published, newest) = match (stored, published, newest) {
            (Fact::Known(stored), Fact::Known(published), Fact::Known(newest)) => (stored, published, newest),
            (Fact::Unknown(gap), _, _) | (_, Fact::Unknown(gap), _) | (_, _, Fact::Unknown(gap)) => {
                return Err(failed(gap));
            }
        };
        let mut access = Self {
            user: user.to_string(),
            keys: BTreeMap::new(),
            secrets: BTreeMap::new(),
            sealed: BTreeMap::new(),
        };
        for opened in key_trial::open_storage(typed, &stored).await {
            access.keys.extend(opened.storage_keys);
            for (name, secret) in opened.secrets {
                let trial = key_trial::compare(name, &secret, Some(&published), newest.as_ref());
                let better = access.secrets.get(&name).is_none_or(|(_, there)| trial < *there);
                if let (OpenedSecret::Key(key), true) = (secret, better) {
                    access.secrets.insert(name, (key, trial));
                }
            }
        }
        access.sealed = stored.sealed;
        match access.keys.is_empty() {
            true => Err(SecretsAccessError::WrongKey),
            false => Ok(access),
        }
    }

    /// Tells whether a storage key is open.
    pub fn opens(&self, key_id: &str) -> bool {
        self.keys.contains_key(key_id)
    }

    /// Returns a secret whose public half is the published one.
    pub fn fitting(&self, name: SecretName) -> Option<&[u8; 32]> {
        let (key, trial) = self.secrets.get(&name)?;
        (*trial == SecretTrial::Fits).then_some(&**key)
    }

    /// Returns what is stored under one storage key that is open, whether it fits anything or not.
    pub fn under(&self, key_id: &str, name: SecretName) -> Option<Zeroizing<[u8; 32]>> {
        let sealed = self.sealed.get(&name)?.get(key_id)?;
        let text = self.keys.get(key_id)?.open(name.event_type(), sealed)?;
        key_trial::private_key(&text)
    }

    /// Encrypts a secret under a storage key, as it stands in account data
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#msecret_storagev1aes-hmac-sha2)); `None` when that key
    /// is not open.
    pub fn seal(&self, key_id: &str, name: SecretName, secret: &[u8; 32]) -> Option<Value> {
        let text = Zeroizing::new(base64_text::encode(secret));
        let sealed = self.keys.get(key_id)?.seal(name.event_type(), text.as_bytes())?;
        Some(json!({
            "iv": base64_text::encode(&sealed.iv),
            "ciphertext": base64_text::encode(&sealed.ciphertext),
            "mac": base64_text::encode(&sealed.mac),
        }))
    }

    /// Signs the keys of one of the user's sessions with the identity's self-signing key, beside the signatures that are
    /// there; `None` when that key is not open or does not fit.
    pub fn sign_session(&self, device_keys: &mut Value) -> Option<()> {
        signed_json::sign(device_keys, &self.user, self.fitting(SecretName::SelfSigning)?)
    }

    /// Signs `object` with the identity's master key, beside the signatures that are there; `None` when that key is not
    /// open or does not fit.
    pub fn sign_as_identity(&self, object: &mut Value) -> Option<()> {
        signed_json::sign(object, &self.user, self.fitting(SecretName::Master)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key() {
        let key = Zeroizing::new([7; 32]);
        let access = SecretsAccess {
            user: "@mira:example.org".into(),
            keys: [("ID".to_owned(), StorageKey::new(Zeroizing::new(vec![7; 32])))].into(),
            secrets: [(SecretName::BackupKey, (key, SecretTrial::Fits))].into(),
            sealed: BTreeMap::new(),
        };
        assert_eq!(
            format!("{access:?}"),
            "SecretsAccess { keys: [\"ID\"], secrets: [BackupKey], .. }"
        );
    }
}
