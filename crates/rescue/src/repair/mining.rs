//! How far the mining of an older backup is.

use crate::{DownloadProgress, UploadProgress};

/// Watches an older backup being read and its room keys being added to the active one, from another thread; copies watch
/// the same one.
#[derive(Clone, Debug, Default)]
pub struct MiningProgress {
    pub(super) reading: DownloadProgress,
    pub(super) adding: UploadProgress,
}

impl MiningProgress {
    /// Returns how many room keys were read, and how many were added, in one sum; 0 where nothing is mined.
    pub fn done(&self) -> u64 {
        self.reading.entries().saturating_add(self.adding.added())
    }

    /// Returns what that sum comes to; 0 before anything is known. Until it is known how many improve the active backup,
    /// all of them are expected to: the rest may become less, not more.
    pub fn expected(&self) -> u64 {
        let read = self.reading.expected();
        let added = match self.adding.expected() {
            0 => read,
            improving => improving,
        };
        read.saturating_add(added)
    }

    /// Says that nothing is mined any more.
    pub(super) fn clear(&self) {
        self.reading.clear();
        self.adding.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_and_adding_are_one_work() {
        let progress = MiningProgress::default();
        let counts = || [progress.done(), progress.expected()];
        assert_eq!(counts(), [0, 0]);
        progress.reading.expect(40);
        progress.reading.add(30);
        assert_eq!(counts(), [30, 80]);
        progress.reading.add(10);
        progress.adding.expect(25);
        assert_eq!(counts(), [40, 65]);
        progress.clear();
        assert_eq!(counts(), [0, 0]);
    }
}
