//! The other direction of the scheme: encrypts to a backup key.

use aws_lc_rs::{
    agreement::{PrivateKey, UnparsedPublicKey, X25519, agree},
    cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
};

use super::GenerateError;
use crate::{base64, entry::Keys, key::BackupKey};

/// The three parts of an entry's `session_data`, before base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedText {
    /// The public half of the key made for this entry alone.
    pub ephemeral: [u8; BackupKey::LENGTH],
    /// The encrypted room key.
    pub ciphertext: Vec<u8>,
    /// The first eight bytes of the MAC of nothing.
    pub mac: Vec<u8>,
}

impl SealedText {
    /// Encrypts a plaintext to a backup key.
    pub(super) fn seal(
        plaintext: &[u8],
        public_key: &[u8; BackupKey::LENGTH],
        ephemeral: &[u8; BackupKey::LENGTH],
    ) -> Result<Self, GenerateError> {
        let private = PrivateKey::from_private_key(&X25519, ephemeral).map_err(|_| GenerateError("ephemeral key"))?;
        let public = private
            .compute_public_key()
            .map_err(|_| GenerateError("ephemeral key"))?;
        let public = public.as_ref().try_into().map_err(|_| GenerateError("ephemeral key"))?;
        let unlawful = GenerateError("agreement");
        let keys = agree(
            &private,
            UnparsedPublicKey::new(&X25519, public_key),
            unlawful,
            |secret| secret.try_into().ok().and_then(Keys::derive).ok_or(unlawful),
        )?;
        let mut ciphertext = plaintext.to_vec();
        UnboundCipherKey::new(&AES_256, keys.cipher_key())
            .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
            .and_then(|key| key.less_safe_encrypt(&mut ciphertext, EncryptionContext::Iv128((&keys.vector()).into())))
            .map_err(|_| GenerateError("encryption"))?;
        Ok(Self {
            ephemeral: public,
            ciphertext,
            mac: keys.mac().ok_or(unlawful)?.to_vec(),
        })
    }

    /// Writes the entry as a server lists it ("KeyBackupData").
    pub fn entry(&self, first_message_index: u32) -> String {
        format!(
            r#"{{"first_message_index":{first_message_index},"forwarded_count":0,"is_verified":false,"session_data":{{"ephemeral":"{}","ciphertext":"{}","mac":"{}"}}}}"#,
            base64::encode(&self.ephemeral),
            base64::encode(&self.ciphertext),
            base64::encode(&self.mac),
        )
    }
}
