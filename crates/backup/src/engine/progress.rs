//! Lets others watch a running engine and stop it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// Watches a running [`Engine`](crate::Engine) from any thread, and stops it.
///
/// The numbers only grow. They carry no time: rates and time left are for the caller to compute.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    entries: AtomicU64,
    bytes: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress {
    /// How many entries are done.
    pub fn entries(&self) -> u64 {
        self.0.entries.load(Ordering::Relaxed)
    }

    /// How many bytes of the listing were read.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Asks the engine to stop within a few entries; the proof is then partial.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Tells whether somebody asked the engine to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    pub(super) fn add_entries(&self, count: usize) {
        self.0.entries.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn set_bytes(&self, count: u64) {
        self.0.bytes.store(count, Ordering::Relaxed);
    }
}
