//! An end in the middle of the work.
//!
//! Every request of Lifeboat's own that this crate sends, or that a [`Caller`](crate::Caller) hears, passes here before it is
//! sent, the first sync of a session and what wakes it too. What other crates hand to the SDK's client themselves is not
//! counted, nor what the SDK sends by itself and what is synced in the background: how often that is, is a matter of time.

/// Counts a request; panics at the one whose number `LIFEBOAT_TEST_PANIC_AT_REQUEST` says: somebody tests what a panic shows
/// and leaves behind. With 0 it only tells each request in the log. Without the variable, and in a release build, it does
/// nothing.
#[cfg(debug_assertions)]
#[track_caller]
pub(crate) fn request() {
    use std::{
        panic::Location,
        sync::atomic::{AtomicU32, Ordering},
    };
    static REQUESTS: AtomicU32 = AtomicU32::new(0);
    let Ok(moment) = std::env::var("LIFEBOAT_TEST_PANIC_AT_REQUEST") else {
        return;
    };
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
    tracing::trace!("request {number} from {}", Location::caller().file());
    #[expect(clippy::panic, reason = "what a panic shows is looked at by a test")]
    if moment == number.to_string() {
        panic!("a test asked for it at request {number}");
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn request() {}
