//! The key backup and its proof, reduced.

use crate::facts::{self, BackupAlgorithm, BackupVersion};
use crate::{Fact, Facts};

/// The active version of the key backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backup {
    /// Not known.
    Unknown,
    /// There is none.
    Absent,
    /// There is one, encrypted in a way that Lifeboat cannot open.
    UnknownAlgorithm,
    /// There is one.
    Known {
        /// Who signed it.
        signatures: Signatures,
        /// It holds no entry.
        empty: bool,
    },
}

/// Who signed the backup version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signatures {
    /// Nobody.
    None,
    /// Nobody whom the identity vouches for, or not validly.
    Untrusted,
    /// The master key or a session that the identity vouches for.
    Trusted,
}

/// Whether somebody switched the key backup off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OffSwitch {
    /// Not known.
    Unknown,
    /// Nobody did.
    NotSet,
    /// Somebody did.
    Set,
}

/// Whether every entry of the active version opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proof {
    /// Not known.
    Unknown,
    /// Entries of the active version were tested.
    Known {
        /// Some of them do not open.
        damaged: bool,
        /// All of them were tested.
        complete: bool,
    },
}

impl Backup {
    /// Reduces the active version.
    pub fn of(fact: &Fact<Option<BackupVersion>>) -> Self {
        match fact {
            Fact::Unknown(_) => Self::Unknown,
            Fact::Known(None) => Self::Absent,
            Fact::Known(Some(active)) => match active.algorithm {
                BackupAlgorithm::Unknown(_) => Self::UnknownAlgorithm,
                BackupAlgorithm::Curve25519AesSha2 => Self::Known {
                    signatures: Signatures::of(active),
                    empty: active.count == 0,
                },
            },
        }
    }
}

impl Signatures {
    fn of(active: &BackupVersion) -> Self {
        if active.is_trusted() {
            Self::Trusted
        } else if active.signatures.is_empty() {
            Self::None
        } else {
            Self::Untrusted
        }
    }
}

impl OffSwitch {
    /// Reduces the account data.
    pub fn of(fact: &Fact<Option<facts::OffSwitch>>) -> Self {
        match fact {
            Fact::Unknown(_) => Self::Unknown,
            Fact::Known(None) => Self::NotSet,
            Fact::Known(Some(_)) => Self::Set,
        }
    }
}

impl Proof {
    /// Reduces the proof; one of another version than the active one says nothing about it.
    pub fn of(facts: &Facts) -> Self {
        let (Fact::Known(proof), Some(active)) = (&facts.proof, facts.active_backup()) else {
            return Self::Unknown;
        };
        if proof.version != active.version {
            return Self::Unknown;
        }
        Self::Known {
            damaged: proof.damaged_entries() > 0,
            complete: proof.complete && proof.entries >= active.count,
        }
    }
}

impl facts::Proof {
    /// Counts the entries that do not open: those with a reason, and no fewer than those read and not open.
    pub(crate) fn damaged_entries(&self) -> u64 {
        let with_reason = self.damaged.values().fold(0, |sum: u64, it| sum.saturating_add(*it));
        with_reason.max(self.entries.saturating_sub(self.open))
    }
}
