//! Compares messages with what the key backup holds.

mod table;

use std::{cmp::Ordering, fmt};

pub(crate) use self::table::{Repeats, Row, Settled, Table};
use crate::{Damage, SessionId, State};

/// Says whether one message stays readable with nothing but the key backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The backup holds a room key that fits.
    Covered,
    /// The backup holds no room key for the message's session in this room.
    NotInBackup,
    /// The backup holds a room key that starts after this message.
    StartsTooLate {
        /// How many messages of the session, from this one on, come before the key starts.
        by: u32,
    },
    /// The backup has an entry for the session, from which no room key comes back.
    Damaged(Damage),
}

impl Standing {
    /// Judges the message at `index` of a session by the session's entry, if there is one.
    ///
    /// A room key decrypts the messages from its first index on ("Megolm", "Sharing session data").
    pub const fn of(entry: Option<Entry>, index: u32) -> Self {
        match entry {
            None => Self::NotInBackup,
            Some(Entry {
                state: State::Damaged(damage),
                ..
            }) if !damage.leaves_a_key() => Self::Damaged(damage),
            Some(Entry { first_index, .. }) => match first_index.checked_sub(index) {
                None | Some(0) => Self::Covered,
                Some(by) => Self::StartsTooLate { by },
            },
        }
    }
}

/// What the backup holds for one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The index of the first message that the room key decrypts, as far as known.
    pub first_index: u32,
    /// What is known about the entry.
    pub state: State,
}

/// Holds for every room which sessions the key backup has, from which message on.
///
/// Takes 44 bytes for each entry.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// All room ids, sorted, one after the other.
    names: String,
    /// Sorted by room id.
    rooms: Vec<Span>,
    /// Sorted by room and session id, no two for the same.
    rows: Vec<Row>,
}

/// Where a room ends in `names` and in `rows`; it begins where the room before ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Span {
    name_end: usize,
    row_end: usize,
}

impl Coverage {
    /// Merges what two sources hold: of two entries for a session the one that decrypts more messages counts.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let mut table = Table::default();
        for room in self.rooms().chain(other.rooms()) {
            let ordinal = table.room(room.id);
            table
                .rows
                .extend(room.rows.iter().map(|row| Row { room: ordinal, ..*row }));
        }
        table.settle(Repeats::Merge).coverage
    }

    /// Judges one message by the ids in its event and the index in its ciphertext.
    pub fn standing(&self, room_id: &str, session_id: &str, index: u32) -> Standing {
        Standing::of(
            self.room(room_id)
                .and_then(|room| room.entry(SessionId::parse(session_id)?)),
            index,
        )
    }

    /// Returns what the backup holds for one room.
    pub fn room(&self, room_id: &str) -> Option<RoomCoverage<'_>> {
        let mut below = 0;
        let mut above = self.rooms.len();
        while below < above {
            let middle = usize::midpoint(below, above);
            let room = self.nth(middle)?;
            match room.id.cmp(room_id) {
                Ordering::Less => below = middle + 1,
                Ordering::Equal => return Some(room),
                Ordering::Greater => above = middle,
            }
        }
        None
    }

    /// Returns every room that is listed, sorted by id; one without entries too.
    pub fn rooms(&self) -> impl Iterator<Item = RoomCoverage<'_>> {
        (0..self.rooms.len()).filter_map(|at| self.nth(at))
    }

    /// How many sessions the backup holds.
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Tells whether the backup holds no session at all.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the room with this number, in order of the ids.
    pub(crate) fn nth(&self, at: usize) -> Option<RoomCoverage<'_>> {
        let end = self.rooms.get(at)?;
        let start = if at == 0 { Span::default() } else { self.rooms[at - 1] };
        Some(RoomCoverage {
            id: &self.names[start.name_end..end.name_end],
            rows: &self.rows[start.row_end..end.row_end],
        })
    }
}

/// Collects entries from elsewhere, as from a key file: of two for a session the one that decrypts more counts.
impl<R: AsRef<str>> FromIterator<(R, SessionId, Entry)> for Coverage {
    fn from_iter<I: IntoIterator<Item = (R, SessionId, Entry)>>(entries: I) -> Self {
        let mut table = Table::default();
        for (room_id, session_id, entry) in entries {
            let room = table.room(room_id.as_ref());
            table.rows.push(Row {
                session_id,
                room,
                entry,
            });
        }
        table.settle(Repeats::Merge).coverage
    }
}

/// Shows how much there is, not what.
impl fmt::Debug for Coverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Coverage({} sessions in {} rooms)",
            self.rows.len(),
            self.rooms.len()
        )
    }
}

/// Borrows what the key backup holds for one room.
#[derive(Debug, Clone, Copy)]
pub struct RoomCoverage<'a> {
    id: &'a str,
    rows: &'a [Row],
}

impl<'a> RoomCoverage<'a> {
    /// The room id.
    pub const fn id(&self) -> &'a str {
        self.id
    }

    /// Returns what the backup holds for one session.
    pub fn entry(&self, session_id: SessionId) -> Option<Entry> {
        let at = self.rows.binary_search_by_key(&session_id, |row| row.session_id).ok()?;
        self.rows.get(at).map(|row| row.entry)
    }

    /// Returns all entries, sorted by session id.
    pub fn entries(&self) -> impl Iterator<Item = (SessionId, Entry)> + use<'a> {
        self.rows.iter().map(|row| (row.session_id, row.entry))
    }
}

#[cfg(test)]
mod tests {
    use super::{Coverage, Entry, Standing};
    use crate::{Damage, SessionId, State};

