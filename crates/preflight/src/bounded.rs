//! Answers without an end: given up before they fill the memory.

use std::{fs, future::pending, time::Duration};

use matrix_sdk::{HttpError, HttpResult, ruma::api::error::FromHttpResponseError};
use serde::de::Error as _;

use crate::mortal;

/// By how many KiB this process may grow while it waits for one answer. The largest lawful ones, a thousand long messages
/// or the first sync of an account with thousands of rooms, take a tenth of it.
const LIMIT: u64 = 512 << 10;
/// How often it looks.
const GLANCE: Duration = Duration::from_millis(20);

/// Waits for an answer; one that does not end counts as one that cannot be read.
///
/// The SDK takes an answer whole before anybody sees how long it is. What is measured is the memory of the process, where
/// the system tells (Linux); elsewhere the time limit of a request is the only one.
pub(crate) async fn bounded<T>(asked: impl IntoFuture<Output = HttpResult<T>>) -> HttpResult<T> {
    mortal::request();
    tokio::select! {
        biased;
        answer = asked.into_future() => answer,
        () = grown() => Err(too_long()),
    }
}

/// Returns when this process has grown by [`LIMIT`].
pub(crate) async fn grown() {
    let Some(before) = memory() else {
        return pending().await;
    };
    loop {
        tokio::time::sleep(GLANCE).await;
        if memory().is_some_and(|now| now > before + LIMIT) {
            return;
        }
    }
}

/// The error of an answer that is too long to be read.
pub(crate) fn too_long() -> HttpError {
    let error = serde_json::Error::custom("the answer is too long");
    HttpError::Api(Box::new(FromHttpResponseError::Deserialization(error.into())))
}

/// How much memory this process has, in KiB.
fn memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use lifeboat_report::Gap;

    use super::*;
    use crate::gap_of;

    #[test]
    fn an_answer_that_is_too_long_is_a_gap() {
        assert_eq!(gap_of(&too_long()), Gap::Unreadable);
    }

    #[tokio::test]
    async fn an_answer_in_time_is_one() {
        assert_eq!(bounded(async { Ok(7) }).await.unwrap(), 7);
    }
}
