//! The encrypted part of an entry, decoded but not opened.

use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use hkdf::{
    Hkdf,
    hmac::{Hmac, Mac as _},
};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Damage, listed::SessionData};
use crate::{base64, key::BackupKey};

/// The block size of AES and the length of its initialisation vector, in bytes.
const BLOCK: usize = 16;
/// How many bytes of the MAC the scheme keeps.
const MAC: usize = 8;

/// Holds the decoded parts of an entry; the ciphertext lies in the buffer that was given to [`Sealed::decode`].
pub(super) struct Sealed<'a> {
    ephemeral: [u8; BackupKey::LENGTH],
    ciphertext: &'a mut [u8],
    mac: [u8; MAC],
}

impl<'a> Sealed<'a> {
    /// Decodes the three texts and checks their lengths, which needs no key; the ciphertext goes to `buffer`.
    pub(super) fn decode(data: &SessionData<'_>, buffer: &'a mut Vec<u8>) -> Result<Self, Damage> {
        let ephemeral = base64::decode(&data.ephemeral).ok_or(Damage::Ephemeral)?;
        let ciphertext = base64::decode_into(data.ciphertext.as_bytes(), buffer).ok_or(Damage::Ciphertext)?;
        if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(BLOCK) {
            return Err(Damage::Ciphertext);
        }
        let mac = base64::decode(&data.mac).ok_or(Damage::MacForm)?;
        Ok(Self {
            ephemeral,
            ciphertext,
            mac,
        })
    }

    /// Decrypts the ciphertext in place and returns the plaintext.
    ///
    /// The scheme is "m.megolm_backup.v1.curve25519-aes-sha2": X25519, then HKDF-SHA-256 without salt and info to 80
    /// bytes (AES key, MAC key, initialisation vector), AES-256-CBC with PKCS#7. The MAC covers the **empty** string,
    /// a mistake of the first implementation that became the specification, so it proves the key and nothing else.
    pub(super) fn open(self, key: &BackupKey) -> Result<&'a [u8], Damage> {
        let secret = key.agree(&self.ephemeral).ok_or(Damage::Ephemeral)?;
        // The cryptography library fails here only when it is out of memory or misused.
        let keys = Keys::derive(&secret).ok_or(Damage::MacWrong)?;
        if keys.mac() != Some(self.mac) {
            return Err(Damage::MacWrong);
        }
        keys.decrypt(self.ciphertext).ok_or(Damage::Padding)
    }
}

/// The 80 bytes that one entry's shared secret expands to.
///
/// For messages this short most of the time of `aws-lc-rs` goes into its contexts: its HKDF and HMAC take 1.1 µs for an
/// entry, those used here, which vodozemac uses too, 0.8 µs. Its AES does not depend on build flags for ARM.
pub(crate) struct Keys(Zeroizing<[u8; Self::LENGTH]>);

impl Keys {
    const LENGTH: usize = 80;

    /// Expands a shared secret; `None` when the cryptography library fails.
    pub(crate) fn derive(secret: &[u8; BackupKey::LENGTH]) -> Option<Self> {
        let mut keys = Zeroizing::new([0; Self::LENGTH]);
        Hkdf::<Sha256>::new(None, secret).expand(b"", keys.as_mut()).ok()?;
        Some(Self(keys))
    }

    /// The key of AES-256.
    pub(crate) fn cipher_key(&self) -> &[u8] {
        &self.0[..32]
    }

    /// The initialisation vector of CBC.
    pub(crate) fn vector(&self) -> [u8; BLOCK] {
        let mut vector = [0; BLOCK];
        vector.copy_from_slice(&self.0[64..]);
        vector
    }

    /// The MAC of nothing, cut as the scheme wants it; `None` when the cryptography library fails.
    pub(crate) fn mac(&self) -> Option<[u8; MAC]> {
        let tag = Hmac::<Sha256>::new_from_slice(&self.0[32..64])
            .ok()?
            .finalize()
            .into_bytes();
        tag.first_chunk().copied()
    }

    fn decrypt<'a>(&self, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
        let key = UnboundCipherKey::new(&AES_256, self.cipher_key())
            .and_then(DecryptingKey::cbc)
            .ok()?;
        let plaintext = key
            .decrypt(buffer, DecryptionContext::Iv128((&self.vector()).into()))
            .ok()?;
        unpad(plaintext)
    }
}

