//! What a rescue had added when it failed: the status of a failure says that nothing was changed.

use lifeboat_report::grouped;
use lifeboat_rescue::{GossipProgress, UploadProgress};

use crate::{exit::Exit, failure::Failure, session::NOTHING_CHANGED};

/// Counts the room keys that go to the key backup, however the rescue ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Added {
    pub(crate) from_files: UploadProgress,
    pub(crate) from_sessions: GossipProgress,
}

impl Added {
    /// Says in a failure what was added before it: then nobody can tell what is at risk still.
    pub(crate) fn told(&self, failure: Failure) -> Failure {
        let arrived = self.from_sessions.arrived_so_far();
        let (added, in_doubt) = match self.from_sessions.is_uploaded() {
            true => (arrived, 0),
            false => (0, arrived),
        };
        told(
            failure,
            self.from_files.added() + added,
            self.from_files.in_doubt() + in_doubt,
        )
    }
}

fn told(failure: Failure, added: u64, in_doubt: u64) -> Failure {
    let before = match (added, in_doubt) {
        (0, 0) => return failure,
        (added, 0) => format!("the key backup was given {}", room_keys(added)),
        (0, in_doubt) => format!("the key backup may have been given {}", room_keys(in_doubt)),
        (added, in_doubt) => format!(
            "the key backup was given {}, and may have been given {} more",
            room_keys(added),
            grouped(in_doubt)
        ),
    };
    if failure.exit == Exit::Interrupted {
        let wrong = match failure.wrong.as_str() {
            NOTHING_CHANGED => format!("You stopped it. Before that, {before}."),
            _ => failure.wrong,
        };
        return Failure { wrong, ..failure };
    }
    Failure {
        wrong: format!(
            "{} Before that, {before}; whether messages are still at risk could not be checked.",
            failure.wrong
        ),
        hint: format!(
            "{} What was added stays: run lifeboat check to see what is still at risk.",
            failure.hint
        ),
        exit: Exit::Blocked,
    }
}

fn room_keys(count: u64) -> String {
    format!("{} room key{}", grouped(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> Failure {
        Failure::failed("The server does not answer.", "Try again in a while.")
    }

    #[test]
    fn a_failure_before_anything_was_added_stays_as_it_is() {
        assert_eq!(told(failed(), 0, 0), failed());
        assert_eq!(Added::default().told(failed()), failed());
    }

    #[test]
    fn what_was_added_is_told_and_nobody_can_tell_the_rest() {
        for (added, in_doubt, words) in [
            (1, 0, "the key backup was given 1 room key; whether"),
            (3, 0, "the key backup was given 3 room keys; whether"),
            (0, 1, "the key backup may have been given 1 room key; whether"),
            (
                100,
                7,
                "the key backup was given 100 room keys, and may have been given 7 more; whether",
            ),
        ] {
            let told = told(failed(), added, in_doubt);
            let begin = "The server does not answer. Before that, ";
            assert_eq!(
                told.wrong,
                format!("{begin}{words} messages are still at risk could not be checked.")
            );
            assert_eq!(
                told.hint,
                "Try again in a while. What was added stays: run lifeboat check to see what is still at risk."
            );
            assert_eq!(told.exit, Exit::Blocked);
        }
        let mistake = Failure::usage("This key file is damaged.", "Copy it again.");
        assert_eq!(told(mistake, 1, 0).exit, Exit::Blocked);
    }

    #[test]
    fn who_stops_it_after_something_was_added_is_not_told_that_nothing_was_changed() {
        let stopped = told(Failure::interrupted(NOTHING_CHANGED, "Run it again."), 2, 0);
        assert_eq!(
            stopped,
            Failure::interrupted(
                "You stopped it. Before that, the key backup was given 2 room keys.",
                "Run it again."
            )
        );
        let told_already = Failure::interrupted("You stopped it. It may remain.", "Sign it out.");
        assert_eq!(told(told_already.clone(), 2, 0), told_already);
    }
}
