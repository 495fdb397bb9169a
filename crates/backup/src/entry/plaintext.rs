//! The room key inside an opened entry.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{self, IgnoredAny, MapAccess, Visitor},
};
use zeroize::{Zeroize, Zeroizing};

use super::{Damage, Opened, point::is_point};
use crate::{SessionId, base64};

/// The only algorithm for room keys in the specification.
const MEGOLM: &str = "m.megolm.v1.aes-sha2";

/// Borrows a room key from its JSON, with the strictness of a restore ("BackedUpSessionData").
#[derive(Deserialize)]
struct RoomKey<'a> {
    #[serde(borrow)]
    algorithm: Cow<'a, str>,
    #[serde(borrow)]
    sender_key: Cow<'a, str>,
    #[serde(borrow)]
    session_key: Secret<'a>,
    #[serde(borrow)]
    sender_claimed_keys: ClaimedKeys<'a>,
    #[serde(borrow, default)]
    forwarding_curve25519_key_chain: Vec<Cow<'a, str>>,
    #[serde(rename = "m.shared_history", alias = "org.matrix.msc3061.shared_history", default)]
    _shared_history: bool,
}

/// Borrows a secret text; wipes it when its escapes forced a copy.
#[derive(Deserialize)]
#[serde(transparent)]
struct Secret<'a>(#[serde(borrow)] Cow<'a, str>);

impl Drop for Secret<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(copy) = &mut self.0 {
            copy.zeroize();
        }
    }
}

/// Remembers which device keys were found to be points of the curve: one person's room keys come from few devices.
pub(super) struct KnownDevices(Box<[Option<[u8; 32]>]>);

impl KnownDevices {
    const SLOTS: usize = 256;

    pub(super) fn new() -> Self {
        Self(vec![None; Self::SLOTS].into_boxed_slice())
    }

    fn is_point(&mut self, key: &[u8; 32]) -> bool {
        let slot = &mut self.0[usize::from(key[0]) % Self::SLOTS];
        if *slot == Some(*key) {
            return true;
        }
        let lawful = is_point(key);
        if lawful {
            *slot = Some(*key);
        }
        lawful
    }
}

/// Reads the room key out of the plaintext and checks that it is `listed`.
pub(super) fn read(plaintext: &[u8], listed: SessionId, devices: &mut KnownDevices) -> Result<Opened, Damage> {
    let key: RoomKey<'_> = serde_json::from_slice(plaintext).map_err(|_| unlike_a_room_key(plaintext))?;
    if key.algorithm != MEGOLM {
        return Err(Damage::Algorithm);
    }
    let chain = key.forwarding_curve25519_key_chain.iter().chain([&key.sender_key]);
    let claimed = key.sender_claimed_keys.ed25519.as_deref();
    let devices_are_keys = chain.map(|key| base64::decode::<32>(key)).all(|key| key.is_some())
        && claimed.is_none_or(|key| base64::decode(key).is_some_and(|key| devices.is_point(&key)));
    if !devices_are_keys {
        return Err(Damage::NotARoomKey);
    }
    let opened = Opened::import(&key.session_key.0).ok_or(Damage::SessionKey)?;
    if opened.session_id() != listed {
        return Err(Damage::SessionIdDiffers);
    }
    Ok(opened)
}

/// Says what is wrong with a plaintext that is not a room key of the known algorithm.
fn unlike_a_room_key(plaintext: &[u8]) -> Damage {
    #[derive(Deserialize)]
    struct Algorithm<'a> {
        #[serde(borrow)]
        algorithm: Cow<'a, str>,
    }
    if serde_json::from_slice::<IgnoredAny>(plaintext).is_err() {
        return Damage::NotJson;
    }
    match serde_json::from_slice::<Algorithm<'_>>(plaintext) {
        Ok(Algorithm { algorithm }) if algorithm != MEGOLM => Damage::Algorithm,
        _ => Damage::NotARoomKey,
    }
}

impl Opened {
    const VERSION: u8 = 1;
    const PUBLIC: usize = 133;

    /// Reads an exported session key: version, index (big endian), ratchet, public key ("Session export format").
    ///
    /// Exactly this length, although some readers ignore what follows; unpadded base64 only, as all readers want it.
    fn import(text: &str) -> Option<Self> {
        let key = Self { session_key: Zeroizing::new(base64::decode_strict(text)?) };
        (key.session_key[0] == Self::VERSION && is_point(key.session_id().as_bytes())).then_some(key)
    }

    /// Returns the index of the first message that the room key decrypts.
    pub fn first_index(&self) -> u32 {
        let key = &self.session_key;
        u32::from_be_bytes([key[1], key[2], key[3], key[4]])
    }

    /// Returns the id that follows from the key itself.
    pub fn session_id(&self) -> SessionId {
        let mut id = [0; 32];
        id.copy_from_slice(&self.session_key[Self::PUBLIC..]);
        SessionId::from_bytes(id)
    }
}

/// The claimed key that is checked by a restore; the others may be any text.
#[derive(Default)]
struct ClaimedKeys<'a> {
    ed25519: Option<Cow<'a, str>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for ClaimedKeys<'a> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ClaimedKeysVisitor)
    }
}

struct ClaimedKeysVisitor;

/// Borrows a text where it stands, or copies it where it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for ClaimedKeysVisitor {
    type Value = ClaimedKeys<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map of key algorithms to keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut keys = ClaimedKeys::default();
        while let Some((Text(algorithm), Text(key))) = map.next_entry()? {
            if algorithm == "ed25519" {
                keys.ed25519 = Some(key);
            }
        }
        Ok(keys)
    }
}
