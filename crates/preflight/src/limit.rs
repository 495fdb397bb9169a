//! What a server says that wants to be left alone.

use std::time::{Duration, SystemTime};

use matrix_sdk::{
    HttpError, HttpResult,
    ruma::api::error::{ErrorKind, RetryAfter},
};
use tokio::time::sleep;

/// What is waited out without a word, and how often in a row.
const SHORT: Duration = Duration::from_secs(10);
const TIMES: u32 = 3;

/// Asks, and again where the server wants to be left alone for some seconds first: nobody has to be told of so short a
/// wait, and what is refused like that was not carried out. A longer wait, and one that is not stated, is an error at once.
pub(crate) async fn with_short_waits<T, F>(ask: impl Fn() -> F) -> HttpResult<T>
where
    F: Future<Output = HttpResult<T>>,
{
    let mut answer = ask().await;
    for _ in 0..TIMES {
        let wait = answer.as_ref().err().and_then(wait_asked_for);
        let Some(wait) = wait.filter(|it| *it <= SHORT) else {
            break;
        };
        sleep(wait).await;
        answer = ask().await;
    }
    answer
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

    use crate::testing::{Answer, CannedServer};

    /// Asks a server that refuses so often with this wait; returns whether there was an answer, and how often it was asked.
    async fn asked(refusals: usize, wait: Option<u32>) -> (bool, usize) {
        let number = AtomicUsize::new(0);
        let server = CannedServer::start(move |request| {
            let listed = request.path.ends_with("/devices");
            listed.then(|| match number.fetch_add(1, Ordering::SeqCst) < refusals {
                true => Answer {
                    status: 429,
                    ..json!({"errcode": "M_LIMIT_EXCEEDED", "error": "no", "retry_after_ms": wait}).into()
                },
                false => json!({"devices": []}).into(),
            })
        })
        .await;
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
}
