//! What a forecast remembers, so that the next one reads only what is new.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read, Write},
};

use aws_lc_rs::digest::{Context, SHA256, digest};
use lifeboat_backup::SessionId;
use matrix_sdk::ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId};
use serde::{Deserialize, Serialize};

use super::{
    ledger::{Key, Kind, Ledger, Row, Test},
    scan::{Remembered, RoomHistory},
};

/// The history of an account as far as it was read: for every room the place, for every message the index of its room
/// key, its moment and eight bytes that stand for its id. No content and no names of rooms.
///
/// Whoever reads it learns who wrote when in which room: it is for the account's owner alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForecastMemory {
    account: OwnedUserId,
    rooms: BTreeMap<OwnedRoomId, Packed>,
}

/// A room in few bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Packed {
    until: String,
    newest: Option<String>,
    senders: Vec<Box<str>>,
    keys: Vec<u8>,
    rows: Vec<u8>,
}

/// The line before the bytes of a room.
#[derive(Serialize, Deserialize)]
struct Head {
    room: OwnedRoomId,
    until: String,
    newest: Option<String>,
    senders: Vec<Box<str>>,
    keys: u64,
    rows: u64,
}

/// The first line. Another one is another format.
const FORMAT: &[u8] = b"lifeboat forecast memory 2\n";
const KEY: usize = 1 + 32 + 4 + 8;
const ROW: usize = 8 + 4 + 4 + 4 + 1 + 1;
const DIGEST: usize = 32;

impl ForecastMemory {
    /// Makes one that remembers nothing of `account`.
    pub fn none_of(account: &UserId) -> Self {
        Self {
            account: account.to_owned(),
            rooms: BTreeMap::new(),
        }
    }

    /// Reads what [`ForecastMemory::write`] wrote for `account`; `None` for everything else, damaged or foreign.
    pub fn from_bytes(account: &UserId, bytes: &[u8]) -> Option<Self> {
        let (body, sum) = bytes.split_last_chunk::<DIGEST>()?;
        if digest(&SHA256, body).as_ref() != sum {
            return None;
        }
        let (mut rest, mut rooms) = (body.strip_prefix(FORMAT)?, BTreeMap::new());
        if line(&mut rest)? != account.as_bytes() {
            return None;
        }
        while !rest.is_empty() {
            let Head {
                room,
                until,
                newest,
                senders,
                keys,
                rows,
            } = serde_json::from_slice(line(&mut rest)?).ok()?;
            let keys = take(&mut rest, keys, KEY)?;
            let rows = take(&mut rest, rows, ROW)?;
            rooms.insert(
                room,
                Packed {
                    until,
                    newest,
                    senders,
                    keys,
                    rows,
                },
            );
        }
        Some(Self {
            account: account.to_owned(),
            rooms,
        })
    }

    /// Writes it in a form to be kept: for this program alone, with a check sum at its end.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut sum = Context::new(&SHA256);
        let mut both = |bytes: &[u8]| {
            sum.update(bytes);
            to.write_all(bytes)
        };
        both(FORMAT)?;
        both(self.account.as_bytes())?;
        both(b"\n")?;
        for (room, packed) in &self.rooms {
            let head = Head {
                room: room.clone(),
                until: packed.until.clone(),
                newest: packed.newest.clone(),
                senders: packed.senders.clone(),
                keys: (packed.keys.len() / KEY) as u64,
                rows: (packed.rows.len() / ROW) as u64,
            };
            both(&serde_json::to_vec(&head)?)?;
            both(b"\n")?;
            both(&packed.keys)?;
            both(&packed.rows)?;
        }
        to.write_all(sum.finish().as_ref())
    }

    /// How many messages it remembers.
    pub fn len(&self) -> usize {
        self.rooms.values().map(|it| it.rows.len() / ROW).sum()
    }

    /// Tells whether it remembers no message at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns what is remembered of a room.
    pub(super) fn room(&self, room: &RoomId) -> Option<Remembered> {
        let packed = self.rooms.get(room)?;
        Some(Remembered {
            ledger: packed.unpack()?,
            until: packed.until.clone(),
            newest: packed.newest.clone(),
        })
    }

    /// Makes the memory of what was read now; other rooms stay as `earlier` has them if they are still `listed`.
    pub(super) fn of(
        account: &UserId,
        histories: Vec<RoomHistory>,
        earlier: Option<&Self>,
        listed: &BTreeSet<OwnedRoomId>,
    ) -> Self {
        let mut rooms = BTreeMap::new();
        // One after the other, so that not everything is there twice.
        for RoomHistory {
            room,
            ledger,
            until,
            newest,
            ..
        } in histories
        {
            if let Some(until) = until {
                rooms.insert(room.id, Packed::of(&ledger, &until, newest));
            }
        }
        for (room, packed) in earlier.into_iter().flat_map(|it| &it.rooms) {
            if listed.contains(room) && !rooms.contains_key(room) {
                rooms.insert(room.clone(), packed.clone());
            }
        }
        Self {
            account: account.to_owned(),
            rooms,
        }
    }
}

impl Packed {
    fn of(ledger: &Ledger, until: &str, newest: Option<String>) -> Self {
        let mut keys = Vec::with_capacity(ledger.keys.len() * KEY);
        for Key {
            session,
            sender,
            tested_with,
        } in &ledger.keys
        {
            keys.push(u8::from(session.is_some()));
            keys.extend_from_slice(&session.map_or([0; 32], |session| *session.as_bytes()));
            keys.extend_from_slice(&sender.to_le_bytes());
            keys.extend_from_slice(&tested_with.to_le_bytes());
        }
        let mut rows = Vec::with_capacity(ledger.rows.len() * ROW);
        for Row {
            id,
            key,
            index,
            at,
            kind,
            test,
        } in &ledger.rows
        {
            rows.extend_from_slice(&id.to_le_bytes());
            for number in [key, index, at] {
                rows.extend_from_slice(&number.to_le_bytes());
            }
            rows.extend_from_slice(&[*kind as u8, *test as u8]);
        }
        Self {
            until: until.to_owned(),
            newest,
            senders: ledger.senders.clone(),
            keys,
            rows,
        }
    }

