//! How long Lifeboat waits.

use std::time::Duration;

/// Returns `wait`; in a debug build a part of it where `LIFEBOAT_TEST_HURRY` says that somebody tests many waits.
pub fn unhurried(wait: Duration) -> Duration {
    #[cfg(debug_assertions)]
    if let Ok(factor) = std::env::var("LIFEBOAT_TEST_HURRY")
        && let Ok(factor @ 1..) = factor.parse()
    {
        return wait / factor;
    }
    wait
}
