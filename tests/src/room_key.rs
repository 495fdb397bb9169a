//! Entries of the key backup, opened and closed by hand with the keys of `m.megolm_backup.v1.curve25519-aes-sha2`.

use anyhow::{Context, Result, anyhow};
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use matrix_sdk::encryption::vodozemac::megolm::{
    ExportedSessionKey, InboundGroupSession, MegolmMessage, SessionConfig,
};
use matrix_sdk::encryption::vodozemac::pk_encryption::{Message, PkDecryption, PkEncryption};
use matrix_sdk::encryption::vodozemac::{Curve25519PublicKey, Curve25519SecretKey};
use serde_json::{Value, json};

/// The algorithm of the only kind of backup there is.
pub const BACKUP_ALGORITHM: &str = "m.megolm_backup.v1.curve25519-aes-sha2";

/// The two halves of the key of a backup version.
pub struct BackupKey {
    private: [u8; 32],
    decryption: PkDecryption,
}

impl BackupKey {
    /// Makes a key that no account has.
    pub fn random() -> Result<Self> {
        Ok(Self::from_bytes(&crate::name::bytes()?))
    }

    /// Takes the private half.
    pub fn from_bytes(private: &[u8; 32]) -> Self {
        let decryption = PkDecryption::from_key(Curve25519SecretKey::from_slice(private));
        Self {
            private: *private,
            decryption,
        }
    }

    /// Takes the private half as it stands in secret storage.
    pub fn from_base64(private: &str) -> Result<Self> {
        let private = BASE64_STANDARD_NO_PAD.decode(private.trim_end_matches('='))?;
        Ok(Self::from_bytes(private.as_slice().try_into()?))
    }

    /// The private half, raw.
    pub fn private(&self) -> &[u8; 32] {
        &self.private
    }

    /// The private half as it stands in secret storage.
    pub fn to_base64(&self) -> String {
        BASE64_STANDARD_NO_PAD.encode(self.private)
    }

    /// The public half as it stands in `auth_data`.
    pub fn public(&self) -> String {
        self.decryption.public_key().to_base64()
    }

    /// Opens the `session_data` of an entry.
    pub fn open(&self, session_data: &Value) -> Result<Value> {
        let field = |name: &str| session_data[name].as_str().with_context(|| format!("no {name}"));
        let message = Message::from_base64(field("ciphertext")?, field("mac")?, field("ephemeral")?)?;
        let text = self
            .decryption
            .decrypt(&message)
            .map_err(|error| anyhow!("the entry does not open: {error}"))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// Encrypts a room key into the `session_data` of an entry.
    pub fn close(&self, room_key: &Value) -> Result<Value> {
        let public = Curve25519PublicKey::from_base64(&self.public())?;
        let message = PkEncryption::from(public)
            .encrypt(&serde_json::to_vec(room_key)?)
            .map_err(|error| anyhow!("the entry does not close: {error}"))?;
        Ok(json!({
            "ciphertext": BASE64_STANDARD_NO_PAD.encode(message.ciphertext),
            "mac": BASE64_STANDARD_NO_PAD.encode(message.mac),
            "ephemeral": message.ephemeral_key.to_base64(),
        }))
    }
}

/// Winds a room key forward, so that it cannot read messages before `index` any more.
pub fn start_at(room_key: &Value, index: u32) -> Result<Value> {
    let exported = room_key["session_key"].as_str().context("no session key")?;
    let exported = ExportedSessionKey::from_base64(exported)?;
    let mut session = InboundGroupSession::import(&exported, SessionConfig::version_1());
    let later = session.export_at(index).context("the room key starts later already")?;
    let mut room_key = room_key.clone();
    room_key["session_key"] = json!(later.to_base64());
    Ok(room_key)
}

/// The message index of an encrypted event, which anybody can read.
pub fn message_index(ciphertext: &str) -> Result<u32> {
    Ok(MegolmMessage::from_base64(ciphertext)?.message_index())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_opens_with_its_own_key_only() {
        let key = BackupKey::random().unwrap();
        let entry = key.close(&json!({"session_key": "x"})).unwrap();
        assert_eq!(key.open(&entry).unwrap(), json!({"session_key": "x"}));
        assert!(BackupKey::random().unwrap().open(&entry).is_err());
        assert_eq!(BackupKey::from_base64(&key.to_base64()).unwrap().public(), key.public());
    }
}
