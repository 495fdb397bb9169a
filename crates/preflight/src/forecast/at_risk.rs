//! The room keys that messages at risk need.

use std::collections::{BTreeMap, btree_map::Entry};

use lifeboat_backup::SessionId;
use lifeboat_report::forecast::AtRisk;
use matrix_sdk::ruma::OwnedRoomId;

use super::rooms::Room;

/// A room key that the backup does not hold as it should, with what depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAtRisk {
    /// The room.
    pub room_id: OwnedRoomId,
    /// What the room is called: text from the server.
    pub room_name: Option<String>,
    /// The room key.
    pub session_id: String,
    /// The lowest index of a message at risk: a key that starts later does not help it.
    pub first_index: u32,
    /// How many messages at risk it decrypts.
    pub messages: u64,
    /// Why they are at risk; where there are several causes, that of the first index.
    pub cause: AtRisk,
}

/// Collects them for one room.
#[derive(Debug, Default)]
pub(super) struct Gathering(BTreeMap<SessionId, (u32, u64, AtRisk)>);

impl Gathering {
    /// Takes a message at risk.
    pub(super) fn take(&mut self, session: SessionId, index: u32, cause: AtRisk) {
        match self.0.entry(session) {
            Entry::Vacant(vacant) => {
                vacant.insert((index, 1, cause));
            }
            Entry::Occupied(mut occupied) => {
                let (first, messages, first_cause) = occupied.get_mut();
                *messages += 1;
                if index < *first {
                    (*first, *first_cause) = (index, cause);
                }
            }
        }
    }

    /// Returns them by session id.
    pub(super) fn finish(self, room: &Room) -> impl Iterator<Item = KeyAtRisk> {
        let keys = self.0.into_iter();
        keys.map(|(session, (first_index, messages, cause))| KeyAtRisk {
            room_id: room.id.clone(),
            room_name: room.name.clone(),
            session_id: session.to_string(),
            first_index,
            messages,
            cause,
        })
    }
}
