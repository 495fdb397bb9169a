//! Lets others watch a forecast and stop it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::sync::Notify;

/// Watches a forecast and the backup proof from anywhere, and ends the reading of messages.
///
/// The key backup is read to its end all the same: without it nothing that was read can be judged.
///
/// The numbers grow; where the history has to be read once more, those of the rooms begin again. They carry no time:
/// rates and time left are for the caller to compute.
#[derive(Clone, Debug, Default)]
pub struct ForecastProgress(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rooms: AtomicU64,
    rooms_done: AtomicU64,
    events: AtomicU64,
    entries_listed: AtomicU64,
    listing: Mutex<Option<lifeboat_backup::Progress>>,
    stopped: AtomicBool,
    wake: Notify,
}

impl ForecastProgress {
    /// How many encrypted rooms there are to read; 0 while that is not known.
    pub fn rooms(&self) -> u64 {
        self.0.rooms.load(Ordering::Relaxed)
    }

    /// How many rooms are done, completely or not.
    pub fn rooms_done(&self) -> u64 {
        self.0.rooms_done.load(Ordering::Relaxed)
    }

    /// How many encrypted messages were read.
    pub fn events(&self) -> u64 {
        self.0.events.load(Ordering::Relaxed)
    }

    /// How many entries the key backup has as it says itself; 0 while no entry is read.
    pub fn entries_listed(&self) -> u64 {
        self.0.entries_listed.load(Ordering::Relaxed)
    }

    /// How many entries of the key backup are done.
    pub fn entries(&self) -> u64 {
        let listing = self.0.listing.lock().unwrap_or_else(PoisonError::into_inner);
        listing.as_ref().map_or(0, lifeboat_backup::Progress::entries)
    }

    /// Asks for the end: what was read until then is judged, and the forecast is partial.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        self.0.wake.notify_waiters();
    }

    /// Tells whether somebody asked for the end.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }

    /// Waits until somebody asks for the end.
    pub(crate) async fn until_stopped(&self) {
        // Registered before the look, so that no wish in between is lost.
        let wake = self.0.wake.notified();
        if !self.is_stopped() {
            wake.await;
        }
    }

    pub(crate) fn lists(&self, listing: lifeboat_backup::Progress) {
        *self.0.listing.lock().unwrap_or_else(PoisonError::into_inner) = Some(listing);
    }

    pub(crate) fn expect_entries(&self, count: u64) {
        self.0.entries_listed.store(count, Ordering::Relaxed);
    }

    pub(crate) fn expect_rooms(&self, count: usize) {
        self.0.rooms_done.store(0, Ordering::Relaxed);
        self.0.events.store(0, Ordering::Relaxed);
        self.0.rooms.store(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn room_done(&self) {
        self.0.rooms_done.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read_events(&self, count: u64) {
        self.0.events.fetch_add(count, Ordering::Relaxed);
    }
}
