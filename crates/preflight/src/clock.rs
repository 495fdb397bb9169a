//! The clock on the wall.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the present moment, in milliseconds since the Unix epoch; in a debug build so many seconds later as
/// `LIFEBOAT_TEST_CLOCK` says, or earlier where it is negative: somebody tests a clock that jumps.
///
/// Whatever Lifeboat writes down or judges by time comes from here. The SDK and TLS look at the system's clock themselves.
pub fn now() -> u64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
    #[cfg(debug_assertions)]
    if let Ok(jump) = std::env::var("LIFEBOAT_TEST_CLOCK")
        && let Ok(seconds) = jump.parse::<i64>()
    {
        return now.saturating_add_signed(seconds.saturating_mul(1_000));
    }
    now
}
