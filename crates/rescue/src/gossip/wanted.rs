//! The ledger of room keys that are asked for.

use std::collections::BTreeMap;

use lifeboat_preflight::KeyAtRisk;
use matrix_sdk::ruma::{OwnedDeviceId, OwnedRoomId, OwnedTransactionId, RoomId, TransactionId};
use tokio::time::Instant;

use super::{Arrival, Gathered};

/// A room and a session id.
type Id = (OwnedRoomId, String);

/// What is asked for, what came, and from whom.
#[derive(Debug)]
pub(super) struct Wanted {
    missing: BTreeMap<Id, (KeyAtRisk, OwnedTransactionId)>,
    arrived: BTreeMap<Id, KeyAtRisk>,
    givers: BTreeMap<Id, OwnedDeviceId>,
    /// The identity keys of those who made the room keys, as the answers tell them; `None` once it was used.
    senders: BTreeMap<Id, Option<String>>,
    given: BTreeMap<OwnedDeviceId, u64>,
    last: Instant,
    /// Where the next questions begin, so that each key has its turn.
    turn: Option<Id>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Wanted {
    pub(super) fn new(keys: Vec<KeyAtRisk>) -> Self {
        let missing = keys
            .into_iter()
            .map(|key| {
                (
                    (key.room_id.clone(), key.session_id.clone()),
                    (key, TransactionId::new()),
                )
            })
            .collect();
        Self {
            missing,
            arrived: BTreeMap::new(),
            givers: BTreeMap::new(),
            senders: BTreeMap::new(),
            given: BTreeMap::new(),
            last: Instant::now(),
            turn: None,
        }
    }

    pub(super) fn all(&self) -> Vec<Id> {
        self.missing.keys().cloned().collect()
    }

    pub(super) fn missing(&self) -> usize {
        self.missing.len()
    }

    pub(super) fn arrivals(&self) -> u64 {
        self.arrived.len() as u64
    }

    pub(super) fn last_arrival(&self) -> Instant {
        self.last
    }

    /// Starts the clock: until now the questions were still being sent.
    pub(super) fn begin_waiting(&mut self) {
        self.last = Instant::now();
    }

    /// Notes that the session took a key.
    pub(super) fn arrived(&mut self, room_id: &RoomId, session_id: &str) {
        let id = (room_id.to_owned(), session_id.to_owned());
        if let Some((key, _)) = self.missing.remove(&id) {
            self.last = Instant::now();
            if let Some(giver) = self.givers.get(&id) {
                *self.given.entry(giver.clone()).or_default() += 1;
            }
            self.arrived.insert(id, key);
        }
    }

    /// Notes who sent a key, whether or not it was taken.
    pub(super) fn note_giver(&mut self, room_id: &RoomId, session_id: &str, device: OwnedDeviceId) {
        let id = (room_id.to_owned(), session_id.to_owned());
        if self.givers.contains_key(&id) {
            return;
        }
        if self.arrived.contains_key(&id) {
            *self.given.entry(device.clone()).or_default() += 1;
        }
        self.givers.insert(id, device);
    }

    /// Notes the identity key of the session that made a room key which is not taken yet.
    pub(super) fn note_sender(&mut self, room_id: &RoomId, session_id: &str, sender_key: String) {
        let id = (room_id.to_owned(), session_id.to_owned());
        if self.missing.contains_key(&id) {
            self.senders.entry(id).or_insert(Some(sender_key));
        }
    }

    /// Returns the keys that were sent and are still missing, each once, with the identity keys noted for them.
    pub(super) fn sent_in_vain(&mut self) -> Vec<(OwnedRoomId, String, String)> {
        let noted = self.senders.iter_mut();
        let missing = noted.filter(|(id, _)| self.missing.contains_key(*id));
        missing
            .filter_map(|((room_id, session_id), sender)| Some((room_id.clone(), session_id.clone(), sender.take()?)))
            .collect()
    }

    /// Returns how many of the keys that were taken each session gave.
    pub(super) fn given(&self) -> &BTreeMap<OwnedDeviceId, u64> {
        &self.given
    }

    /// Returns up to `most` keys that are still missing, each with the id of its question, going round.
    pub(super) fn next_to_ask(&mut self, most: usize) -> Vec<(OwnedRoomId, String, OwnedTransactionId)> {
        let after = |id: &Id| self.turn.as_ref().is_none_or(|turn| id > turn);
        let (later, earlier): (Vec<_>, Vec<_>) = self.missing.iter().partition(|(id, _)| after(id));
        let next: Vec<_> = later.into_iter().chain(earlier).take(most).collect();
        let turn = next.last().map(|(id, _)| (*id).clone());
        let next = next
            .into_iter()
            .map(|((room_id, session_id), (_, request_id))| (room_id.clone(), session_id.clone(), request_id.clone()))
            .collect();
        self.turn = turn;
        next
    }

    pub(super) fn finish(self) -> Gathered {
        let Self {
            missing,
            arrived,
            mut givers,
            ..
        } = self;
        let arrived = arrived.into_iter().map(|(id, key)| Arrival {
            key,
            from: givers.remove(&id),
        });
        Gathered {
            arrived: arrived.collect(),
            missing: missing.into_values().map(|(key, _)| key).collect(),
            unseen: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use lifeboat_report::forecast::AtRisk;
    use matrix_sdk::ruma::{device_id, room_id};

    use super::*;

    fn key(session_id: &str) -> KeyAtRisk {
        KeyAtRisk {
            room_id: room_id!("!a:b").to_owned(),
            room_name: None,
            session_id: session_id.to_owned(),
            first_index: 0,
            messages: 1,
            cause: AtRisk::NotInBackup,
        }
    }

    fn ids(asked: Vec<(OwnedRoomId, String, OwnedTransactionId)>) -> Vec<String> {
        asked.into_iter().map(|(_, id, _)| id).collect()
    }

    #[test]
    fn every_missing_key_has_its_turn() {
        let mut wanted = Wanted::new(["1", "2", "3"].map(key).to_vec());
        assert_eq!(ids(wanted.next_to_ask(2)), ["1", "2"]);
        assert_eq!(ids(wanted.next_to_ask(2)), ["3", "1"]);
        wanted.arrived(room_id!("!a:b"), "2");
        assert_eq!(ids(wanted.next_to_ask(9)), ["3", "1"]);
    }

    #[test]
    fn the_ledger_is_counted() {
        let mut wanted = Wanted::new(["1", "2", "3"].map(key).to_vec());
        let room = room_id!("!a:b");
        let all = ["1", "2", "3"].map(|id| (room.to_owned(), id.to_owned()));
        assert_eq!(wanted.all(), all);
        assert_eq!((wanted.missing(), wanted.arrivals()), (3, 0));
        for id in ["1", "2", "2"] {
            wanted.arrived(room, id);
        }
        assert_eq!((wanted.missing(), wanted.arrivals()), (1, 2));
        assert_eq!(wanted.all(), all[2..]);
    }

    #[test]
    fn the_clock_starts_when_all_is_asked_and_again_with_each_arrival() {
        let mut wanted = Wanted::new(["1"].map(key).to_vec());
        let after = |since: Instant| while Instant::now() <= since {};
        let made = wanted.last_arrival();
        after(made);
        wanted.begin_waiting();
        let begun = wanted.last_arrival();
        assert!(begun > made);
        after(begun);
        wanted.arrived(room_id!("!a:b"), "stranger");
        assert_eq!(wanted.last_arrival(), begun);
        wanted.arrived(room_id!("!a:b"), "1");
        assert!(wanted.last_arrival() > begun);
    }

    #[test]
    fn who_is_known_after_the_key_was_taken_counts_too() {
        let mut wanted = Wanted::new(["1", "2"].map(key).to_vec());
        let (room, phone) = (room_id!("!a:b"), device_id!("PHONE"));
        for id in ["1", "2"] {
            wanted.arrived(room, id);
            wanted.note_giver(room, id, phone.to_owned());
        }
        assert_eq!(*wanted.given(), BTreeMap::from([(phone.to_owned(), 2)]));
    }

    #[test]
    fn what_was_sent_in_vain_is_told_once() {
        let mut wanted = Wanted::new(["1", "2"].map(key).to_vec());
        let room = room_id!("!a:b");
        for id in ["1", "2", "stranger"] {
            wanted.note_sender(room, id, "sender".to_owned());
        }
        wanted.arrived(room, "1");
        assert_eq!(
            wanted.sent_in_vain(),
            [(room.to_owned(), "2".to_owned(), "sender".to_owned())]
        );
        wanted.note_sender(room, "2", "another".to_owned());
        assert_eq!(wanted.sent_in_vain(), []);
    }

    #[test]
    fn only_what_was_taken_counts_for_its_giver() {
        let mut wanted = Wanted::new(["1", "2"].map(key).to_vec());
        let (room, phone) = (room_id!("!a:b"), device_id!("PHONE"));
        wanted.note_giver(room, "1", phone.to_owned());
        wanted.note_giver(room, "2", phone.to_owned());
        wanted.arrived(room, "1");
        wanted.arrived(room, "stranger");
        // Too late: that key was given already.
        wanted.note_giver(room, "1", device_id!("LAPTOP").to_owned());
        assert_eq!(*wanted.given(), BTreeMap::from([(phone.to_owned(), 1)]));
        let gathered = wanted.finish();
        let from = Some(phone.to_owned());
        assert_eq!(gathered.arrived, [Arrival { key: key("1"), from }]);
        assert_eq!(gathered.from(), BTreeMap::from([(phone, 1)]));
        assert_eq!(gathered.missing, [key("2")]);
    }
}
