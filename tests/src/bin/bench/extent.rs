//! How much is measured.

use lifeboat_backup::generate::BackupSize;

/// The sizes that the promises are about, or a fraction of them that shows in seconds that everything works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What is promised.
    Whole,
    /// A fiftieth of it, measured once or twice: figures without meaning.
    Small,
}

impl Extent {
    const FRACTION: u64 = 50;

    /// As many things as belong to this extent.
    pub(crate) fn of(self, whole: u64) -> u64 {
        match self {
            Self::Whole => whole,
            Self::Small => (whole / Self::FRACTION).max(1),
        }
    }

    /// As many times as belong to this extent.
    pub(crate) fn rounds(self, whole: usize) -> usize {
        match self {
            Self::Whole => whole,
            Self::Small => whole.min(2),
        }
    }

    /// A backup as large as belongs to this extent.
    pub(crate) fn backup(self, entries: u64, rooms: u64) -> BackupSize {
        BackupSize {
            entries: self.of(entries),
            rooms: self.of(rooms),
        }
    }
}
