//! Key files: room keys under a passphrase, as Element and others export and import them.
//!
//! [Key exports](https://spec.matrix.org/latest/client-server-api/#key-exports), version 1.

#[cfg(test)]
pub(crate) mod tests;

use std::{fmt, num::NonZeroU32};

use aws_lc_rs::{
    cipher::{AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey},
    hmac,
    iv::FixedLength,
    pbkdf2, rand,
};
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, Engine as _};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::{RoomKey, RoomKeys};

const HEADER: &str = "-----BEGIN MEGOLM SESSION DATA-----";
const FOOTER: &str = "-----END MEGOLM SESSION DATA-----";
const VERSION: u8 = 1;
/// Version, salt, initialization vector, rounds.
const FRONT: usize = 1 + 16 + 16 + 4;
const MAC: usize = 32;
/// As many as other clients write.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(499_999);
/// More would keep the machine busy for minutes: no client writes as many.
const MOST_ROUNDS: u32 = 10_000_000;

/// Why a key file gives no room keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// It does not begin as key files do.
    #[error("this is not a key file.")]
    NotAKeyFile,
    /// Its end is missing.
    #[error("this key file is cut off.")]
    CutOff,
    /// What stands between its first and last line is damaged.
    #[error("this key file is damaged.")]
    Damaged,
    /// It is of a version that nobody knows.
    #[error("this key file is of version {0}, which is not known.")]
    UnknownVersion(u8),
    /// It wants its passphrase to be derived with an absurd number of rounds.
    #[error("this key file asks for {0} rounds of key derivation, which is absurd.")]
    AbsurdRounds(u32),
    /// The passphrase is another one, or somebody has changed the file: the two cannot be told apart.
    #[error("this passphrase does not open the key file, or the file has changed since it was written.")]
    WrongPassphrase,
    /// This machine's cryptography failed.
    #[error("this machine cannot encrypt or decrypt.")]
    Cipher,
}

/// What one key file gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyFileContent {
    /// How many room keys it holds.
    pub keys: u64,
    /// How many of its entries are no room keys, or not those that they say.
    pub odd: u64,
}

/// A key file whose frame is sound; its passphrase is not known yet.
pub struct KeyFile {
    payload: Vec<u8>,
    rounds: NonZeroU32,
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile")
            .field("rounds", &self.rounds)
            .finish_non_exhaustive()
    }
}

impl KeyFile {
    /// Takes a key file apart, as far as that goes without its passphrase.
    pub fn parse(text: &[u8]) -> Result<Self, KeyFileError> {
        let payload = payload(text)?;
        let rounds = rounds(&payload)?;
        Ok(Self { payload, rounds })
    }

    /// Opens it and adds its room keys to `keys`. Derives a key for a second or so: never on an async thread.
    pub fn open(&self, passphrase: &SecretString, keys: &mut RoomKeys) -> Result<KeyFileContent, KeyFileError> {
        // Only the right passphrase leads further: what is no list was written so.
        read_list(&open(&self.payload, self.rounds, passphrase)?, keys)
    }

    /// How many rounds the derivation takes.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn rounds(&self) -> u32 {
        self.rounds.get()
    }
}

/// Adds the room keys of a decrypted list to `keys`.
pub(crate) fn read_list(plain: &[u8], keys: &mut RoomKeys) -> Result<KeyFileContent, KeyFileError> {
    let entries = serde_json::from_slice::<Vec<&RawValue>>(plain)
        .or_else(|_| serde_json::from_slice::<Named<'_>>(plain).map(|it| it.sessions))
        .map_err(|_| KeyFileError::Damaged)?;
    let mut content = KeyFileContent::default();
    for entry in entries {
        match serde_json::from_str::<RoomKey>(entry.get()) {
            Ok(key) if keys.take(key.clone()) => content.keys += 1,
            _ => content.odd += 1,
        }
    }
    Ok(content)
}

/// The list under the name that Nheko's library gives it; the specification has the bare list.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    sessions: Vec<&'a RawValue>,
}

/// Parses and opens a key file at once, see [`KeyFile`].
pub fn read_key_file(
    text: &[u8],
    passphrase: &SecretString,
    keys: &mut RoomKeys,
) -> Result<KeyFileContent, KeyFileError> {
    KeyFile::parse(text)?.open(passphrase, keys)
}

