//! How many messages there are in each class.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How many encrypted messages are in each class.
///
/// `total = covered + at_risk`: what this account could ever read. The other classes stand beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventCounts {
    /// Messages that this account could ever read, as far as can be seen.
    pub total: u64,
    /// Those for which the key backup holds a fitting entry.
    pub covered: u64,
    /// Those that a new session could read after a full sign-out; `null`: not known without a tested key.
    pub readable: Option<u64>,
    /// Those that would become unreadable: `total - covered`.
    pub at_risk: u64,
    /// The same by cause; no zeros.
    pub at_risk_by_cause: BTreeMap<AtRisk, u64>,
    /// The most messages of one room key that come before its entry in the key backup starts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub starts_late_by: u32,
    /// Messages from before this account was in the room, whose keys it does not have.
    pub never_yours: u64,
    /// Messages whose content was removed.
    pub redacted: u64,
    /// Messages that no client can read: of an unknown algorithm, or not even well formed.
    pub unknown_algorithm: u64,
    /// Messages that could not be judged, because the key backup could not be read to its end.
    #[serde(default, skip_serializing_if = "is_none_counted")]
    pub not_judged: u64,
}

/// Why a message would become unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AtRisk {
    /// The key backup holds no entry for its room key.
    NotInBackup,
    /// The entry holds the room key from a later message on.
    StartsTooLate,
    /// The entry does not open.
    EntryDamaged,
    /// The entry opens, but the message does not decrypt with it.
    DoesNotDecrypt,
}

impl AtRisk {
    /// Says the cause in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotInBackup => "keys never reached the backup",
            Self::StartsTooLate => "keys start too late in the backup",
            Self::EntryDamaged => "keys are damaged in the backup",
            Self::DoesNotDecrypt => "keys in the backup do not fit",
        }
    }
}

impl EventCounts {
    /// Adds what another room, sender or month has. A file may claim any number: sums end at the largest one.
    pub fn add(&mut self, other: &Self) {
        let add = |sum: &mut u64, number: u64| *sum = sum.saturating_add(number);
        add(&mut self.total, other.total);
        add(&mut self.covered, other.covered);
        self.readable = self
            .readable
            .zip(other.readable)
            .map(|(one, two)| one.saturating_add(two))
            .or(other.readable);
        add(&mut self.at_risk, other.at_risk);
        for (cause, count) in &other.at_risk_by_cause {
            add(self.at_risk_by_cause.entry(*cause).or_default(), *count);
        }
        self.starts_late_by = self.starts_late_by.max(other.starts_late_by);
        add(&mut self.never_yours, other.never_yours);
        add(&mut self.redacted, other.redacted);
        add(&mut self.unknown_algorithm, other.unknown_algorithm);
        add(&mut self.not_judged, other.not_judged);
    }

    /// Counts a covered message.
    pub fn count_covered(&mut self) {
        self.total += 1;
        self.covered += 1;
    }

    /// Counts a message at risk; `late_by`: how many messages before the start of the entry it is.
    pub fn count_at_risk(&mut self, cause: AtRisk, late_by: u32) {
        self.total += 1;
        self.at_risk += 1;
        *self.at_risk_by_cause.entry(cause).or_default() += 1;
        self.starts_late_by = self.starts_late_by.max(late_by);
    }

    /// Returns the commonest cause of risk.
    pub fn main_cause(&self) -> Option<AtRisk> {
        let most = self.at_risk_by_cause.iter().rev().max_by_key(|(_, count)| **count);
        most.map(|(cause, _)| *cause)
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_none_counted(number: &u64) -> bool {
    *number == 0
}
