//! The cryptography of secret storage: derive a key, check it, open a secret with it.
//!
//! [`m.secret_storage.v1.aes-hmac-sha2`](https://spec.matrix.org/latest/client-server-api/#msecret_storagev1aes-hmac-sha2):
//! HKDF-SHA-256 makes an AES-256-CTR key and an HMAC-SHA-256 key from the storage key and the secret's name.

use std::{fmt, num::NonZeroU32};

use aws_lc_rs::{
    cipher::{AES_256, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey},
    hkdf, hmac,
    iv::FixedLength,
    pbkdf2,
};
use zeroize::Zeroizing;

/// A private storage key.
#[derive(Clone)]
pub(crate) struct StorageKey(Zeroizing<Vec<u8>>);

impl fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageKey").finish_non_exhaustive()
    }
}

/// Something encrypted under a storage key.
#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    pub(crate) iv: [u8; 16],
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) mac: Vec<u8>,
}

/// How a passphrase becomes a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Derivation {
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: NonZeroU32,
    pub(crate) bits: u64,
}

impl Derivation {
    /// Derives the key from `passphrase` (PBKDF2 with SHA-512). Takes a good part of a second: never on an async thread.
    pub(crate) fn derive(&self, passphrase: &str) -> StorageKey {
        let length = usize::try_from(self.bits / 8).unwrap_or(32);
        let mut key = Zeroizing::new(vec![0; length]);
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA512,
            self.iterations,
            &self.salt,
            passphrase.as_bytes(),
            &mut key,
        );
        StorageKey(key)
    }
}

/// The length of the two keys that HKDF makes.
struct KeyPair;

impl hkdf::KeyType for KeyPair {
    fn len(&self) -> usize {
        64
    }
}

impl StorageKey {
    pub(crate) fn new(key: Zeroizing<Vec<u8>>) -> Self {
        Self(key)
    }

    /// Returns the private bytes, for the legacy keys that are the backup key itself.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Opens a secret; `None` when its MAC does not hold under this key, or this machine's cipher fails.
    pub(crate) fn open(&self, name: &str, sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
        let (aes, mac_key) = self.keys(name)?;
        hmac::verify(&mac_key, &sealed.ciphertext, &sealed.mac).ok()?;
        let mut text = Zeroizing::new(sealed.ciphertext.clone());
        let key = UnboundCipherKey::new(&AES_256, &aes[..]).ok()?;
        DecryptingKey::ctr(key)
            .ok()?
            .decrypt(&mut text, DecryptionContext::Iv128(FixedLength::from(sealed.iv)))
            .ok()?;
        Some(text)
    }

    /// Encrypts a secret under its name; `None` when this machine's cipher or random numbers fail.
    pub(crate) fn seal(&self, name: &str, secret: &[u8]) -> Option<Sealed> {
        let (aes, mac_key) = self.keys(name)?;
        let mut iv = [0; 16];
        aws_lc_rs::rand::fill(&mut iv).ok()?;
        // "Set bit 63 to 0": some implementations count with 64 bits.
        iv[8] &= 0x7f;
        let mut ciphertext = secret.to_vec();
        let key = UnboundCipherKey::new(&AES_256, &aes[..]).ok()?;
        let context = aws_lc_rs::cipher::EncryptionContext::Iv128(FixedLength::from(iv));
        EncryptingKey::ctr(key)
            .ok()?
            .less_safe_encrypt(&mut ciphertext, context)
            .ok()?;
        let mac = hmac::sign(&mac_key, &ciphertext).as_ref().to_vec();
        Some(Sealed { iv, ciphertext, mac })
    }

    /// Tells whether this is the key whose description carries `iv` and `mac`: the MAC over 32 encrypted zero bytes.
    pub(crate) fn fits(&self, iv: &[u8; 16], mac: &[u8]) -> bool {
        self.seal_zeros(iv)
            .is_some_and(|(ciphertext, key)| hmac::verify(&key, &ciphertext, mac).is_ok())
    }

    /// Makes the check data of a description: 32 encrypted zero bytes, as `iv` and MAC.
    pub(crate) fn check_data(&self) -> Option<([u8; 16], Vec<u8>)> {
        let mut iv = [0; 16];
        aws_lc_rs::rand::fill(&mut iv).ok()?;
        iv[8] &= 0x7f;
        let (ciphertext, key) = self.seal_zeros(&iv)?;
        Some((iv, hmac::sign(&key, &ciphertext).as_ref().to_vec()))
    }

    fn seal_zeros(&self, iv: &[u8; 16]) -> Option<(Vec<u8>, hmac::Key)> {
        let (aes, mac_key) = self.keys("")?;
        let mut zeros = vec![0; 32];
        let key = UnboundCipherKey::new(&AES_256, &aes[..]).ok()?;
        let context = aws_lc_rs::cipher::EncryptionContext::Iv128(FixedLength::from(*iv));
        EncryptingKey::ctr(key)
            .ok()?
            .less_safe_encrypt(&mut zeros, context)
            .ok()?;
        Some((zeros, mac_key))
    }