/// Writes a key file. Derives a key for a second or so: never on an async thread.
pub fn write_key_file(keys: &RoomKeys, passphrase: &SecretString) -> Result<String, KeyFileError> {
    let keys: Vec<&RoomKey> = keys.iter().map(|(_, _, key)| key).collect();
    let mut body = Zeroizing::new(serde_json::to_vec(&keys).map_err(|_| KeyFileError::Cipher)?);
    let (salt, iv) = (random()?, fresh_iv()?);
    let (cipher_key, mac_key) = derive(passphrase, &salt, ROUNDS);
    let key = UnboundCipherKey::new(&AES_256, &cipher_key[..]).and_then(EncryptingKey::ctr);
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.and_then(|key| key.less_safe_encrypt(&mut body, context).map(drop))
        .map_err(|_| KeyFileError::Cipher)?;
    let mut payload = vec![VERSION];
    payload.extend([&salt[..], &iv, &ROUNDS.get().to_be_bytes(), &body].concat());
    let tag = hmac::sign(&mac_key, &payload);
    payload.extend(tag.as_ref());
    let text = BASE64_STANDARD.encode(payload);
    // Lines of 96 characters, as Element writes them.
    let lines: Vec<_> = text.as_bytes().chunks(96).map(String::from_utf8_lossy).collect();
    Ok(format!("{HEADER}\n{}\n{FOOTER}\n", lines.join("\n")))
}

fn random() -> Result<[u8; 16], KeyFileError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| KeyFileError::Cipher)?;
    Ok(bytes)
}

/// "Bit 63 of the IV must be 0": some implementations count with 64 bits.
fn fresh_iv() -> Result<[u8; 16], KeyFileError> {
    let mut iv = random()?;
    iv[8] &= 0x7f;
    Ok(iv)
}

/// Decodes what stands between the first and the last line.
fn payload(text: &[u8]) -> Result<Vec<u8>, KeyFileError> {
    let text = std::str::from_utf8(text).map_err(|_| KeyFileError::NotAKeyFile)?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let inner = text.strip_prefix(HEADER).ok_or(KeyFileError::NotAKeyFile)?;
    let inner = inner.strip_suffix(FOOTER).ok_or(KeyFileError::CutOff)?;
    let base64: String = inner.split_whitespace().collect();
    // Some clients leave the padding out.
    let decoded = BASE64_STANDARD_NO_PAD.decode(base64.trim_end_matches('='));
    decoded.map_err(|_| KeyFileError::Damaged)
}

/// Checks the version and the length; returns the rounds.
fn rounds(payload: &[u8]) -> Result<NonZeroU32, KeyFileError> {
    match payload.first() {
        Some(&VERSION) => {}
        Some(other) => return Err(KeyFileError::UnknownVersion(*other)),
        None => return Err(KeyFileError::Damaged),
    }
    let rounds = payload.get(FRONT - 4..FRONT).and_then(|it| it.try_into().ok());
    let rounds = rounds.map(u32::from_be_bytes).filter(|_| payload.len() >= FRONT + MAC);
    let rounds = rounds.ok_or(KeyFileError::Damaged)?;
    let sane = NonZeroU32::new(rounds).filter(|it| it.get() <= MOST_ROUNDS);
    sane.ok_or(KeyFileError::AbsurdRounds(rounds))
}

fn open(payload: &[u8], rounds: NonZeroU32, passphrase: &SecretString) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let (signed, tag) = payload.split_at(payload.len() - MAC);
    let iv: [u8; 16] = signed[17..33].try_into().map_err(|_| KeyFileError::Damaged)?;
    let (cipher_key, mac_key) = derive(passphrase, &signed[1..17], rounds);
    hmac::verify(&mac_key, signed, tag).map_err(|_| KeyFileError::WrongPassphrase)?;
    let mut plain = Zeroizing::new(signed[FRONT..].to_vec());
    let key = UnboundCipherKey::new(&AES_256, &cipher_key[..]).and_then(DecryptingKey::ctr);
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    key.and_then(|key| key.decrypt(&mut plain, context).map(drop))
        .map_err(|_| KeyFileError::Cipher)?;
    Ok(plain)
}

fn derive(passphrase: &SecretString, salt: &[u8], rounds: NonZeroU32) -> (Zeroizing<[u8; 32]>, hmac::Key) {
    let mut both = Zeroizing::new([0; 64]);
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA512,
        rounds,
        salt,
        passphrase.expose_secret().as_bytes(),
        &mut both[..],
    );
    let mut cipher = Zeroizing::new([0; 32]);
    cipher.copy_from_slice(&both[..32]);
    (cipher, hmac::Key::new(hmac::HMAC_SHA256, &both[32..]))
}