    fn unpack(&self) -> Option<Ledger> {
        let mut keys = Vec::with_capacity(self.keys.len() / KEY);
        let mut bytes = self.keys.as_slice();
        while !bytes.is_empty() {
            let [present] = array(&mut bytes)?;
            let session = SessionId::from_bytes(array(&mut bytes)?);
            let sender = u32::from_le_bytes(array(&mut bytes)?);
            let tested_with = u64::from_le_bytes(array(&mut bytes)?);
            self.senders.get(sender as usize)?;
            keys.push(Key {
                session: (present == 1).then_some(session),
                sender,
                tested_with,
            });
        }
        let mut rows = Vec::with_capacity(self.rows.len() / ROW);
        let mut bytes = self.rows.as_slice();
        while !bytes.is_empty() {
            let id = u64::from_le_bytes(array(&mut bytes)?);
            let [key, index, at] = [array(&mut bytes)?, array(&mut bytes)?, array(&mut bytes)?].map(u32::from_le_bytes);
            let [kind, test] = array(&mut bytes)?;
            keys.get(key as usize)?;
            rows.push(Row {
                id,
                key,
                index,
                at,
                kind: kind_of(kind)?,
                test: test_of(test)?,
            });
        }
        Some(Ledger {
            senders: self.senders.clone(),
            keys,
            rows,
        })
    }
}

fn kind_of(byte: u8) -> Option<Kind> {
    [Kind::Message, Kind::Outside, Kind::Redacted, Kind::Unreadable]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
}

fn test_of(byte: u8) -> Option<Test> {
    [Test::NotTried, Test::Decrypts, Test::Fails]
        .into_iter()
        .find(|test| *test as u8 == byte)
}

/// Takes a line off, without its end.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, after) = rest.split_at(end);
    *rest = &after[1..];
    Some(line)
}

/// Takes `count` pieces of `size` bytes off.
fn take(rest: &mut &[u8], count: u64, size: usize) -> Option<Vec<u8>> {
    let length = usize::try_from(count).ok()?.checked_mul(size)?;
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken.to_vec())
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let mut array = [0; N];
    bytes.read_exact(&mut array).ok()?;
    Some(array)
}

#[cfg(test)]
mod tests {
    use matrix_sdk::ruma::{room_id, user_id};

    use super::*;

    fn ledger() -> Ledger {
        let key = |session, sender, tested_with| Key {
            session,
            sender,
            tested_with,
        };
        let row = |id, key, kind, test| Row {
            id,
            key,
            index: 7,
            at: u32::MAX,
            kind,
            test,
        };
        Ledger {
            senders: vec!["@a:b".into(), "@\n:c".into()],
            keys: vec![key(Some(SessionId::from_bytes([9; 32])), 1, 5), key(None, 0, 0)],
            rows: vec![
                row(1, 0, Kind::Message, Test::Decrypts),
                row(u64::MAX, 0, Kind::Outside, Test::Fails),
                row(2, 1, Kind::Redacted, Test::NotTried),
                row(3, 1, Kind::Unreadable, Test::NotTried),
            ],
        }
    }

    fn memory() -> ForecastMemory {
        let rooms = [
            (room_id!("!a:b"), Packed::of(&ledger(), "s1\n", Some("$1".to_owned()))),
            (room_id!("!b:b"), Packed::of(&Ledger::default(), "", None)),
        ];
        ForecastMemory {
            account: user_id!("@a:b").to_owned(),
            rooms: rooms
                .into_iter()
                .map(|(room, packed)| (room.to_owned(), packed))
                .collect(),
        }
    }

    fn written() -> Vec<u8> {
        let mut bytes = Vec::new();
        memory().write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn it_comes_back_as_it_was() {
        let bytes = written();
        let again = ForecastMemory::from_bytes(user_id!("@a:b"), &bytes).unwrap();
        assert_eq!(again, memory());
        assert_eq!(
            again.room(room_id!("!a:b")).unwrap(),
            Remembered {
                ledger: ledger(),
                until: "s1\n".to_owned(),
                newest: Some("$1".to_owned())
            }
        );
        assert_eq!((again.len(), again.is_empty()), (4, false));
        assert_eq!(again.room(room_id!("!c:b")), None);
    }

    #[test]
    fn anything_else_is_nothing() {
        let bytes = written();
        assert_eq!(ForecastMemory::from_bytes(user_id!("@b:b"), &bytes), None);
        for length in 0..bytes.len() {
            assert_eq!(ForecastMemory::from_bytes(user_id!("@a:b"), &bytes[..length]), None);
        }
        for place in 0..bytes.len() {
            let mut spoiled = bytes.clone();
            spoiled[place] ^= 1;
            assert_eq!(ForecastMemory::from_bytes(user_id!("@a:b"), &spoiled), None, "{place}");
        }
    }

    #[test]
    fn numbers_that_lead_nowhere_are_refused() {
        for spoil in [
            |it: &mut Ledger| it.rows[0].key = 2,
            |it: &mut Ledger| it.keys[0].sender = 2,
        ] {
            let mut spoiled = ledger();
            spoil(&mut spoiled);
            assert_eq!(Packed::of(&spoiled, "", None).unpack(), None);
        }
        let mut packed = Packed::of(&ledger(), "", None);
        *packed.rows.last_mut().unwrap() = 3;
        assert_eq!(packed.unpack(), None);
    }
}
