//! What a key backup is worth, entry by entry.

use std::collections::BTreeMap;

use crate::{Coverage, Damage, ListingError, State};

/// How many damaged entries under impossible session ids are named; their number is counted without limit.
pub(crate) const MAX_ODD: usize = 10_000;

/// Sums up one listing of a key backup.
///
/// Without the backup key it is a listing checked from outside ([`State::Sealed`]), with it a proof: every entry was
/// really opened. The scheme's MAC does not cover the ciphertext, so an entry that opens shows that the backup key and
/// the ids fit; that the ratchet inside is the right one only a message can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// How many entries are listed, with those listed twice.
    pub entries: u64,
    /// How many bytes the listing has, as far as it was read.
    pub bytes: u64,
    /// How many entries are in each state; no zeros.
    pub states: BTreeMap<State, u64>,
    /// Why not all entries are here, if so.
    pub partial: Option<Partial>,
    /// Which sessions are in the backup, from which message on.
    pub coverage: Coverage,
    pub(crate) odd: Vec<OddEntry>,
}

/// Says why and where a listing ends before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partial {
    /// How many bytes of the listing count.
    pub offset: u64,
    /// What happened there.
    pub reason: PartialReason,
}

/// What keeps a proof from being complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartialReason {
    /// The listing cannot be read any further.
    #[error(transparent)]
    Listing(#[from] ListingError),
    /// Somebody asked for the end.
    #[error("cancelled")]
    Cancelled,
    /// A thread ended without giving back its entries.
    #[error("a thread was lost with its entries")]
    ThreadLost,
}

/// An entry listed under a text that is no session id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OddEntry {
    /// The number of the room in the coverage.
    pub(crate) room: u32,
    pub(crate) listed_as: Box<str>,
    pub(crate) damage: Damage,
}

/// Names one damaged entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedEntry<'a> {
    /// The room as listed, valid or not; of an impossible one the first 255 bytes.
    pub room_id: &'a str,
    /// The session id as listed, valid or not: text from the server; of an impossible one the first 255 bytes.
    pub session_id: String,
    /// What is wrong.
    pub damage: Damage,
}

impl Proof {
    /// How many entries decrypt to the room key they were listed as.
    pub fn opens(&self) -> u64 {
        self.count(State::Opens)
    }

    /// How many entries are well formed, but were not opened for want of a key.
    pub fn sealed(&self) -> u64 {
        self.count(State::Sealed)
    }

    /// How many entries are damaged.
    pub fn damaged(&self) -> u64 {
        self.entries - self.opens() - self.sealed()
    }

    /// How many entries are in this state.
    pub fn count(&self, state: State) -> u64 {
        self.states.get(&state).copied().unwrap_or_default()
    }

    /// Tells whether every entry was listed and opens.
    pub fn is_flawless(&self) -> bool {
        self.partial.is_none() && self.opens() == self.entries
    }

    /// Names the damaged entries, sorted by room and session id; those under impossible session ids come last.
    ///
    /// An entry listed twice is named once. Of the entries under impossible session ids at most 10 000 are named.
    pub fn damaged_entries(&self) -> impl Iterator<Item = DamagedEntry<'_>> {
        let rows = self.coverage.rooms().flat_map(|room| {
            room.entries().filter_map(move |(session_id, entry)| match entry.state {
                State::Damaged(damage) => Some(DamagedEntry {
                    room_id: room.id(),
                    session_id: session_id.to_string(),
                    damage,
                }),
                State::Sealed | State::Opens => None,
            })
        });
        let odd = self.odd.iter().filter_map(|odd| {
            let room = self.coverage.nth(odd.room as usize)?;
            Some(DamagedEntry {
                room_id: room.id(),
                session_id: odd.listed_as.to_string(),
                damage: odd.damage,
            })
        });
        rows.chain(odd)
    }
}