/// Removes PKCS#7 padding: one to sixteen bytes, each of which is their number.
fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let &count = padded.last()?;
    let (text, padding) = padded.split_at_checked(padded.len().checked_sub(usize::from(count))?)?;
    let lawful = (1..=BLOCK).contains(&padding.len()) && padding.iter().all(|&byte| byte == count);
    lawful.then_some(text)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{Damage, Sealed, SessionData, unpad};
    use crate::{BackupKey, base64};

    fn decode(ephemeral: &str, ciphertext: &str, mac: &str) -> Result<usize, Damage> {
        let mut buffer = vec![1; 5];
        let data = SessionData {
            ephemeral: Cow::Borrowed(ephemeral),
            ciphertext: Cow::Borrowed(ciphertext),
            mac: Cow::Borrowed(mac),
        };
        Sealed::decode(&data, &mut buffer).map(|sealed| sealed.ciphertext.len())
    }

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const BLOCK: &str = "AAAAAAAAAAAAAAAAAAAAAA";
    const MAC: &str = "AAAAAAAAAAA";

    #[test]
    fn lengths_are_checked_without_a_key() {
        assert_eq!(decode(KEY, BLOCK, MAC), Ok(16));
        assert_eq!(decode(KEY, &format!("{}{BLOCK}", "A".repeat(64)), MAC), Ok(64));
        assert_eq!(
            decode(&format!("{KEY}="), &format!("{BLOCK}=="), &format!("{MAC}=")),
            Ok(16)
        );
        assert_eq!(decode("", BLOCK, MAC), Err(Damage::Ephemeral));
        assert_eq!(decode(&KEY[1..], BLOCK, MAC), Err(Damage::Ephemeral));
        assert_eq!(decode(KEY, "", MAC), Err(Damage::Ciphertext));
        assert_eq!(decode(KEY, "AAAAAAAAAAAAAAAAAAAA", MAC), Err(Damage::Ciphertext));
        assert_eq!(decode(KEY, "AAAAAAAAAAAAAAAAAAAAAAA", MAC), Err(Damage::Ciphertext));
        assert_eq!(decode(KEY, "?AAAAAAAAAAAAAAAAAAAAA", MAC), Err(Damage::Ciphertext));
        assert_eq!(decode(KEY, BLOCK, &MAC[1..]), Err(Damage::MacForm));
        assert_eq!(decode(KEY, BLOCK, "AAAAAAAAAAAA"), Err(Damage::MacForm));
        assert_eq!(decode(KEY, BLOCK, ""), Err(Damage::MacForm));
    }

    /// The steps of the specification, done with the keys of RFC 7748, section 6.1; the same as in libolm's `test_pk`.
    #[test]
    fn the_vector_of_the_scheme_opens_with_a_mac_over_nothing() {
        const EPHEMERAL: &str = "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08";
        const CIPHERTEXT: &str = "ntk49j/KozVFtSqJXhCejg";
        let alice = base64::decode("dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo").unwrap();
        let key = BackupKey::from_bytes(&alice).unwrap();
        // The second is what a MAC over the ciphertext would be.
        for (mac, expected) in [
            ("zpzU6BkZcNI", Ok(&b"This is a test"[..])),
            ("0YKKo6yL6p8", Err(Damage::MacWrong)),
        ] {
            let [ephemeral, ciphertext, mac] = [EPHEMERAL, CIPHERTEXT, mac].map(Cow::Borrowed);
            let data = SessionData {
                ephemeral,
                ciphertext,
                mac,
            };
            let mut buffer = Vec::new();
            let sealed = Sealed::decode(&data, &mut buffer).unwrap();
            assert_eq!(sealed.open(&key), expected);
        }
    }

    #[test]
    fn padding_is_removed_only_when_lawful() {
        assert_eq!(unpad(b"text\x01"), Some(&b"text"[..]));
        assert_eq!(unpad(b"text\x03\x03\x03"), Some(&b"text"[..]));
        assert_eq!(unpad(&[16; 16]), Some(&b""[..]));
        assert_eq!(unpad(&[16; 32]), Some(&[16; 16][..]));
        assert_eq!(unpad(&[17; 32]), None);
        assert_eq!(unpad(b"text\x00"), None);
        assert_eq!(unpad(b"text\x02"), None);
        assert_eq!(unpad(b"\x02\x03\x03"), None);
        assert_eq!(unpad(b"\x02"), None);
        assert_eq!(unpad(b""), None);
    }
}
