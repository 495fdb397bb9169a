//! Facts about what the backup holds and covers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The decrypt test of every entry of one backup version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Proof {
    /// The backup version that was proven.
    pub version: String,
    /// Entries read.
    pub entries: u64,
    /// Entries that open and hold the room key they are listed as.
    pub open: u64,
    /// Entries that do not, by reason (a kebab-case code of the opener).
    pub damaged: BTreeMap<String, u64>,
    /// Whether the listing was read to its end.
    pub complete: bool,
}

/// Which encrypted messages the backup covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Coverage {
    /// Encrypted messages that were looked at and that this account could ever read.
    pub total: u64,
    /// Those for which the backup holds a fitting entry.
    pub covered: u64,
    /// Those that a new session could read after a full sign-out; `null`: not known without a tested key.
    pub readable: Option<u64>,
    /// Those that would become unreadable, whatever key is found: `total - covered`.
    pub at_risk: u64,
    /// Whether every encrypted room was read to its start.
    pub complete: bool,
    /// When the newest encrypted message was sent, as its sender's server states it.
    #[serde(default)]
    pub newest_event_at: Option<u64>,
}
