//! Carries entries from the reader to the threads that open them.

use crate::{MAX_ENTRY, SessionId};

/// How many bytes a batch holds: some hundred entries, three milliseconds of work. At least one entry fits.
const CAPACITY: usize = 96 * 1024;
const _: () = assert!(MAX_ENTRY <= CAPACITY);

/// Holds entries copied out of the listing.
#[derive(Debug, Default)]
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
    /// Begins a batch whose first entries belong to the room of the last ones here.
    pub(super) fn next(&self) -> Self {
        Self {
            bytes: Vec::with_capacity(CAPACITY),
            rooms: self.rooms.last().cloned().into_iter().collect(),
            entries: Vec::new(),
        }
    }

    /// Lets the following entries belong to this room.
    pub(super) fn room(&mut self, room: BatchRoom) {
        if self.entries.is_empty() {
            self.rooms.clear();
        }
        self.rooms.push(room);
    }

    /// Copies an entry of the last room.
    pub(super) fn push(&mut self, session_id: SessionId, json: &[u8]) {
        self.bytes.extend_from_slice(json);
        let room = self.rooms.len().saturating_sub(1);
        self.entries.push(Packed {
            room,
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
        let mut batch = Batch::default();
        batch.room(room(7));
        batch.room(room(8));
        batch.push(id(1), b"{}");
        batch.push(id(2), b"");
        batch.room(room(9));
        batch.push(id(3), b"[...]");
        assert_eq!(batch.len(), 3);
        assert_eq!(
            flat(&batch),
            [
                (8, "!8".to_owned(), 1, b"{}".to_vec()),
                (8, "!8".to_owned(), 2, b"".to_vec()),
                (9, "!9".to_owned(), 3, b"[...]".to_vec()),
            ]
        );
        let mut next = batch.next();
        next.push(id(4), b"x");
        assert_eq!(flat(&next), [(9, "!9".to_owned(), 4, b"x".to_vec())]);
    }

    #[test]
    fn room_is_a_matter_of_bytes() {
        let mut batch = Batch::default();
        batch.room(room(0));
        batch.push(SessionId::from_bytes([0; 32]), &vec![b' '; CAPACITY - 2]);
        assert!(batch.has_room_for(b"{}"));
        assert!(!batch.has_room_for(b"{ }"));
    }
}
