//! The room key inside an opened entry.

use std::{borrow::Cow, collections::HashSet, fmt};

use serde::{
    Deserialize,
    de::{self, IgnoredAny, MapAccess, Visitor},
};
use zeroize::Zeroize;

use super::{
    Damage, ExportedKey, Opened,
    point::is_point,
    quick::{Quick, once},
};
use crate::base64;

/// The only algorithm for room keys in the specification.
const MEGOLM: &str = "m.megolm.v1.aes-sha2";
/// The only version of exported session keys.
const VERSION: u8 = 1;

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

impl<'a> RoomKey<'a> {
    fn parse(plaintext: &'a [u8]) -> Option<Self> {
        match std::str::from_utf8(plaintext) {
            Ok(text) => Self::quick(text).or_else(|| serde_json::from_str(text).ok()),
            // Every reader takes this as long as only unknown fields are affected.
            Err(_) => serde_json::from_slice(plaintext).ok(),
        }
    }

    fn quick(json: &'a str) -> Option<Self> {
        let [mut algorithm, mut sender_key, mut session_key, mut ed25519] = [None; 4];
        let (mut chain, mut shared) = (None, None);
        Quick::read(json, |json, key| match key {
            "algorithm" => once(&mut algorithm, json.text()),
            "sender_key" => once(&mut sender_key, json.text()),
            "session_key" => once(&mut session_key, json.text()),
            "sender_claimed_keys" => json.object(|json, key| match key {
                "ed25519" => once(&mut ed25519, json.text()),
                _ => None,
            }),
            "forwarding_curve25519_key_chain" => once(&mut chain, json.eat("[]")),
            "m.shared_history" => once(&mut shared, json.boolean()),
            _ => None,
        })?;
        Some(Self {
            algorithm: Cow::Borrowed(algorithm?),
            sender_key: Cow::Borrowed(sender_key?),
            session_key: Secret(Cow::Borrowed(session_key?)),
            sender_claimed_keys: ClaimedKeys {
                ed25519: Some(Cow::Borrowed(ed25519?)),
            },
            forwarding_curve25519_key_chain: Vec::new(),
            _shared_history: shared.unwrap_or_default(),
        })
    }
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
#[derive(Default)]
pub(super) struct KnownDevices(HashSet<[u8; 32]>);

impl KnownDevices {
    const MOST: usize = 4096;

    fn is_point(&mut self, key: [u8; 32]) -> bool {
        if self.0.contains(&key) {
            return true;
        }
        if self.0.len() == Self::MOST {
            self.0.clear();
        }
        is_point(&key) && self.0.insert(key)
    }
}

/// Reads the room key out of the plaintext and writes its exported session key to `session_key`.
pub(super) fn read(plaintext: &[u8], devices: &mut KnownDevices, session_key: &mut ExportedKey) -> Result<(), Damage> {
    let key = RoomKey::parse(plaintext).ok_or_else(|| unlike_a_room_key(plaintext))?;
    if key.algorithm != MEGOLM {
        return Err(Damage::Algorithm);
    }
    let chain = key.forwarding_curve25519_key_chain.iter().chain([&key.sender_key]);
    let claimed = key.sender_claimed_keys.ed25519.as_deref();
    let devices_are_keys = chain.map(|key| base64::decode::<32>(key)).all(|key| key.is_some())
        && claimed.is_none_or(|key| base64::decode(key).is_some_and(|key| devices.is_point(key)));
    if !devices_are_keys {
        return Err(Damage::NotARoomKey);
    }
    import(&key.session_key.0, session_key).ok_or(Damage::SessionKey)
}

/// Decodes an exported session key and checks it.
///
/// Exactly this length, although some readers ignore what follows; unpadded base64 only, as all readers want it.
fn import(text: &str, session_key: &mut ExportedKey) -> Option<()> {
    base64::decode_strict_into(text, session_key)?;
    let [version, ..] = *session_key;
    let public_key = Opened(session_key).session_id();
    (version == VERSION && is_point(public_key.as_bytes())).then_some(())
}

/// Says what is wrong with a plaintext that is not a room key of the known algorithm.
fn unlike_a_room_key(plaintext: &[u8]) -> Damage {
    #[derive(Deserialize)]
    struct Algorithm<'a> {
        #[serde(borrow)]
        algorithm: Cow<'a, str>,
    }
    let Some(text) = std::str::from_utf8(plaintext)
        .ok()
        .filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
    else {
        return Damage::NotJson;
    };
    match serde_json::from_str::<Algorithm<'_>>(text) {
        Ok(Algorithm { algorithm }) if algorithm != MEGOLM => Damage::Algorithm,
        _ => Damage::NotARoomKey,
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

#[cfg(test)]
mod tests {
    use super::{KnownDevices, RoomKey};

