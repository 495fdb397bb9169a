//! Carries entries from the reader to the threads that open them.

use crate::{MAX_ENTRY, SessionId};

/// How many bytes a batch holds: some hundred entries, three milliseconds of work. At least one entry fits.
const CAPACITY: usize = 96 * 1024;
const _: () = assert!(MAX_ENTRY <= CAPACITY);

/// Holds entries copied out of the listing.
#[derive(Debug)]
pub(super) struct Batch {
    /// The JSON of all entries, one after the other.
    bytes: Vec<u8>,
    rooms: Vec<BatchRoom>,
    entries: Vec<Packed>,
}

/// A room that some of the entries belong to.
#[derive(Debug, Clone)]
pub(super) struct BatchRoom {
    pub(super) ordinal: u32,
    pub(super) id: Box<str>,
}

#[derive(Debug)]
struct Packed {
    room: usize,
    session_id: SessionId,
    end: usize,
}

impl Batch {
    /// Has room for the first entries.
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::with_capacity(CAPACITY),
            rooms: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Copies an entry of a room, which is copied too if it is not that of the entry before.
    pub(super) fn push(&mut self, room: &BatchRoom, session_id: SessionId, json: &[u8]) {
        if self.rooms.last().is_none_or(|last| last.ordinal != room.ordinal) {
            self.rooms.push(room.clone());
        }
        self.bytes.extend_from_slice(json);
        self.entries.push(Packed {
            room: self.rooms.len() - 1,
            session_id,
            end: self.bytes.len(),
        });
    }

    /// Tells whether an entry of this length still fits.
    pub(super) const fn has_room_for(&self, json: &[u8]) -> bool {
        self.bytes.len() + json.len() <= CAPACITY
    }

    pub(super) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns each entry with its room and its JSON.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&BatchRoom, SessionId, &[u8])> {
        let starts = std::iter::once(0).chain(self.entries.iter().map(|entry| entry.end));
        self.entries.iter().zip(starts).filter_map(|(entry, start)| {
            Some((
                self.rooms.get(entry.room)?,
                entry.session_id,
                self.bytes.get(start..entry.end)?,
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, BatchRoom, CAPACITY};
    use crate::SessionId;

    fn room(ordinal: u32) -> BatchRoom {
        BatchRoom {
            ordinal,
            id: format!("!{ordinal}").into(),
        }
    }

    fn flat(batch: &Batch) -> Vec<(u32, String, u8, Vec<u8>)> {
        batch
            .entries()
            .map(|(room, id, json)| (room.ordinal, room.id.to_string(), id.as_bytes()[0], json.to_vec()))
            .collect()
    }

    #[test]
    fn entries_come_out_with_their_rooms() {
        let id = |byte| SessionId::from_bytes([byte; 32]);
        let mut batch = Batch::new();
        for (number, byte, json) in [(8, 1, "{}"), (8, 2, ""), (9, 3, "[...]"), (8, 4, "x")] {
            batch.push(&room(number), id(byte), json.as_bytes());
        }
        assert_eq!((batch.len(), batch.rooms.len()), (4, 3));
        let expected = [
            (8, "!8", 1, "{}"),
            (8, "!8", 2, ""),
            (9, "!9", 3, "[...]"),
            (8, "!8", 4, "x"),
        ];
        let expected = expected.map(|(room, id, byte, json)| (room, id.to_owned(), byte, json.as_bytes().to_vec()));
        assert_eq!(flat(&batch), expected);
    }

    #[test]
    fn room_is_a_matter_of_bytes() {
        let mut batch = Batch::new();
        batch.push(&room(0), SessionId::from_bytes([0; 32]), &vec![b' '; CAPACITY - 2]);
        assert!(batch.has_room_for(b"{}"));
        assert!(!batch.has_room_for(b"{ }"));
        assert_eq!(batch.bytes.capacity(), CAPACITY);
    }
}
