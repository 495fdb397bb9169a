//! A room key outside of any session: in a key file, or in an entry of the backup.

use std::{collections::BTreeMap, fmt};

use lifeboat_backup::SessionId;
use matrix_sdk::ruma::OwnedRoomId;
use serde::{Deserialize, Serialize};
use vodozemac::megolm::{ExportedSessionKey, InboundGroupSession, SessionConfig};
use zeroize::Zeroize;

/// The one algorithm of room keys.
pub(crate) const MEGOLM: &str = "m.megolm.v1.aes-sha2";

/// A room key as key files and the backup hold it. Whoever has it reads the messages of its session.
///
/// [Key export format](https://spec.matrix.org/latest/client-server-api/#key-export-format).
#[derive(Clone, Serialize, Deserialize)]
pub struct RoomKey {
    pub(crate) algorithm: String,
    pub(crate) room_id: OwnedRoomId,
    pub(crate) sender_key: String,
    pub(crate) session_id: String,
    pub(crate) session_key: String,
    #[serde(default)]
    pub(crate) sender_claimed_keys: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) forwarding_curve25519_key_chain: Vec<String>,
    #[serde(default, rename = "m.shared_history")]
    pub(crate) shared_history: bool,
    /// The name of the same before it was part of the specification (MSC3061).
    #[serde(
        default,
        rename = "org.matrix.msc3061.shared_history",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub(crate) unstable_shared_history: bool,
}

impl RoomKey {
    /// Returns the room.
    pub fn room_id(&self) -> &OwnedRoomId {
        &self.room_id
    }

    /// Returns the id of the session.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Checks that this is what its ids say; returns the session and the index of the first message it decrypts.
    pub(crate) fn check(&self) -> Option<(SessionId, u32)> {
        if self.algorithm != MEGOLM {
            return None;
        }
        let exported = ExportedSessionKey::from_base64(&self.session_key).ok()?;
        let session = InboundGroupSession::import(&exported, SessionConfig::version_1());
        if session.session_id() != self.session_id {
            return None;
        }
        Some((SessionId::parse(&self.session_id)?, session.first_known_index()))
    }
}

impl Drop for RoomKey {
    fn drop(&mut self) {
        self.session_key.zeroize();
    }
}

impl fmt::Debug for RoomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomKey")
            .field("room_id", &self.room_id)
            .field("session_id", &self.session_id)
            .finish_non_exhaustive()
    }
}

/// Room keys of several sources, one for each session: the one that decrypts the most.
#[derive(Debug, Default)]
pub struct RoomKeys(BTreeMap<(OwnedRoomId, SessionId), (u32, RoomKey)>);

impl RoomKeys {
    /// Takes a key unless a better one is there; tells whether it is a room key at all.
    pub fn take(&mut self, key: RoomKey) -> bool {
        let Some((session_id, first_index)) = key.check() else {
            return false;
        };
        let place = (key.room_id.clone(), session_id);
        if self.0.get(&place).is_none_or(|(there, _)| first_index < *there) {
            self.0.insert(place, (first_index, key));
        }
        true
    }

    /// Takes every key of `others` that is better than what is there.
    pub fn take_all(&mut self, others: Self) {
        for (place, (first_index, key)) in others.0 {
            if self.0.get(&place).is_none_or(|(there, _)| first_index < *there) {
                self.0.insert(place, (first_index, key));
            }
        }
    }

    /// Leaves out those that `wanted` does not want.
    pub fn retain(&mut self, wanted: impl Fn(&RoomKey) -> bool) {
        self.0.retain(|_, (_, key)| wanted(key));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns all, by room and session, each with the index of the first message it decrypts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SessionId, u32, &RoomKey)> {
        self.0.iter().map(|((_, id), (index, key))| (*id, *index, key))
    }
}

#[cfg(test)]
mod tests {
    use super::{RoomKey, RoomKeys};
    use crate::key_file::tests::key;

    /// Which first message each has, and who sent it.
    fn told(keys: &RoomKeys) -> Vec<(u32, &str)> {
        keys.iter()
            .map(|(_, index, it)| (index, it.sender_key.as_str()))
            .collect()
    }

    fn from(sender: &str, number: u64, index: u32) -> RoomKey {
        let mut key = key(number, index);
        key.sender_key = sender.to_owned();
        key
    }

    #[test]
    fn the_better_of_two_keys_stays_and_of_equal_ones_the_first() {
        let mut keys = RoomKeys::default();
        for (sender, index) in [("a", 5), ("b", 5), ("c", 0), ("d", 0), ("e", 9)] {
            assert!(keys.take(from(sender, 0, index)));
        }
        assert_eq!(told(&keys), [(0, "c")]);
    }

    #[test]
    fn what_is_not_what_it_says_is_not_taken() {
        let mut keys = RoomKeys::default();
        let mut strange = key(1, 0);
        let (session_id, _) = key(2, 0).check().unwrap();
        strange.session_id = session_id.to_string();
        assert_eq!(strange.session_id(), session_id.to_string());
        assert!(!keys.take(strange));
        let mut other = key(1, 0);
        other.algorithm = "m.other".to_owned();
        assert!(!keys.take(other));
        assert!(keys.is_empty());
    }

    #[test]
    fn of_two_sources_the_better_keys_stay() {
        let [mut keys, mut others] = [RoomKeys::default(), RoomKeys::default()];
        for number in 0..3 {
            assert!(keys.take(from("here", number, 5)));
        }
        for (number, index) in [(0, 0), (1, 5), (2, 9), (3, 7)] {
            assert!(others.take(from("there", number, index)));
        }
        keys.take_all(others);
        assert_eq!((keys.len(), keys.is_empty()), (4, false));
        let mut told = told(&keys);
        told.sort();
        assert_eq!(told, [(0, "there"), (5, "here"), (5, "here"), (7, "there")]);
        keys.retain(|it| it.sender_key == "there");
        assert_eq!(keys.len(), 2);
    }
}