    fn keys(&self, name: &str) -> Option<(Zeroizing<[u8; 32]>, hmac::Key)> {
        let mut both = Zeroizing::new([0; 64]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[0; 32])
            .extract(&self.0)
            .expand(&[name.as_bytes()], KeyPair)
            .ok()?
            .fill(&mut both[..])
            .ok()?;
        let mut aes = Zeroizing::new([0; 32]);
        aes.copy_from_slice(&both[..32]);
        Some((aes, hmac::Key::new(hmac::HMAC_SHA256, &both[32..])))
    }
}

#[cfg(test)]
mod tests {
    use matrix_sdk::ruma::{
        events::secret::request::SecretName, events::secret_storage::key::SecretStorageEncryptionAlgorithm,
    };

    use super::*;
    use crate::recovery_key;

    fn sdk_key(passphrase: Option<&str>) -> (sdk::SecretStorageKey, StorageKey) {
        let theirs = passphrase.map_or_else(sdk::SecretStorageKey::new, sdk::SecretStorageKey::new_from_passphrase);
        let text = secrecy::SecretString::from(theirs.to_base58());
        (theirs, StorageKey::new(recovery_key::decode(&text).unwrap()))
    }

    use matrix_sdk_crypto::secret_storage as sdk;

    fn check_data(key: &sdk::SecretStorageKey) -> ([u8; 16], Vec<u8>) {
        let SecretStorageEncryptionAlgorithm::V1AesHmacSha2(data) = &key.event_content().algorithm else {
            panic!("another algorithm");
        };
        let iv = data.iv.as_ref().unwrap().as_bytes().try_into().unwrap();
        (iv, data.mac.as_ref().unwrap().as_bytes().to_vec())
    }

    #[test]
    fn the_check_data_of_the_sdk_fits_its_key_alone() {
        let (theirs, ours) = sdk_key(None);
        let (iv, mac) = check_data(&theirs);
        assert!(ours.fits(&iv, &mac));
        let (_, stranger) = sdk_key(None);
        assert!(!stranger.fits(&iv, &mac));
    }

    #[test]
    fn a_secret_that_the_sdk_sealed_opens_under_its_own_name_alone() {
        let (theirs, ours) = sdk_key(None);
        let data = theirs.encrypt(b"it is a secret".to_vec(), &SecretName::RecoveryKey);
        let sealed = Sealed {
            iv: data.iv,
            ciphertext: data.ciphertext.as_bytes().to_vec(),
            mac: data.mac.to_vec(),
        };
        assert_eq!(
            ours.open("m.megolm_backup.v1", &sealed).unwrap().as_slice(),
            b"it is a secret"
        );
        assert!(ours.open("m.cross_signing.master", &sealed).is_none());
        let mut damaged = sealed;
        damaged.ciphertext[0] ^= 1;
        assert!(ours.open("m.megolm_backup.v1", &damaged).is_none());
    }

    #[test]
    fn the_sdk_opens_what_is_sealed_here() {
        let (theirs, ours) = sdk_key(None);
        let sealed = ours.seal("m.megolm_backup.v1", b"it is a secret").unwrap();
        assert_eq!(
            ours.open("m.megolm_backup.v1", &sealed).unwrap().as_slice(),
            b"it is a secret"
        );
        let encode = |bytes: &[u8]| base64::Engine::encode(&base64::prelude::BASE64_STANDARD_NO_PAD, bytes);
        let data = serde_json::json!({
            "iv": encode(&sealed.iv), "ciphertext": encode(&sealed.ciphertext), "mac": encode(&sealed.mac),
        });
        let data: sdk::AesHmacSha2EncryptedData = serde_json::from_value(data).unwrap();
        assert_eq!(
            theirs.decrypt(&data, &SecretName::RecoveryKey).unwrap(),
            b"it is a secret"
        );
    }

    #[test]
    fn a_passphrase_derives_the_key_that_the_sdk_derives() {
        let (theirs, ours) = sdk_key(Some("mira's own words"));
        let passphrase = theirs.event_content().passphrase.as_ref().unwrap();
        let derivation = Derivation {
            salt: passphrase.salt.as_bytes().to_vec(),
            iterations: NonZeroU32::new(u64::from(passphrase.iterations).try_into().unwrap()).unwrap(),
            bits: 256,
        };
        assert_eq!(derivation.derive("mira's own words").bytes(), ours.bytes());
    }

    #[test]
    fn debug_shows_no_key() {
        let key = StorageKey::new(Zeroizing::new(vec![7; 32]));
        assert_eq!(format!("{key:?}"), "StorageKey { .. }");
    }
}
