//! How often a server is asked.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// Keeps requests apart, whoever makes them: clones share one row of turns.
#[derive(Clone, Debug)]
pub struct Pace {
    between: Duration,
    next: Arc<Mutex<Instant>>,
}

impl Pace {
    /// Makes as many turns in a second as `per_second` says.
    pub fn per_second(per_second: u32) -> Self {
        Self::every(Duration::from_secs(1) / per_second.max(1))
    }

    /// Makes turns at once.
    pub fn at_once() -> Self {
        Self::every(Duration::ZERO)
    }

    fn every(between: Duration) -> Self {
        Self {
            between,
            next: Arc::new(Mutex::new(Instant::now())),
        }
    }

    /// Waits for the next turn.
    pub(crate) async fn turn(&self) {
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(Instant::now());
            *next = turn + self.between;
            turn
        };
        sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_turns_in_a_second_are_so_far_apart() {
        for (per_second, milliseconds) in [(0, 1000), (1, 1000), (20, 50), (1000, 1)] {
            let pace = Pace::per_second(per_second);
            assert_eq!(pace.between, Duration::from_millis(milliseconds), "{per_second}");
        }
    }

    #[tokio::test]
    async fn turns_of_clones_are_kept_apart() {
        let between = Duration::from_millis(2);
        let pace = Pace::every(between);
        let other = pace.clone();
        let began = Instant::now();
        for _ in 0..5 {
            pace.turn().await;
            other.turn().await;
        }
        // Ten turns have nine gaps. How much longer it took is the machine's business.
        assert!(began.elapsed() >= between * 9);
    }
}
