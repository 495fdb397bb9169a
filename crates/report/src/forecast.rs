//! The forecast: which encrypted messages would become unreadable, room by room.

mod counts;
mod readable;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::counts::{AtRisk, EventCounts};
use crate::{Facts, Gap, facts::Coverage};

/// Which encrypted messages a new session could read with nothing but the key backup, and which it could not.
///
/// Moments are milliseconds since the Unix epoch as the senders' servers state them, so anybody's claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Forecast {
    /// All messages that were looked at.
    pub events: EventCounts,
    /// Room by room, those with the most messages at risk first.
    pub rooms: Vec<RoomForecast>,
    /// Sender by sender, by user id.
    pub senders: BTreeMap<String, EventCounts>,
    /// Month by month (UTC), as `2026-11`.
    pub months: BTreeMap<String, EventCounts>,
    /// When the newest encrypted message was sent.
    pub newest_event_at: Option<u64>,
    /// When the newest message at risk was sent.
    pub newest_at_risk_at: Option<u64>,
    /// Whether every message of every encrypted room was looked at and could be judged.
    pub complete: bool,
    /// What was looked at.
    pub scope: ForecastScope,
    /// The decrypt test of the covered messages themselves; `null`: not asked for, or not possible without a key.
    pub event_proof: Option<EventProof>,
}

/// The forecast for one room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomForecast {
    /// The room id, or its hash in a redacted file.
    pub room_id: String,
    /// What the room is called; left out unless names are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the account has left the room.
    pub left: bool,
    /// Its messages.
    pub events: EventCounts,
    /// When its newest message at risk was sent.
    pub newest_at_risk_at: Option<u64>,
    /// The event id of the newest message that was looked at, or its hash in a redacted file: what was sent later is
    /// not part of the forecast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_event_id: Option<String>,
    /// Whether all of its history was looked at.
    pub complete: bool,
    /// Why not, if the server is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
}

/// What a forecast looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ForecastScope {
    /// How many encrypted rooms the account has, as far as asked for.
    pub rooms: u64,
    /// How many of them were read completely.
    pub rooms_complete: u64,
    /// Whether rooms that the account has left were looked at as well.
    pub left_rooms: bool,
    /// Older messages were left out on purpose: the moment.
    pub since: Option<u64>,
    /// Other rooms were left out on purpose.
    pub chosen_rooms: bool,
    /// The largest number of messages that was to be looked at.
    pub max_events: Option<u64>,
    /// Somebody stopped the reading.
    pub stopped: bool,
    /// Why the listing of the key backup ends before its end, so that some messages could not be judged.
    pub listing_gap: Option<Gap>,
}

/// The decrypt test of covered messages with nothing but what the key backup holds. Contents were dropped at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventProof {
    /// Messages that decrypt, with a valid signature.
    pub decrypted: u64,
    /// Messages that the listing covers and that do not decrypt: they count as at risk.
    pub failed: u64,
    /// Whether every covered message was tested.
    pub complete: bool,
}

impl Forecast {
    /// Fills in what is readable: that depends on the facts about the recovery key, not on the messages.
    pub fn settle_readable(&mut self, facts: &Facts) {
        let rule = readable::Readable::of(facts);
        let rooms = self.rooms.iter_mut().map(|room| &mut room.events);
        let others = self.senders.values_mut().chain(self.months.values_mut());
        for counts in rooms.chain(others).chain([&mut self.events]) {
            counts.readable = rule.of_covered(counts.covered);
        }
    }

    /// Sums up what the verdict looks at.
    pub fn coverage(&self) -> Coverage {
        Coverage {
            total: self.events.total,
            covered: self.events.covered,
            readable: self.events.readable,
            at_risk: self.events.at_risk,
            complete: self.complete,
            newest_event_at: self.newest_event_at,
        }
    }

    /// Removes the names of rooms: an exported file holds them only when somebody asks for it.
    pub fn forget_names(&mut self) {
        for room in &mut self.rooms {
            room.name = None;
        }
    }

    /// Replaces room ids and user ids by what `hash` makes of them, and drops names.
    pub(crate) fn redact(&mut self, hash: &dyn Fn(&str) -> String) {
        self.forget_names();
        for room in &mut self.rooms {
            room.room_id = hash(&room.room_id);
            room.newest_event_id = room.newest_event_id.as_deref().map(hash);
        }
        let senders = std::mem::take(&mut self.senders);
        for (sender, counts) in senders {
            // Two senders may have the same hash: nothing is lost then but who of them it was.
            self.senders.entry(hash(&sender)).or_default().add(&counts);
        }
    }
}

#[cfg(test)]
mod tests;
