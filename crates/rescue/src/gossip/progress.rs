//! Lets others watch how room keys arrive, and end the waiting.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use matrix_sdk::ruma::OwnedDeviceId;
use tokio::sync::Notify;

/// Watches and ends the asking from anywhere.
#[derive(Clone, Debug, Default)]
pub struct GossipProgress(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    wanted: AtomicU64,
    arrived: AtomicU64,
    given: Mutex<BTreeMap<OwnedDeviceId, u64>>,
    uploaded: AtomicBool,
    stopped: AtomicBool,
    wake: Notify,
}

impl GossipProgress {
    /// How many room keys are asked for; 0 before it begins.
    pub fn wanted(&self) -> u64 {
        self.0.wanted.load(Ordering::Relaxed)
    }

    /// How many of them have arrived.
    pub fn arrived_so_far(&self) -> u64 {
        self.0.arrived.load(Ordering::Relaxed)
    }

    /// Tells whether all that arrived is in the backup for certain; before that, some of it may be.
    pub fn is_uploaded(&self) -> bool {
        self.0.uploaded.load(Ordering::SeqCst)
    }

    /// How many of them each session gave, as far as that is known.
    pub fn given_so_far(&self) -> BTreeMap<OwnedDeviceId, u64> {
        self.0.given.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the waiting: what arrived until then is uploaded.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        self.0.wake.notify_waiters();
    }

    /// Tells whether somebody ended the waiting.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }

    pub(super) fn expect(&self, count: u64) {
        self.0.wanted.store(count, Ordering::Relaxed);
    }

    pub(super) fn arrived(&self, count: u64) {
        self.0.arrived.store(count, Ordering::Relaxed);
    }

    pub(super) fn uploaded(&self) {
        self.0.uploaded.store(true, Ordering::SeqCst);
    }

    pub(super) fn given(&self, given: &BTreeMap<OwnedDeviceId, u64>) {
        self.0
            .given
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(given);
    }

    pub(super) async fn until_stopped(&self) {
        // Registered before the look, so that no wish in between is lost.
        let wake = self.0.wake.notified();
        if !self.is_stopped() {
            wake.await;
        }
    }
}
