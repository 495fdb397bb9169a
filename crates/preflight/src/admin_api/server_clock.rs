//! The server's clock, as its answers tell it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::UNIX_EPOCH,
};

use matrix_sdk::{
    reqwest::{
        Response,
        header::{DATE, HeaderValue},
    },
    ruma::http_headers::http_date_to_system_time,
};

use crate::now;

/// How many milliseconds the server's clock is ahead of this machine's, once an answer has told it; clones share what they
/// are told.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerClock(Arc<Mutex<i64>>);

impl ServerClock {
    /// Takes the moment at which an answer was made (`Date`,
    /// [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#field.date)); one that says none teaches nothing.
    pub(super) fn hear(&self, answer: &Response) {
        if let Some(there) = answer.headers().get(DATE).and_then(moment) {
            self.set(there, now());
        }
    }

    fn set(&self, there: u64, here: u64) {
        // Both are far from the largest number, unless a server makes fun of us: then it says nothing.
        if let (Ok(there), Ok(here)) = (i64::try_from(there), i64::try_from(here)) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = there.saturating_sub(here);
        }
    }

    /// Returns the present moment by that clock, in milliseconds since the Unix epoch; by this machine's as long as no answer
    /// has told another one.
    pub(super) fn now(&self) -> u64 {
        self.at(now())
    }

    fn at(&self, here: u64) -> u64 {
        here.saturating_add_signed(*self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads a moment, in milliseconds since the Unix epoch.
fn moment(date: &HeaderValue) -> Option<u64> {
    let since = http_date_to_system_time(date).ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_moment_and_anything_else_is_none() {
        let read = |text: &'static str| moment(&HeaderValue::from_static(text));
        // The specification's example.
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777_000));
        for other in ["", "soon", "784111777", "Sun, 06 Nov 1994"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn it_goes_as_the_last_answer_said_for_all_clones() {
        let clock = ServerClock::default();
        let other = clock.clone();
        assert_eq!(other.at(5_000), 5_000, "nobody has said anything");
        for (there, here, later) in [(9_000, 1_000, 13_000), (1_000, 9_000, 0), (5_000, 5_000, 5_000)] {
            clock.set(there, here);
            assert_eq!(other.at(5_000), later, "{there} and {here}");
        }
        clock.set(u64::MAX, 1_000);
        assert_eq!(other.at(5_000), 5_000, "there is no such moment");
    }
}
