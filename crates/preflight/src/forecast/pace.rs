//! Asks as fast as the server likes: several requests at a time, fewer after each "too many".

use std::{sync::Mutex, sync::PoisonError, time::Duration};

use lifeboat_report::Gap;
use matrix_sdk::HttpResult;
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, sleep_until},
};

use super::ForecastProgress;
use crate::{Caller, gap_of, limit::wait_asked_for, unhurried};

/// How many requests are under way at first.
pub(super) const AT_ONCE: usize = 6;
/// How often one request is told to come back later before it is given up.
const MAX_REFUSALS: u32 = 10;
/// How long a server is left alone that does not say for how long, at most; a minute in all.
const LONGEST_UNASKED: Duration = Duration::from_secs(8);
/// A server that wants to be left alone for longer is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// How often a request is sent again after the server failed or could not be reached.
const MAX_FAILURES: u32 = 2;
/// How long to wait before that, for the first time.
const PAUSE: Duration = Duration::from_millis(500);

/// Lets requests pass.
#[derive(Debug)]
pub(super) struct Pace {
    slots: Semaphore,
    /// How many slots there are, and before when nobody asks.
    state: Mutex<(usize, Instant)>,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            slots: Semaphore::new(AT_ONCE),
            state: Mutex::new((AT_ONCE, Instant::now())),
        }
    }

    /// Sends a request when its turn has come, and again where waiting may help; gives up when `progress` is stopped.
    pub(super) async fn ask<T, F>(
        &self,
        caller: &Caller,
        progress: &ForecastProgress,
        request: impl Fn() -> F,
    ) -> Result<T, Gap>
    where
        F: IntoFuture<Output = HttpResult<T>>,
    {
        tokio::select! {
            answer = self.ask_patiently(caller, request) => answer,
            () = progress.until_stopped() => Err(Gap::NotAsked),
        }
    }

    async fn ask_patiently<T, F>(&self, caller: &Caller, request: impl Fn() -> F) -> Result<T, Gap>
    where
        F: IntoFuture<Output = HttpResult<T>>,
    {
        let (mut refusals, mut failures) = (0, 0);
        loop {
            let answer = {
                // Closed never: the semaphore lives as long as this.
                let _slot = self.slots.acquire().await;
                sleep_until(self.resume_at()).await;
                caller.hear(&request).await
            };
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match gap_of(&error) {
                Gap::RateLimited if refusals < MAX_REFUSALS => {
                    let unasked = || Duration::from_secs(1 << refusals.min(6)).min(LONGEST_UNASKED);
                    let wait = wait_asked_for(&error).unwrap_or_else(|| unhurried(unasked()));
                    if wait > LONGEST_WAIT {
                        return Err(Gap::RateLimited);
                    }
                    refusals += 1;
                    self.slow_down(Instant::now(), wait);
                }
                Gap::Failed | Gap::Offline if failures < MAX_FAILURES => {
                    sleep(unhurried(PAUSE * (1 << failures))).await;
                    failures += 1;
                }
                gap => return Err(gap),
            }
        }
    }

    fn resume_at(&self) -> Instant {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// Halves the number of requests under way, and lets nobody ask before `wait` is over.
    fn slow_down(&self, now: Instant, wait: Duration) {
        let (slots, resume_at) = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Requests that were under way together are refused together: that halves only once.
        if *resume_at <= now {
            *slots -= self.slots.forget_permits(*slots / 2);
        }
        *resume_at = (now + wait).max(*resume_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_one_moment_halve_once() {
        let (pace, start) = (Pace::new(), Instant::now() + Duration::from_secs(1));
        for wait in [2, 3, 1] {
            pace.slow_down(start, Duration::from_secs(wait));
        }
        assert_eq!(pace.slots.available_permits(), AT_ONCE / 2);
        assert_eq!(pace.resume_at(), start + Duration::from_secs(3));
        for (later, expected) in [(4, 2), (6, 1), (8, 1)] {
            pace.slow_down(start + Duration::from_secs(later), Duration::from_secs(1));
            assert_eq!(pace.slots.available_permits(), expected);
        }
    }
}
