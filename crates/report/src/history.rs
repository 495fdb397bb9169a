//! The history proof: the messages of an earlier forecast, read again by a new session alone.

#[cfg(feature = "schema")]
mod schema;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[cfg(feature = "schema")]
pub use self::schema::history_proof_schema;
use crate::{
    Fact, Gap,
    facts::Identity,
    forecast::{Forecast, RoomForecast},
};

/// What could be read of the same messages before and after, side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryProof {
    /// The user id.
    pub account: String,
    /// When the earlier forecast was made, in milliseconds since the Unix epoch.
    pub before_at: u64,
    /// When the messages were read again.
    pub after_at: u64,
    /// Room by room, those with the most losses first.
    pub rooms: Vec<RoomProof>,
    /// Whether the identity is the same as before.
    pub identity: IdentityStanding,
    /// Whether the earlier forecast had looked at everything; what it left out is not part of the proof.
    pub forecast_complete: bool,
    /// Whether every message of the earlier forecast was looked for again.
    pub complete: bool,
    /// How many messages were lost, in all rooms.
    pub lost: u64,
}

/// One room before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomProof {
    /// The room id.
    pub room_id: String,
    /// What the room is called; left out unless names are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The earlier forecast's numbers.
    pub before: Before,
    /// The new session's numbers.
    pub after: After,
    /// How many messages could be read before and cannot be now.
    pub lost: u64,
}

/// What a room had at the time of the earlier forecast.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Before {
    /// Messages that the account could ever read.
    pub total: u64,
    /// Those that a new session was expected to read.
    pub readable: u64,
    /// Messages whose content was removed.
    pub redacted: u64,
}

/// What a new session reads of the same messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct After {
    /// Messages that the account could ever read: `readable` and the sum of `unreadable`.
    pub total: u64,
    /// Those that this session decrypts.
    pub readable: u64,
    /// Those that it does not, by cause; no zeros.
    pub unreadable: BTreeMap<Unreadable, u64>,
    /// When the newest of those was sent, in milliseconds since the Unix epoch.
    pub newest_unreadable_at: Option<u64>,
    /// Messages from before the account was in the room, whose keys it does not have.
    pub never_yours: u64,
    /// Messages whose content was removed.
    pub redacted: u64,
    /// Messages that no client can read.
    pub unknown_algorithm: u64,
    /// Whether all messages of the earlier forecast were looked for.
    pub complete: bool,
    /// Why not, if the server is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
}

/// Why a session cannot read a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Unreadable {
    /// The session has no room key for it.
    NoRoomKey,
    /// The session has the room key from a later message on.
    StartsTooLate,
    /// The session has the room key, and the message does not decrypt with it.
    DoesNotDecrypt,
    /// The session is not in the room.
    NotInRoom,
}

impl Unreadable {
    /// Says the cause in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoRoomKey => "no room key",
            Self::StartsTooLate => "room key starts too late",
            Self::DoesNotDecrypt => "does not decrypt",
            Self::NotInRoom => "not in the room any more",
        }
    }
}

/// Whether the identity is the same as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum IdentityStanding {
    /// All its public keys are the same, or there was and is none.
    Same,
    /// Some public key is another one.
    Changed,
    /// One of the two is not known.
    Unknown,
}

impl IdentityStanding {
    /// Compares the public keys of two moments.
    pub fn of(before: &Fact<Identity>, after: &Fact<Identity>) -> Self {
        let keys = |it: &Identity| {
            let key = |it: &Option<crate::facts::CrossSigningKey>| it.as_ref().map(|it| it.public_key.clone());
            (it.master.clone(), key(&it.self_signing), key(&it.user_signing))
        };
        match (before.known(), after.known()) {
            (Some(before), Some(after)) if keys(before) == keys(after) => Self::Same,
            (Some(_), Some(_)) => Self::Changed,
            _ => Self::Unknown,
        }
    }
}

/// What was lost in one room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss<'a> {
    /// The room.
    pub room: &'a RoomProof,
    /// How many messages.
    pub lost: u64,
    /// The commonest cause; `None`: the server does not have the messages any more.
    pub cause: Option<Unreadable>,
}

/// The two moments that a proof compares.
#[derive(Clone, Debug)]
pub struct Moments<'a> {
    /// The user id.
    pub account: &'a str,
    /// When the earlier forecast was made.
    pub before_at: u64,
    /// When the messages were read again.
    pub after_at: u64,
    /// The identity at the first moment.
    pub identity_before: &'a Fact<Identity>,
    /// The identity at the second moment.
    pub identity_after: &'a Fact<Identity>,
}

