//! Keys of secret storage made by hand: few PBKDF2 rounds, no check data, or whatever a test needs.

use std::num::NonZeroU32;

use anyhow::{Context, Result, anyhow, ensure};
use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{hkdf, hmac, pbkdf2};
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, Engine as _};
use serde_json::{Value, json};

use crate::name;

/// How a key of secret storage came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From random bytes; people have the recovery key only.
    Random,
    /// From a passphrase, by PBKDF2 with SHA-512.
    Passphrase {
        /// Mixed into the derivation.
        salt: String,
        /// How many rounds.
        iterations: u32,
    },
}

/// A key for `m.secret_storage.v1.aes-hmac-sha2`.
#[derive(Clone)]
pub struct StorageKey {
    id: String,
    key: [u8; 32],
    origin: Origin,
}

impl StorageKey {
    /// Makes a random key with a fresh id.
    pub fn random() -> Result<Self> {
        Ok(Self {
            id: fresh_id()?,
            key: name::bytes()?,
            origin: Origin::Random,
        })
    }

    /// Derives a key with a fresh id from a passphrase.
    pub fn from_passphrase(passphrase: &str, iterations: u32) -> Result<Self> {
        Self::derive_from(passphrase, &fresh_id()?, iterations)
    }

    /// Derives a key with a fresh id from a passphrase and a salt, in 256 bits.
    pub fn derive_from(passphrase: &str, salt: &str, iterations: u32) -> Result<Self> {
        let mut key = [0; 32];
        let rounds = NonZeroU32::new(iterations).context("no rounds")?;
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA512,
            rounds,
            salt.as_bytes(),
            passphrase.as_bytes(),
            &mut key,
        );
        Ok(Self {
            id: fresh_id()?,
            key,
            origin: Origin::Passphrase {
                salt: salt.to_owned(),
                iterations,
            },
        })
    }

    /// Reads the key with a known id from its recovery key.
    pub fn from_recovery_key(id: &str, text: &str) -> Result<Self> {
        Ok(Self {
            id: id.to_owned(),
            key: parse_recovery_key(text)?,
            origin: Origin::Random,
        })
    }

    /// The id in account data.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key itself.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.key
    }

    /// What was mixed into the derivation from a passphrase.
    pub(crate) fn salt(&self) -> Option<&str> {
        match &self.origin {
            Origin::Passphrase { salt, .. } => Some(salt),
            Origin::Random => None,
        }
    }

    /// What people write down.
    pub fn recovery_key(&self) -> String {
        print_recovery_key(&self.key)
    }

    /// The content of `m.secret_storage.key.<id>`, with check data.
    pub fn description(&self) -> Result<Value> {
        let check = self.encrypt("", &[0; 32])?;
        let mut description = json!({
            "algorithm": "m.secret_storage.v1.aes-hmac-sha2", "iv": check["iv"], "mac": check["mac"],
        });
        if let Origin::Passphrase { salt, iterations } = &self.origin {
            description["passphrase"] =
                json!({"algorithm": "m.pbkdf2", "salt": salt, "iterations": iterations, "bits": 256});
        }
        Ok(description)
    }

    /// Encrypts a secret: what stands beside the key's id in the secret's `encrypted`.
    pub fn encrypt(&self, name: &str, secret: &[u8]) -> Result<Value> {
        let mut iv: [u8; 16] = name::bytes()?;
        // The counter must not overflow; the specification clears this bit.
        iv[8] &= 0x7f;
        self.encrypt_with(name, iv, secret)
    }

    /// Decrypts what [`Self::encrypt`] or another client made.
    pub fn decrypt(&self, name: &str, encrypted: &Value) -> Result<Vec<u8>> {
        let (aes, mac) = self.derive(name)?;
        let mut text = decode(encrypted, "ciphertext")?;
        ensure!(
            hmac::verify(&mac, &text, &decode(encrypted, "mac")?).is_ok(),
            "the MAC of {name} is wrong"
        );
        let context = DecryptionContext::Iv128(FixedLength::from(bytes_of::<16>(encrypted, "iv")?));
        let key = DecryptingKey::ctr(aes).map_err(|_| anyhow!("no AES"))?;
        key.decrypt(&mut text, context).map_err(|_| anyhow!("no AES"))?;
        Ok(text)
    }

    /// Whether this is the key that a description with check data describes.
    pub fn fits(&self, description: &Value) -> Result<bool> {
        let check = self.encrypt_with("", bytes_of(description, "iv")?, &[0; 32])?;
        Ok(bytes_of::<32>(&check, "mac")? == bytes_of::<32>(description, "mac")?)
    }

    fn encrypt_with(&self, name: &str, iv: [u8; 16], secret: &[u8]) -> Result<Value> {
        let (aes, mac) = self.derive(name)?;
        let mut ciphertext = secret.to_vec();
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        let key = EncryptingKey::ctr(aes).map_err(|_| anyhow!("no AES"))?;
        key.less_safe_encrypt(&mut ciphertext, context)
            .map_err(|_| anyhow!("no AES"))?;
        let mac = hmac::sign(&mac, &ciphertext);
        Ok(json!({
            "iv": BASE64_STANDARD.encode(iv), "ciphertext": BASE64_STANDARD.encode(&ciphertext),
            "mac": BASE64_STANDARD.encode(mac),
        }))
    }

    fn derive(&self, name: &str) -> Result<(UnboundCipherKey, hmac::Key)> {
        let mut keys = [0; 64];
        let info = [name.as_bytes()];
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[0; 32])
            .extract(&self.key)
            .expand(&info, Length(64))
            .and_then(|expanded| expanded.fill(&mut keys))
            .map_err(|_| anyhow!("no HKDF"))?;
        let aes = UnboundCipherKey::new(&AES_256, &keys[..32]).map_err(|_| anyhow!("no AES"))?;
        Ok((aes, hmac::Key::new(hmac::HMAC_SHA256, &keys[32..])))
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Writes 32 bytes as people write down a key: base58 with prefix and parity, in groups of four.
///
/// Specification, appendices, "Cryptographic key representation".
pub fn print_recovery_key(key: &[u8; 32]) -> String {
    let mut bytes = vec![0x8b, 0x01];
    bytes.extend_from_slice(key);
    bytes.push(bytes.iter().fold(0, |parity, byte| parity ^ byte));
    let text = bs58::encode(bytes).into_string();
    let groups: Vec<&str> = text
        .as_bytes()
        .chunks(4)
        .map(|group| str::from_utf8(group).unwrap_or(""))
        .collect();
    groups.join(" ")
}