    const COMPACT: &str = r#"{"algorithm":"m.megolm.v1.aes-sha2","sender_key":"a","session_key":"b","sender_claimed_keys":{"ed25519":"c"},"forwarding_curve25519_key_chain":[],"m.shared_history":false}"#;

    #[test]
    fn the_quick_way_reads_what_clients_write_and_nothing_else() {
        let key = RoomKey::quick(COMPACT).unwrap();
        assert_eq!(
            (&*key.algorithm, &*key.sender_key, &*key.session_key.0),
            ("m.megolm.v1.aes-sha2", "a", "b")
        );
        assert_eq!(key.sender_claimed_keys.ed25519.as_deref(), Some("c"));
        assert!(key.forwarding_curve25519_key_chain.is_empty());
        assert!(RoomKey::quick(&COMPACT.replace(r#","m.shared_history":false"#, "")).is_some());
        assert!(RoomKey::quick(&COMPACT.replace(r#""forwarding_curve25519_key_chain":[],"#, "")).is_some());
        for at in 0..COMPACT.len() {
            assert!(RoomKey::quick(&COMPACT[..at]).is_none());
            for byte in (0..0x80).map(char::from) {
                let mut spoiled = COMPACT.to_owned();
                spoiled.insert(at, byte);
                if let Some(quick) = RoomKey::quick(&spoiled) {
                    let slow: RoomKey<'_> = serde_json::from_str(&spoiled).unwrap();
                    assert_eq!(quick.algorithm, slow.algorithm);
                    assert_eq!(quick.sender_key, slow.sender_key);
                    assert_eq!(quick.session_key.0, slow.session_key.0);
                    assert_eq!(quick.sender_claimed_keys.ed25519, slow.sender_claimed_keys.ed25519);
                    assert!(slow.forwarding_curve25519_key_chain.is_empty());
                }
            }
        }
        for (from, to) in [
            (r#""a""#, r#""a","sender_key":"a""#),
            (r#""c""#, r#""c","ed25519":"c""#),
            (r#""c""#, r#""c","curve25519":"c""#),
            (r#"{"ed25519":"c"}"#, "{}"),
            ("[]", r#"["a"]"#),
            ("[]", r#"[],"forwarding_curve25519_key_chain":[]"#),
            ("false", r#"true,"m.shared_history":true"#),
            ("m.shared_history", "org.matrix.msc3061.shared_history"),
        ] {
            let spoiled = COMPACT.replacen(from, to, 1);
            assert_ne!(spoiled, COMPACT);
            assert!(RoomKey::quick(&spoiled).is_none(), "{spoiled}");
        }
    }

    #[test]
    fn known_devices_are_bounded() {
        let mut devices = KnownDevices::default();
        let mut points = 0;
        for number in 0_u32..3 * KnownDevices::MOST as u32 {
            let mut key = [1; 32];
            key[..4].copy_from_slice(&number.to_le_bytes());
            let lawful = devices.is_point(key);
            points += usize::from(lawful);
            assert_eq!(devices.is_point(key), lawful);
            assert_eq!(devices.0.contains(&key), lawful);
            assert!(devices.0.len() <= KnownDevices::MOST);
        }
        assert!(points > KnownDevices::MOST);
    }
}
