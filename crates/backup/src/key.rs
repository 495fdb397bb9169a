//! The private key that opens a key backup.

use std::fmt;

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, X25519};
use zeroize::Zeroizing;

use crate::base64;

/// Opens the entries of one key backup version: the private half of the Curve25519 key in its `auth_data`.
///
/// The key lives in the cryptography library's own memory, which is wiped when the last copy is dropped. `Debug` shows
/// nothing of it. See "Backup algorithm: m.megolm_backup.v1.curve25519-aes-sha2" in the Client-Server API.
pub struct BackupKey {
    private: PrivateKey,
    public: [u8; Self::LENGTH],
}

/// The text or the bytes are not a private key of Curve25519.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the backup key is not a Curve25519 private key")]
pub struct BackupKeyRefused;

impl BackupKey {
    /// How many bytes the private key has, and the public one.
    pub const LENGTH: usize = 32;

    /// Takes the private key as secret storage holds it under `m.megolm_backup.v1`: base64, padded or not.
    ///
    /// # Errors
    ///
    /// Fails when the text is not base64 of 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, BackupKeyRefused> {
        Self::from_bytes(&Zeroizing::new(base64::decode(text).ok_or(BackupKeyRefused)?))
    }

    /// Takes the private key itself.
    ///
    /// # Errors
    ///
    /// Fails when the cryptography library refuses the key, which no 32 bytes are known to cause.
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Result<Self, BackupKeyRefused> {
        let private = PrivateKey::from_private_key(&X25519, bytes).map_err(|_| BackupKeyRefused)?;
        let public = private.compute_public_key().map_err(|_| BackupKeyRefused)?;
        let public = public.as_ref().try_into().map_err(|_| BackupKeyRefused)?;
        Ok(Self { private, public })
    }

    /// Returns the public half as unpadded base64, to compare with `auth_data.public_key` of the backup version.
    pub fn public_key(&self) -> String {
        base64::encode(&self.public)
    }

    /// Tells whether this key belongs to the `auth_data.public_key` of a backup version, however that is padded.
    pub fn fits(&self, public_key: &str) -> bool {
        base64::decode(public_key) == Some(self.public)
    }

    /// Computes the secret shared with the key that an entry was encrypted with; `None` for a key of low order, with
    /// which every private key shares the same secret.
    pub(crate) fn agree(&self, ephemeral: &[u8; Self::LENGTH]) -> Option<Zeroizing<[u8; Self::LENGTH]>> {
        agreement::agree(
            &self.private,
            UnparsedPublicKey::new(&X25519, ephemeral),
            (),
            |secret| secret.try_into().map(Zeroizing::new).map_err(|_| ()),
        )
        .ok()
    }
}

impl fmt::Debug for BackupKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BackupKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::BackupKey;

    /// RFC 7748, section 6.1: both sides of the exchange.
    const ALICE: [u8; 32] = hex(b"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const ALICE_PUBLIC: [u8; 32] = hex(b"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    const BOB_PUBLIC: [u8; 32] = hex(b"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    const SHARED: [u8; 32] = hex(b"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");

    const fn hex(text: &[u8; 64]) -> [u8; 32] {
        const fn digit(byte: u8) -> u8 {
            if byte <= b'9' { byte - b'0' } else { byte - b'a' + 10 }
        }
        let mut bytes = [0; 32];
        let mut at = 0;
        while at < 32 {
            bytes[at] = digit(text[2 * at]) * 16 + digit(text[2 * at + 1]);
            at += 1;
        }
        bytes
    }

    #[test]
    fn public_key_and_agreement_follow_the_rfc() {
        let key = BackupKey::from_bytes(&ALICE).unwrap();
        assert_eq!(key.public_key(), super::base64::encode(&ALICE_PUBLIC));
        assert_eq!(*key.agree(&BOB_PUBLIC).unwrap(), SHARED);
    }

    #[test]
    fn fits_its_own_public_key_only() {
        let key = BackupKey::from_bytes(&ALICE).unwrap();
        assert!(key.fits(&key.public_key()));
        assert!(key.fits(&format!("{}=", key.public_key())));
        assert!(!key.fits(&super::base64::encode(&BOB_PUBLIC)));
        assert!(!key.fits("no key"));
    }

    #[test]
    fn points_of_low_order_share_no_secret() {
        let key = BackupKey::from_bytes(&ALICE).unwrap();
        let mut one = [0; 32];
        one[0] = 1;
        assert_eq!(key.agree(&[0; 32]), None);
        assert_eq!(key.agree(&one), None);
    }

    #[test]
    fn takes_base64_of_the_right_length() {
        let text = super::base64::encode(&ALICE);
        for text in [format!("{text}="), text] {
            assert_eq!(
                BackupKey::from_base64(&text).unwrap().agree(&BOB_PUBLIC).as_deref(),
                Some(&SHARED)
            );
            assert!(BackupKey::from_base64(&text[1..]).is_err());
        }
        assert!(BackupKey::from_base64("EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d").is_err());
    }

    #[test]
    fn debug_keeps_quiet() {
        let key = BackupKey::from_bytes(&ALICE).unwrap();
        assert_eq!(format!("{key:?}"), "BackupKey(..)");
        let opener = crate::entry::Opener::new(Some(std::sync::Arc::new(key)));
        assert_eq!(format!("{opener:?}"), "Opener { key: Some(BackupKey(..)), .. }");
    }
}