    const ROOM: &str = "!room:example.org";
    const OTHER: &str = "!other:example.org";

    fn id(byte: u8) -> SessionId {
        SessionId::from_bytes([byte; 32])
    }

    fn sealed(first_index: u32) -> Entry {
        Entry {
            first_index,
            state: State::Sealed,
        }
    }

    fn damaged(damage: Damage) -> Entry {
        Entry {
            first_index: 0,
            state: State::Damaged(damage),
        }
    }

    #[test]
    fn arithmetic() {
        for (first_index, index, expected) in [
            (0, 0, Standing::Covered),
            (0, 1, Standing::Covered),
            (5, 5, Standing::Covered),
            (5, 6, Standing::Covered),
            (5, 4, Standing::StartsTooLate { by: 1 }),
            (5, 0, Standing::StartsTooLate { by: 5 }),
            (0, u32::MAX, Standing::Covered),
            (u32::MAX, u32::MAX, Standing::Covered),
            (u32::MAX, 0, Standing::StartsTooLate { by: u32::MAX }),
        ] {
            for state in [State::Sealed, State::Opens, State::Damaged(Damage::FirstIndexLater)] {
                let entry = Some(Entry { first_index, state });
                assert_eq!(Standing::of(entry, index), expected, "{first_index} {index} {state:?}");
            }
        }
        assert_eq!(Standing::of(None, 0), Standing::NotInBackup);
    }

    #[test]
    fn a_damaged_entry_covers_nothing() {
        for damage in Damage::ALL.into_iter().filter(|damage| !damage.leaves_a_key()) {
            assert_eq!(Standing::of(Some(damaged(damage)), 7), Standing::Damaged(damage));
        }
    }

    #[test]
    fn messages_find_their_own_session_in_their_own_room() {
        let coverage: Coverage = [
            (ROOM, id(1), sealed(3)),
            (OTHER, id(2), sealed(0)),
            (ROOM, id(3), sealed(0)),
        ]
        .into_iter()
        .collect();
        let standing = |room, session: SessionId, index| coverage.standing(room, &session.to_string(), index);
        assert_eq!(standing(ROOM, id(1), 3), Standing::Covered);
        assert_eq!(standing(ROOM, id(1), 1), Standing::StartsTooLate { by: 2 });
        assert_eq!(standing(OTHER, id(2), 0), Standing::Covered);
        assert_eq!(standing(ROOM, id(2), 0), Standing::NotInBackup);
        assert_eq!(standing(OTHER, id(1), 3), Standing::NotInBackup);
        assert_eq!(standing("!none:example.org", id(1), 3), Standing::NotInBackup);
        assert_eq!(coverage.standing(ROOM, "no session id", 3), Standing::NotInBackup);
        assert_eq!(format!("{coverage:?}"), "Coverage(3 sessions in 2 rooms)");
        assert_eq!((coverage.len(), coverage.is_empty()), (3, false));
        assert!(Coverage::default().is_empty());
    }

    #[test]
    fn of_two_entries_for_a_session_the_better_counts() {
        let spoiled = damaged(Damage::MacWrong);
        for (first, second, better) in [
            (sealed(4), sealed(2), sealed(2)),
            (sealed(2), spoiled, sealed(2)),
            (
                Entry {
                    first_index: 1,
                    state: State::Damaged(Damage::FirstIndexLater),
                },
                sealed(2),
                Entry {
                    first_index: 1,
                    state: State::Damaged(Damage::FirstIndexLater),
                },
            ),
            (
                sealed(2),
                Entry {
                    first_index: 2,
                    state: State::Opens,
                },
                Entry {
                    first_index: 2,
                    state: State::Opens,
                },
            ),
            (spoiled, damaged(Damage::Padding), spoiled),
        ] {
            for [first, second] in [[first, second], [second, first]] {
                let both: Coverage = [(ROOM, id(1), first), (ROOM, id(1), second)].into_iter().collect();
                let only = |entry| [(ROOM, id(1), entry)].into_iter().collect::<Coverage>();
                assert_eq!(both.room(ROOM).unwrap().entry(id(1)), Some(better));
                assert_eq!(only(first).merge(&only(second)), both);
            }
        }
    }

    #[test]
    fn merging_keeps_rooms_and_sessions_apart() {
        let left: Coverage = [(ROOM, id(1), sealed(1)), (ROOM, id(2), sealed(2))]
            .into_iter()
            .collect();
        let right: Coverage = [(OTHER, id(1), sealed(3)), (ROOM, id(0), sealed(4))]
            .into_iter()
            .collect();
        let merged = left.merge(&right);
        let flat: Vec<_> = merged
            .rooms()
            .flat_map(|room| room.entries().map(move |entry| (room.id(), entry)))
            .collect();
        assert_eq!(
            flat,
            [
                (OTHER, (id(1), sealed(3))),
                (ROOM, (id(0), sealed(4))),
                (ROOM, (id(1), sealed(1))),
                (ROOM, (id(2), sealed(2))),
            ]
        );
    }

    #[test]
    fn every_room_is_found_among_many() {
        let name = |number: u32| format!("!{number}:example.org");
        let coverage: Coverage = (0..100)
            .map(|number| (name(number * 2), id(0), sealed(number)))
            .collect();
        for number in 0..100 {
            let room = coverage.room(&name(number * 2)).unwrap();
            assert_eq!(room.entry(id(0)), Some(sealed(number)));
            assert!(coverage.room(&name(number * 2 + 1)).is_none());
        }
    }
}
