//! Which messages a forecast looks at, and how closely.

use std::collections::BTreeSet;

use matrix_sdk::ruma::OwnedRoomId;

use super::{ForecastMemory, ForecastProgress};
use crate::OlderVersions;

/// Whether a check looks at messages.
#[derive(Debug, Default)]
pub enum ForecastQuestion {
    /// It does not, and opens no entry of the key backup either: what takes long stays a gap.
    #[default]
    Quick,
    /// It does.
    Run(ForecastOptions),
}

/// Which messages a forecast looks at, and how closely.
#[derive(Debug, Default)]
pub struct ForecastOptions {
    /// Leaves out messages older than this, in milliseconds since the Unix epoch.
    pub since: Option<u64>,
    /// Looks at these rooms only.
    pub rooms: Option<BTreeSet<OwnedRoomId>>,
    /// Looks at no more messages than this, the newest of each room first.
    pub max_events: Option<u64>,
    /// Whether rooms that the account has left are looked at.
    pub left_rooms: LeftRooms,
    /// Whether messages are decrypted where the backup key is there.
    pub event_proof: EventProofWish,
    /// Which older versions of the key backup are listed and, where what was typed opens them, proven.
    pub older: OlderVersions,
    /// Shows how far it is, and stops it.
    pub progress: ForecastProgress,
    /// What an earlier forecast of the same account remembers, whose messages are not read again.
    pub memory: Option<ForecastMemory>,
}

/// Whether rooms that the account has left are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeftRooms {
    /// They are not.
    #[default]
    LeaveOut,
    /// They are, up to the moment of leaving.
    Include,
}

/// Whether messages are decrypted with what the key backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventProofWish {
    /// They are not.
    Never,
    /// They are if they are no more than 50 000.
    #[default]
    IfFew,
    /// They are, as many as fit into 256 MiB.
    Always,
}
