//! Opens the entries of one batch after the other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc::Receiver};

use super::{Progress, Visit, batch::Batch};
use crate::{BackupKey, Entry, Judged, Opener, coverage::Row};

/// What the threads of an engine have in common.
pub(super) struct Shared {
    pub(super) key: Option<Arc<BackupKey>>,
    pub(super) visit: Option<Box<Visit>>,
    pub(super) progress: Progress,
    pub(super) rows: Mutex<Vec<Row>>,
}

impl Shared {
    /// Gives access to the entries that are done.
    pub(super) fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        // Rows are whole or not there, also after a panic elsewhere.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens batches until there are no more or somebody cancels.
    pub(super) fn work(&self, batches: &Mutex<Receiver<Batch>>) {
        let mut opener = Opener::new(self.key.clone());
        let mut rows = Vec::new();
        while let Some(batch) = next(batches) {
            for (room, session_id, json) in batch.entries() {
                if self.progress.is_cancelled() {
                    return;
                }
                let Judged {
                    state,
                    first_index,
                    opened,
                } = opener.judge(session_id, json);
                if let (Some(visit), Some(opened)) = (&self.visit, opened) {
                    visit(&room.id, opened);
                }
                rows.push(Row {
                    session_id,
                    room: room.ordinal,
                    entry: Entry { first_index, state },
                });
            }
            self.progress.add_entries(batch.len());
            self.rows().append(&mut rows);
        }
    }
}

/// Waits for the next batch; one thread waits for the queue, the others for that thread.
fn next(batches: &Mutex<Receiver<Batch>>) -> Option<Batch> {
    batches.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
