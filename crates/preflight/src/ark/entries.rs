//! The entries of a key backup as they pass by.

use std::ops::ControlFlow;

use lifeboat_backup::{Item, ListingError, Reader};

use super::ArkProgress;

/// Counts the entries of a listing and notices when it is not whole.
pub(super) struct EntryCount<'a> {
    reader: Reader,
    progress: &'a ArkProgress,
    entries: u64,
}

impl<'a> EntryCount<'a> {
    pub(super) fn begin(progress: &'a ArkProgress) -> Self {
        Self {
            reader: Reader::new(),
            progress,
            entries: 0,
        }
    }

    pub(super) fn see(&mut self, piece: &[u8]) -> Result<(), ListingError> {
        let before = self.entries;
        let seen = self.reader.feed(piece, |item| {
            if let Item::Entry { .. } = item {
                self.entries += 1;
            }
            ControlFlow::Continue(())
        });
        self.progress.add(self.entries - before);
        seen.map(|_| ())
    }

    pub(super) fn finish(self) -> Result<u64, ListingError> {
        self.reader.finish().map(|()| self.entries)
    }
}
