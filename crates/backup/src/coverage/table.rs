//! Collects entries in any order and puts them in order at the end.

use std::collections::BTreeMap;

use super::{Coverage, Entry, Span};
use crate::{Damage, SessionId, State};

/// One entry of the table; 44 bytes, of which a million must fit in memory twice over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) session_id: SessionId,
    /// The ordinal that [`Table::room`] gave to the room.
    pub(crate) room: u32,
    pub(crate) entry: Entry,
}

/// What two entries for the same session mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// They come from two sources: the one that decrypts more messages counts.
    Merge,
    /// They come from one listing, of which every client keeps another part: none of them can be relied on.
    Damage,
}

/// Grows without looking at what is there: no hashing, no second copy of a room id.
#[derive(Default)]
pub(crate) struct Table {
    names: String,
    ends: Vec<usize>,
    pub(crate) rows: Vec<Row>,
}

/// A table in order.
pub(crate) struct Settled {
    pub(crate) coverage: Coverage,
    /// How many entries there are in each state.
    pub(crate) states: BTreeMap<State, u64>,
    /// The final number of each room by its ordinal.
    pub(crate) numbers: Vec<u32>,
}

impl Table {
    /// Adds a room that the following rows name by the returned ordinal; the same room may come more than once.
    pub(crate) fn room(&mut self, room_id: &str) -> u32 {
        self.names.push_str(room_id);
        self.ends.push(self.names.len());
        // Beyond four thousand million rooms the last one takes the rest.
        u32::try_from(self.ends.len() - 1).unwrap_or(u32::MAX)
    }

    /// Sorts and counts the rows and judges those that come more than once. Sorts in place, without another table.
    pub(crate) fn settle(self, repeats: Repeats) -> Settled {
        let Order {
            names,
            ends,
            numbers,
            repeated,
        } = self.order();
        let mut rows = self.rows;
        for row in &mut rows {
            row.room = numbers.get(row.room as usize).copied().unwrap_or(u32::MAX);
        }
        rows.sort_unstable_by_key(|row| (row.room, row.session_id.start(), row.session_id, worth(row.entry)));
        if repeats == Repeats::Damage {
            mark(&mut rows, &repeated);
        }
        let mut states = BTreeMap::new();
        for row in &rows {
            *states.entry(row.entry.state).or_default() += 1;
        }
        rows.dedup_by_key(|row| (row.room, row.session_id));
        let rooms = (0_u32..)
            .zip(ends)
            .map(|(number, name_end)| Span {
                name_end,
                row_end: rows.partition_point(|row| row.room <= number),
            })
            .collect();
        Settled {
            coverage: Coverage { names, rooms, rows },
            states,
            numbers,
        }
    }

    /// Sorts the room ids and finds those that came more than once.
    fn order(&self) -> Order {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let mut sorted: Vec<(&str, usize)> = starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.names[start..end])
            .zip(0..)
            .collect();
        sorted.sort_unstable();
        let mut order = Order {
            numbers: vec![0; sorted.len()],
            ..Order::default()
        };
        for same in sorted.chunk_by(|(left, _), (right, _)| left == right) {
            for &(_, ordinal) in same {
                order.numbers[ordinal] = u32::try_from(order.ends.len()).unwrap_or(u32::MAX);
            }
            order.names.push_str(same[0].0);
            order.ends.push(order.names.len());
            order.repeated.push(same.len() > 1);
        }
        order
    }
}

/// The rooms in order, each once.
#[derive(Default)]
struct Order {
    names: String,
    ends: Vec<usize>,
    numbers: Vec<u32>,
    repeated: Vec<bool>,
}

/// Orders entries for the same session, the best first.
const fn worth(entry: Entry) -> (bool, u32, State) {
    let lost = match entry.state {
        State::Damaged(damage) => !damage.leaves_a_key(),
        State::Sealed | State::Opens => false,
    };
    (lost, entry.first_index, entry.state)
}

/// Marks every row whose session or room is listed more than once.
fn mark(rows: &mut [Row], repeated: &[bool]) {
    for same in rows.chunk_by_mut(|left, right| (left.room, left.session_id) == (right.room, right.session_id)) {
        if same.len() > 1
            || same
                .iter()
                .any(|row| repeated.get(row.room as usize).is_some_and(|twice| *twice))
        {
            for row in same {
                row.entry.state = State::Damaged(Damage::ListedTwice);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Repeats, Row, Settled, Table};
    use crate::{Damage, SessionId, State};

    const OPENS: Entry = Entry {
        first_index: 0,
        state: State::Opens,
    };
    const TWICE: State = State::Damaged(Damage::ListedTwice);

    fn settle(rows: &[(&str, u8)], repeats: Repeats) -> Settled {
        let mut table = Table::default();
        for chunk in rows.chunk_by(|left, right| left.0 == right.0) {
            let room = table.room(chunk[0].0);
            let rows = chunk.iter().map(|(_, byte)| Row {
                session_id: SessionId::from_bytes([*byte; 32]),
                room,
                entry: OPENS,
            });
            table.rows.extend(rows);
        }
        table.settle(repeats)
    }

    #[test]
    fn a_row_takes_44_bytes() {
        assert_eq!(size_of::<Row>(), 44);
    }

    #[test]
    fn a_session_listed_twice_counts_twice_and_stays_once() {
        let settled = settle(&[("!a", 1), ("!a", 2), ("!a", 1), ("!b", 1)], Repeats::Damage);
        assert_eq!(
            settled.states.into_iter().collect::<Vec<_>>(),
            [(State::Opens, 2), (TWICE, 2)]
        );
        assert_eq!(settled.coverage.len(), 3);
        let states: Vec<_> = settled.coverage.rows.iter().map(|row| row.entry.state).collect();
        assert_eq!(states, [TWICE, State::Opens, State::Opens]);
    }

    #[test]
    fn a_room_listed_twice_takes_all_its_sessions_with_it() {
        let settled = settle(&[("!b", 1), ("!a", 1), ("!b", 2)], Repeats::Damage);
        assert_eq!(
            settled.states.into_iter().collect::<Vec<_>>(),
            [(State::Opens, 1), (TWICE, 2)]
        );
        assert_eq!(settled.numbers, [1, 0, 1]);
        assert_eq!(
            settled
                .coverage
                .rooms()
                .map(|room| (room.id(), room.entries().count()))
                .collect::<Vec<_>>(),
            [("!a", 1), ("!b", 2)]
        );
    }

    #[test]
    fn two_sources_may_hold_the_same() {
        let settled = settle(&[("!b", 1), ("!a", 1), ("!b", 1)], Repeats::Merge);
        assert_eq!(settled.states.into_iter().collect::<Vec<_>>(), [(State::Opens, 3)]);
        assert_eq!(settled.coverage.len(), 2);
    }
}
