//! Sorts what the reader finds into batches and hands them to the threads.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, mpsc::SyncSender},
};

use super::{
    batch::{Batch, BatchRoom},
    worker::Shared,
};
use crate::{
    Body, Damage, Entry, Item, Partial, Proof, SessionId, State,
    coverage::{Repeats, Row, Settled, Table},
    proof::{MAX_ODD, OddEntry},
    room_id::{MAX_ID, is_room_id},
};

/// Copies entries into batches; judges at once those that need no opening.
pub(super) struct Feeder {
    shared: Arc<Shared>,
    /// Gone when no more batches follow, which ends the threads.
    queue: Option<SyncSender<Batch>>,
    batch: Batch,
    rooms: Table,
    room: BatchRoom,
    room_is_valid: bool,
    odd: Odd,
}

/// The entries under impossible session ids: all counted, some named.
#[derive(Default)]
struct Odd {
    counts: BTreeMap<State, u64>,
    named: Vec<OddEntry>,
}

impl Feeder {
    pub(super) fn new(shared: Arc<Shared>, queue: SyncSender<Batch>) -> Self {
        Self {
            shared,
            queue: Some(queue),
            batch: Batch::new(),
            rooms: Table::default(),
            room: BatchRoom {
                ordinal: 0,
                id: Box::default(),
            },
            room_is_valid: false,
            odd: Odd::default(),
        }
    }

    /// Takes one item of the listing; breaks when the threads take no more.
    pub(super) fn take(&mut self, item: Item<'_>) -> ControlFlow<()> {
        match item {
            Item::Room(id) => {
                self.room_is_valid = is_room_id(id);
                let id = shortened(id);
                self.room = BatchRoom {
                    ordinal: self.rooms.room(&id),
                    id,
                };
                ControlFlow::Continue(())
            }
            Item::Entry { session_id, body } => self.entry(session_id, body),
        }
    }

    fn entry(&mut self, listed_as: &str, body: Body<'_>) -> ControlFlow<()> {
        let room_damage = (!self.room_is_valid).then_some(Damage::RoomIdInvalid);
        let Some(session_id) = SessionId::parse(listed_as) else {
            self.odd.push(
                self.room.ordinal,
                listed_as,
                room_damage.unwrap_or(Damage::SessionIdDiffers),
            );
            self.shared.progress.add_entries(1);
            return ControlFlow::Continue(());
        };
        let body_damage = match body {
            Body::Object(json) if room_damage.is_none() => {
                if !self.batch.has_room_for(json) {
                    self.flush()?;
                }
                self.batch.push(&self.room, session_id, json);
                return ControlFlow::Continue(());
            }
            Body::Object(_) => Damage::RoomIdInvalid,
            Body::Other => Damage::NotAnEntry,
            Body::Oversized => Damage::Oversized,
        };
        let state = State::Damaged(room_damage.unwrap_or(body_damage));
        let entry = Entry {
            first_index: u32::MAX,
            state,
        };
        self.shared.rows().push(Row {
            session_id,
            room: self.room.ordinal,
            entry,
        });
        self.shared.progress.add_entries(1);
        ControlFlow::Continue(())
    }

    /// Hands on what was collected; waits until a thread has time for it.
    pub(super) fn flush(&mut self) -> ControlFlow<()> {
        let batch = std::mem::replace(&mut self.batch, Batch::new());
        match &self.queue {
            _ if self.shared.progress.is_cancelled() => ControlFlow::Break(()),
            Some(queue) if queue.send(batch).is_ok() => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }

    /// Hands on the last batch and lets the threads end after it.
    pub(super) fn close(&mut self) {
        // Nobody left to take it: the lost thread is reported by the engine.
        let _ = self.flush();
        self.queue = None;
    }

    /// Sums up; to be called when the threads have ended.
    pub(super) fn sum_up(mut self, bytes: u64, partial: Option<Partial>) -> Proof {
        self.rooms.rows = std::mem::take(&mut self.shared.rows());
        let Settled {
            coverage,
            mut states,
            numbers,
        } = self.rooms.settle(Repeats::Damage);
        for (state, count) in self.odd.counts {
            *states.entry(state).or_default() += count;
        }
        for odd in &mut self.odd.named {
            odd.room = numbers.get(odd.room as usize).copied().unwrap_or(u32::MAX);
        }
        self.odd.named.sort_unstable();
        Proof {
            entries: states.values().sum(),
            bytes,
            states,
            partial,
            coverage,
            odd: self.odd.named,
        }
    }
}

impl Odd {
    fn push(&mut self, room: u32, listed_as: &str, damage: Damage) {
        *self.counts.entry(State::Damaged(damage)).or_default() += 1;
        if self.named.len() < MAX_ODD {
            self.named.push(OddEntry {
                room,
                listed_as: shortened(listed_as),
                damage,
            });
        }
    }
}

/// Keeps of a text what an id may have at most; marks that something is missing.
fn shortened(text: &str) -> Box<str> {
    if text.len() <= MAX_ID {
        return text.into();
    }
    format!("{}…", &text[..text.floor_char_boundary(MAX_ID)]).into()
}

#[cfg(test)]
mod tests {
    use super::{MAX_ID, shortened};

    #[test]
    fn only_what_is_too_long_for_an_id_is_shortened() {
        let long = "x".repeat(MAX_ID);
        assert_eq!(*shortened(""), *"");
        assert_eq!(*shortened(&long), *long);
        assert_eq!(*shortened(&format!("{long}y")), *format!("{long}…"));
        assert_eq!(*shortened(&format!("{}éé", &long[1..])), *format!("{}…", &long[1..]));
    }
}
