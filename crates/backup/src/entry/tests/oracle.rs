//! The slow way to open an entry: with vodozemac and owned strings, as matrix-sdk-crypto's restore does it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error as _, de::IgnoredAny};
use vodozemac::{
    Curve25519PublicKey, Curve25519SecretKey, Ed25519PublicKey, base64_decode,
    megolm::{ExportedSessionKey, InboundGroupSession, SessionConfig},
    pk_encryption::{Error, Message, PkDecryption},
};

use crate::{Damage, State};

/// What the oracle says: the state, the first index and the exported session key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opinion {
    pub(super) state: State,
    pub(super) first_index: u32,
    pub(super) session_key: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct KeyBackupData {
    first_message_index: u64,
    #[expect(dead_code, reason = "has to be there")]
    forwarded_count: u64,
    #[expect(dead_code, reason = "has to be there")]
    is_verified: bool,
    session_data: EncryptedSessionData,
}

#[derive(Deserialize)]
struct EncryptedSessionData {
    ephemeral: String,
    ciphertext: String,
    mac: String,
}

#[derive(Deserialize)]
struct BackedUpRoomKey {
    algorithm: String,
    #[expect(dead_code, reason = "has to be a key")]
    #[serde(deserialize_with = "curve_key")]
    sender_key: Curve25519PublicKey,
    session_key: String,
    #[serde(rename = "sender_claimed_keys", deserialize_with = "claimed_keys")]
    _claimed_keys: (),
    #[expect(dead_code, reason = "has to be keys")]
    #[serde(default, deserialize_with = "curve_keys")]
    forwarding_curve25519_key_chain: Vec<Curve25519PublicKey>,
    #[expect(dead_code, reason = "has to be a boolean")]
    #[serde(default, rename = "m.shared_history", alias = "org.matrix.msc3061.shared_history")]
    shared_history: bool,
}

fn curve_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Curve25519PublicKey, D::Error> {
    Curve25519PublicKey::from_base64(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn curve_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Curve25519PublicKey>, D::Error> {
    let keys = Vec::<String>::deserialize(deserializer)?;
    keys.iter()
        .map(|key| Curve25519PublicKey::from_base64(key))
        .collect::<Result<_, _>>()
        .map_err(D::Error::custom)
}

fn claimed_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    let keys = BTreeMap::<String, String>::deserialize(deserializer)?;
    let Some(key) = keys.get("ed25519") else { return Ok(()) };
    // vodozemac 0.10 panics at a text of this length that decodes to 33 bytes.
    if base64_decode(key).is_ok_and(|bytes| bytes.len() == 33) {
        return Err(D::Error::custom("too long"));
    }
    Ed25519PublicKey::from_base64(key).map(|_| ()).map_err(D::Error::custom)
}

/// Opens an entry.
///
/// Stricter than vodozemac in two places, where it takes what libolm and the specification do not: a MAC of more or
/// less than eight bytes, and bytes after an exported session key.
pub(super) fn judge(key: &[u8; 32], listed_as: &str, json: &[u8]) -> Opinion {
    let Ok(data) = serde_json::from_slice::<KeyBackupData>(json) else {
        return Opinion {
            state: State::Damaged(Damage::NotAnEntry),
            first_index: u32::MAX,
            session_key: None,
        };
    };
    let listed = u32::try_from(data.first_message_index).unwrap_or(u32::MAX);
    match open(key, listed_as, &data.session_data) {
        Err(damage) => Opinion {
            state: State::Damaged(damage),
            first_index: listed,
            session_key: None,
        },
        Ok(exported) => {
            let first_index = InboundGroupSession::import(&exported, SessionConfig::version_1()).first_known_index();
            let late = first_index > listed;
            let state = if late {
                State::Damaged(Damage::FirstIndexLater)
            } else {
                State::Opens
            };
            Opinion {
                state,
                first_index,
                session_key: Some(exported.to_bytes()),
            }
        }
    }
}

fn open(key: &[u8; 32], listed_as: &str, data: &EncryptedSessionData) -> Result<ExportedSessionKey, Damage> {
    Curve25519PublicKey::from_base64(&data.ephemeral).map_err(|_| Damage::Ephemeral)?;
    let ciphertext = base64_decode(&data.ciphertext).map_err(|_| Damage::Ciphertext)?;
    if ciphertext.is_empty() || ciphertext.len() % 16 != 0 {
        return Err(Damage::Ciphertext);
    }
    let mac = base64_decode(&data.mac).map_err(|_| Damage::MacForm)?;
    if mac.len() != 8 {
        return Err(Damage::MacForm);
    }
    let message = Message::from_base64(&data.ciphertext, &data.mac, &data.ephemeral).unwrap();
    let plaintext = PkDecryption::from_key(Curve25519SecretKey::from_slice(key)).decrypt(&message);
    let plaintext = plaintext.map_err(|error| match error {
        Error::NonContributoryKey => Damage::Ephemeral,
        Error::Mac(_) => Damage::MacWrong,
        Error::InvalidPadding(_) => Damage::Padding,
    })?;
    let room_key = serde_json::from_slice::<BackedUpRoomKey>(&plaintext);
    let json = serde_json::from_slice::<IgnoredAny>(&plaintext).is_ok() && std::str::from_utf8(&plaintext).is_ok();
    if !json && room_key.is_err() {
        return Err(Damage::NotJson);
    }
    #[derive(Deserialize)]
    struct Algorithm {
        algorithm: String,
    }
    let algorithm = serde_json::from_slice::<Algorithm>(&plaintext).map(|json| json.algorithm);
    if algorithm.is_ok_and(|algorithm| algorithm != "m.megolm.v1.aes-sha2") {
        return Err(Damage::Algorithm);
    }
    let room_key = room_key.map_err(|_| Damage::NotARoomKey)?;
    assert_eq!(room_key.algorithm, "m.megolm.v1.aes-sha2");
    let exported = ExportedSessionKey::from_base64(&room_key.session_key).map_err(|_| Damage::SessionKey)?;
    if base64_decode(&room_key.session_key).unwrap().len() != exported.to_bytes().len() {
        return Err(Damage::SessionKey);
    }
    let session = InboundGroupSession::import(&exported, SessionConfig::version_1());
    if session.session_id() == listed_as {
        Ok(exported)
    } else {
        Err(Damage::SessionIdDiffers)
    }
}