/// Reads what [`print_recovery_key`] wrote.
pub fn parse_recovery_key(text: &str) -> Result<[u8; 32]> {
    let text: String = text.split_whitespace().collect();
    let bytes = bs58::decode(text).into_vec()?;
    ensure!(
        bytes.len() == 35 && bytes.starts_with(&[0x8b, 0x01]),
        "not a recovery key"
    );
    ensure!(
        bytes.iter().fold(0, |parity, byte| parity ^ byte) == 0,
        "the parity of the recovery key is wrong"
    );
    Ok(bytes[2..34].try_into()?)
}

fn decode(object: &Value, name: &str) -> Result<Vec<u8>> {
    let text = object[name].as_str().with_context(|| format!("no {name}"))?;
    Ok(BASE64_STANDARD_NO_PAD.decode(text.trim_end_matches('='))?)
}

fn bytes_of<const N: usize>(object: &Value, name: &str) -> Result<[u8; N]> {
    decode(object, name)?
        .try_into()
        .map_err(|_| anyhow!("{name} is not {N} bytes long"))
}

fn fresh_id() -> Result<String> {
    Ok(bs58::encode(name::bytes::<24>()?).into_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_back_under_its_own_name_only() {
        let key = StorageKey::random().unwrap();
        let encrypted = key.encrypt("m.megolm_backup.v1", b"secret").unwrap();
        assert_eq!(key.decrypt("m.megolm_backup.v1", &encrypted).unwrap(), b"secret");
        assert!(key.decrypt("m.cross_signing.master", &encrypted).is_err());
    }

    #[test]
    fn a_recovery_key_comes_back_from_its_text() {
        let key = StorageKey::random().unwrap();
        let text = key.recovery_key();
        assert_eq!(parse_recovery_key(&text).unwrap(), key.key);
        assert!(parse_recovery_key(&text.replacen(char::is_alphanumeric, "1", 9)).is_err());
    }

    #[test]
    fn a_key_description_names_the_passphrase_only_when_there_is_one() {
        let description = StorageKey::from_passphrase("open sesame", 10)
            .unwrap()
            .description()
            .unwrap();
        assert_eq!(description["passphrase"]["iterations"], 10);
        let random = StorageKey::random().unwrap();
        assert!(random.description().unwrap().get("passphrase").is_none());
        assert!(random.fits(&random.description().unwrap()).unwrap());
        assert!(!random.fits(&description).unwrap());
    }
}
