//! Seals what proves to the server that a mail was asked for by us, so that an interrupted reset can go on with it.

use std::borrow::Cow;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest, pbkdf2, rand,
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::route::email::MailProof;

/// A sealed [`MailProof`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// PBKDF2 salt; absent when the key needs no stretching.
    salt: Option<String>,
    nonce: String,
    text: String,
}

/// The key that seals.
#[derive(Clone, Debug)]
pub enum Sealer {
    /// At least 256 random bits as text, kept in the system's keyring.
    Keyring(SecretString),
    /// Something that the person will type again: stretched with PBKDF2.
    Passphrase(SecretString),
}

/// PBKDF2-HMAC-SHA-512 rounds, as many as secret storage has.
const ROUNDS: std::num::NonZeroU32 = match std::num::NonZeroU32::new(500_000) {
    Some(rounds) => rounds,
    None => std::num::NonZeroU32::MIN,
};

/// Borrows from a text that is wiped.
#[derive(Serialize, Deserialize)]
struct Clear<'a> {
    sid: Cow<'a, str>,
    #[serde(borrow)]
    client_secret: Cow<'a, str>,
}

impl Sealer {
    /// Seals `proof`; `None` when the machine gives no random numbers. Takes a while with a passphrase.
    pub fn seal(&self, proof: &MailProof) -> Option<Sealed> {
        let clear = Clear {
            sid: Cow::Borrowed(&proof.sid),
            client_secret: Cow::Borrowed(proof.client_secret.expose_secret()),
        };
        let mut text = Zeroizing::new(serde_json::to_vec(&clear).ok()?);
        let mut nonce = [0; 12];
        rand::fill(&mut nonce).ok()?;
        let salt = match self {
            Self::Keyring(_) => None,
            Self::Passphrase(_) => {
                let mut salt = [0; 32];
                rand::fill(&mut salt).ok()?;
                Some(salt)
            }
        };
        let key = self.key(salt.as_ref().map(|it| &it[..]))?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut *text)
            .ok()?;
        Some(Sealed {
            salt: salt.map(|it| STANDARD_NO_PAD.encode(it)),
            nonce: STANDARD_NO_PAD.encode(nonce),
            text: STANDARD_NO_PAD.encode(&*text),
        })
    }

    /// Opens `sealed`; `None` when this is not the key that sealed it. Takes a while with a passphrase.
    pub fn open(&self, sealed: &Sealed) -> Option<MailProof> {
        let decode = |text: &str| STANDARD_NO_PAD.decode(text).ok();
        let salt = match &sealed.salt {
            Some(salt) => Some(decode(salt)?),
            None => None,
        };
        let key = self.key(salt.as_deref())?;
        let nonce = Nonce::try_assume_unique_for_key(&decode(&sealed.nonce)?).ok()?;
        let mut text = Zeroizing::new(decode(&sealed.text)?);
        let clear = key.open_in_place(nonce, Aad::empty(), &mut text).ok()?;
        let clear: Clear<'_> = serde_json::from_slice(clear).ok()?;
        Some(MailProof {
            sid: clear.sid.into_owned(),
            client_secret: SecretString::from(clear.client_secret.into_owned()),
        })
    }

    fn key(&self, salt: Option<&[u8]>) -> Option<LessSafeKey> {
        let mut bytes = Zeroizing::new([0; 32]);
        match (self, salt) {
            (Self::Keyring(key), None) => {
                bytes.copy_from_slice(digest::digest(&digest::SHA256, key.expose_secret().as_bytes()).as_ref());
            }
            (Self::Passphrase(passphrase), Some(salt)) => pbkdf2::derive(
                pbkdf2::PBKDF2_HMAC_SHA512,
                ROUNDS,
                salt,
                passphrase.expose_secret().as_bytes(),
                &mut *bytes,
            ),
            _ => return None,
        }
        UnboundKey::new(&AES_256_GCM, &*bytes).ok().map(LessSafeKey::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof() -> MailProof {
        MailProof {
            sid: "NJGRhtWS".into(),
            client_secret: "our-own-secret".into(),
        }
    }

    #[test]
    fn only_the_key_that_sealed_it_opens_it() {
        let keyring = |byte: u8| Sealer::Keyring(format!("{byte:064x}").into());
        let typed = |text: &str| Sealer::Passphrase(text.into());
        let sealers = [keyring(1), keyring(2), typed("one"), typed("two")];
        for (number, sealer) in sealers.iter().enumerate() {
            let sealed = sealer.seal(&proof()).unwrap();
            let written = serde_json::to_string(&sealed).unwrap();
            assert!(
                !written.contains("NJGRhtWS") && !written.contains("our-own"),
                "{written}"
            );
            for (other, opener) in sealers.iter().enumerate() {
                let opened = opener.open(&sealed);
                assert_eq!(opened.is_some(), number == other, "{number} {other}");
                if let Some(opened) = opened {
                    assert_eq!(opened.sid, proof().sid);
                    assert_eq!(opened.client_secret.expose_secret(), "our-own-secret");
                }
            }
        }
    }

    #[test]
    fn debug_keeps_quiet() {
        let told = format!("{:?} {:?}", proof(), Sealer::Passphrase("a secret".into()));
        assert_eq!(
            told,
            "MailProof { sid: \"NJGRhtWS\", client_secret: SecretBox<str>([REDACTED]) } \
             Passphrase(SecretBox<str>([REDACTED]))"
        );
    }
}
