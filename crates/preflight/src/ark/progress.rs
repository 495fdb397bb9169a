//! How far the saving or reading of an ark is.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// Watches an ark being written or read, from another thread; copies watch the same one.
#[derive(Clone, Debug, Default)]
pub struct ArkProgress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    entries: AtomicU64,
    expected: AtomicU64,
    cancelled: AtomicBool,
}

impl ArkProgress {
    /// Returns how many entries of key backups came by so far.
    pub fn entries(&self) -> u64 {
        self.0.entries.load(Ordering::Relaxed)
    }

    /// Returns how many of them are to come by altogether; 0 where nobody has said so.
    pub fn expected(&self) -> u64 {
        self.0.expected.load(Ordering::Relaxed)
    }

    /// Takes note of how many entries are to come by altogether.
    pub fn expect(&self, entries: u64) {
        self.0.expected.store(entries, Ordering::Relaxed);
    }

    /// Ends the reading of an ark soon.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Counts entries that came by.
    pub fn add(&self, entries: u64) {
        self.0.entries.fetch_add(entries, Ordering::Relaxed);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }
}
