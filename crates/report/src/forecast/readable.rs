//! Whether covered messages are readable.

use crate::{
    Facts,
    situation::{Backup, Place, Storage, Trial},
};

/// What is known about a way from what the person holds to the key backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readable {
    /// A key that was tested opens the backup: what is covered is readable.
    All,
    /// Nothing that the person holds opens it.
    Nothing,
    /// No key was tested.
    Unknown,
}

impl Readable {
    /// Decides from what is known about the backup, secret storage and the tested keys.
    pub(super) fn of(facts: &Facts) -> Self {
        let trial = Trial::of(facts);
        if Backup::of(&facts.backup.active) == Backup::Absent {
            return Self::Nothing;
        }
        if trial.opens_backup() {
            return Self::All;
        }
        if trial != Trial::Unknown {
            return Self::Nothing;
        }
        match Storage::of(&facts.storage) {
            // Without secret storage, or without the backup key in it, no recovery key leads to the backup.
            Storage::Known { default, .. } if !default.has_keys() => Self::Nothing,
            Storage::Known {
                backup_key: Place::Missing | Place::Blanked | Place::Unreadable,
                ..
            } => Self::Nothing,
            Storage::Known { .. } | Storage::Unknown => Self::Unknown,
        }
    }

    /// Says how many of the covered messages are readable; `None`: not known.
    pub(super) fn of_covered(self, covered: u64) -> Option<u64> {
        match self {
            Self::All => Some(covered),
            Self::Nothing => Some(0),
            Self::Unknown => (covered == 0).then_some(0),
        }
    }
}
