//! What a server says that wants to be left alone.

use std::time::{Duration, SystemTime};

use matrix_sdk::{
    HttpError, HttpResult,
    ruma::api::error::{ErrorKind, RetryAfter},
};

use crate::Waiting;

/// What is waited out by itself, and how often in a row.
const SHORT: Duration = Duration::from_secs(10);
const TIMES: u32 = 3;

/// Decides after each answer whether a server that wants to be left alone is waited for once more.
#[derive(Debug)]
pub(crate) struct Waits {
    left: u32,
    longest: Duration,
}

impl Waits {
    /// Lets so many waits be waited out, none longer than `longest`.
    pub(crate) fn up_to(times: u32, longest: Duration) -> Self {
        Self { left: times, longest }
    }

    /// Takes the wait that an answer asks for, if it asks for one. Returns it where it is to be waited out; `None`: this
    /// answer is the last.
    pub(crate) fn take(&mut self, wait: Option<Duration>) -> Option<Duration> {
        let wait = wait.filter(|it| *it <= self.longest)?;
        self.left = self.left.checked_sub(1)?;
        Some(wait)
    }
}

/// Asks, and again where the server wants to be left alone for some seconds first: `waiting` tells of so short a wait, and
/// what is refused like that was not carried out. A longer wait, and one that is not stated, is an error at once.
pub(crate) async fn with_short_waits<T, F>(waiting: &Waiting, ask: impl Fn() -> F) -> HttpResult<T>
where
    F: Future<Output = HttpResult<T>>,
{
    let mut waits = Waits::up_to(TIMES, SHORT);
    loop {
        let answer = ask().await;
        match waits.take(answer.as_ref().err().and_then(wait_asked_for)) {
            Some(wait) => waiting.out(wait).await,
            None => return answer,
        }
    }
}

/// Returns how long the server wants to be left alone, where it says it (429 `M_LIMIT_EXCEEDED`,
/// [spec](https://spec.matrix.org/latest/client-server-api/#rate-limiting)).
pub(crate) fn wait_asked_for(error: &HttpError) -> Option<Duration> {
    let ErrorKind::LimitExceeded(data) = error.client_api_error_kind()? else {
        return None;
    };
    match data.retry_after? {
        RetryAfter::Delay(delay) => Some(delay),
        RetryAfter::DateTime(moment) => moment.duration_since(SystemTime::now()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use matrix_sdk::ruma::api::client::device::get_devices;
    use serde_json::json;
    use tokio::{
        join,
        time::{sleep, timeout},
    };

    use super::*;
    use crate::testing::{Answer, CannedServer};

    /// A server that refuses so often with this wait.
    async fn refusing(refusals: usize, wait: Option<u32>) -> CannedServer {
        let number = AtomicUsize::new(0);
        CannedServer::start(move |request| {
            let listed = request.path.ends_with("/devices");
            listed.then(|| match number.fetch_add(1, Ordering::SeqCst) < refusals {
                true => Answer {
                    status: 429,
                    ..json!({"errcode": "M_LIMIT_EXCEEDED", "error": "no", "retry_after_ms": wait}).into()
                },
                false => json!({"devices": []}).into(),
            })
        })
        .await
    }

    /// Asks; returns whether there was an answer, and how often it was asked.
    async fn asked(refusals: usize, wait: Option<u32>) -> (bool, usize) {
        let server = refusing(refusals, wait).await;
        let (_, session) = server.enter().await;
        let caller = session.caller();
        let answer = caller
            .ask(|| caller.client().send(get_devices::v3::Request::new()))
            .await;
        (answer.is_ok(), server.asked("/devices").len())
    }

    #[tokio::test]
    async fn short_waits_are_waited_out_and_long_ones_are_not() {
        for (refusals, wait, expected) in [
            (0, None, (true, 1)),
            (1, Some(1), (true, 2)),
            (3, Some(1), (true, 4)),
            (4, Some(1), (false, 4)),
            (1, Some(10_001), (false, 1)),
            (1, None, (false, 1)),
        ] {
            assert_eq!(asked(refusals, wait).await, expected, "{refusals} × {wait:?}");
        }
    }

    #[tokio::test]
    async fn a_wait_can_be_seen_from_outside() {
        let server = refusing(1, Some(300)).await;
        let (_, session) = server.enter().await;
        let (caller, waiting) = (session.caller(), session.caller().waiting().clone());
        let seen = async {
            while !waiting.is_on() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        let answer = caller.ask(|| caller.client().send(get_devices::v3::Request::new()));
        let (answer, seen) = join!(answer, timeout(Duration::from_secs(10), seen));
        assert!(answer.is_ok() && seen.is_ok() && !waiting.is_on());
    }

    #[test]
    fn waits_are_counted_and_none_is_too_long() {
        let second = Duration::from_secs(1);
        let mut waits = Waits::up_to(2, second);
        assert_eq!(waits.take(None), None);
        assert_eq!(waits.take(Some(second * 2)), None);
        for expected in [Some(second), Some(second), None] {
            assert_eq!(waits.take(Some(second)), expected);
        }
    }
}