impl HistoryProof {
    /// Compares `before` with what a new session read of it, room by room; a room that is not in `after` was not read.
    pub fn of(moments: &Moments<'_>, before: &Forecast, mut after: BTreeMap<String, After>) -> Self {
        let mut rooms: Vec<RoomProof> = before
            .rooms
            .iter()
            .map(|room| RoomProof::of(room, after.remove(&room.room_id).unwrap_or_default()))
            .collect();
        rooms.sort_by(|a, b| (b.lost, &a.room_id).cmp(&(a.lost, &b.room_id)));
        Self {
            account: moments.account.to_owned(),
            before_at: moments.before_at,
            after_at: moments.after_at,
            identity: IdentityStanding::of(moments.identity_before, moments.identity_after),
            forecast_complete: before.complete,
            complete: rooms.iter().all(|it| it.after.complete),
            lost: rooms.iter().map(|it| it.lost).sum(),
            rooms,
        }
    }

    /// Tells whether nothing that could be read before is unreadable now, and the identity is the same. What was not
    /// looked at does not count as readable.
    pub fn holds(&self) -> bool {
        self.complete && self.lost == 0 && self.identity == IdentityStanding::Same
    }

    /// Names every loss, the largest first.
    pub fn losses(&self) -> impl Iterator<Item = Loss<'_>> {
        let lossy = self.rooms.iter().filter(|room| room.lost > 0);
        lossy.map(|room| Loss {
            room,
            lost: room.lost,
            cause: room.after.main_cause(),
        })
    }

    /// Adds up what all rooms had before.
    pub fn before(&self) -> Before {
        let mut sum = Before::default();
        for Before {
            total,
            readable,
            redacted,
        } in self.rooms.iter().map(|it| &it.before)
        {
            sum.total += total;
            sum.readable += readable;
            sum.redacted += redacted;
        }
        sum
    }

    /// Adds up what is read of all rooms now.
    pub fn after(&self) -> After {
        let mut sum = After {
            complete: self.complete,
            ..After::default()
        };
        for it in self.rooms.iter().map(|it| &it.after) {
            sum.total += it.total;
            sum.readable += it.readable;
            for (cause, count) in &it.unreadable {
                *sum.unreadable.entry(*cause).or_default() += count;
            }
            sum.newest_unreadable_at = sum.newest_unreadable_at.max(it.newest_unreadable_at);
            sum.never_yours += it.never_yours;
            sum.redacted += it.redacted;
            sum.unknown_algorithm += it.unknown_algorithm;
            sum.gap = sum.gap.or(it.gap);
        }
        sum
    }

    /// Removes the names of rooms: an exported file holds them only when somebody asks for it.
    pub fn forget_names(&mut self) {
        for room in &mut self.rooms {
            room.name = None;
        }
    }
}

impl RoomProof {
    fn of(room: &RoomForecast, after: After) -> Self {
        let before = Before {
            total: room.events.total,
            // Where nobody tried a key, what the backup covers is what was expected.
            readable: room.events.readable.unwrap_or(room.events.covered),
            redacted: room.events.redacted,
        };
        // Only numbers are kept of the earlier forecast. A message whose content was removed since then is nobody's
        // loss; one that the server does not show any more is.
        let removed = after.redacted.saturating_sub(before.redacted);
        let lost = before.readable.saturating_sub(after.readable + removed);
        Self {
            room_id: room.room_id.clone(),
            name: room.name.clone(),
            // Nothing is known to be lost of what was not looked at.
            lost: if after.complete {
                lost
            } else {
                lost.min(after.unreadable.values().sum())
            },
            before,
            after,
        }
    }
}

impl After {
    /// Counts a message that this session decrypts.
    pub fn count_readable(&mut self) {
        self.total += 1;
        self.readable += 1;
    }

    /// Counts a message that this session does not decrypt; `at`: when it was sent, as its sender's server states it.
    pub fn count_unreadable(&mut self, cause: Unreadable, at: u64) {
        self.total += 1;
        *self.unreadable.entry(cause).or_default() += 1;
        self.newest_unreadable_at = self.newest_unreadable_at.max(Some(at));
    }

    /// Returns the commonest cause.
    pub fn main_cause(&self) -> Option<Unreadable> {
        let most = self.unreadable.iter().rev().max_by_key(|(_, count)| **count);
        most.map(|(cause, _)| *cause)
    }
}

#[cfg(test)]
mod tests;
