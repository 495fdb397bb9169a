//! A change that a server makes later than anybody waits for its answer.

use std::time::{Duration, Instant};

use lifeboat_preflight::unhurried;

use crate::{
    Journal,
    flow::{Outcome, Record},
};

/// Between two looks for it: so long at first, and each time twice as long, because servers let nobody try many passwords.
const FIRST_LOOK: Duration = Duration::from_secs(30);

/// A change whose answer was lost, and that had not happened a moment later. Servers that use the proof up first say “not
/// confirmed” from then on, whether they change the password or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct LateChange {
    /// When to look for it, and how long after that once more; `None`: no answer was lost.
    next: Option<(Instant, Duration)>,
}

impl LateChange {
    /// Reads from the journal whether there may be one.
    pub(super) fn possible_in(journal: &Journal) -> Self {
        let change = journal.plan().change_number();
        let lost = journal.records().iter().any(|it| match it {
            Record::Ended { step, outcome } => Some(*step) == change && *outcome == Outcome::Dark,
            _ => false,
        });
        Self {
            next: lost.then(|| (Instant::now(), unhurried(FIRST_LOOK))),
        }
    }

    /// Tells whether there may be one.
    pub(super) fn is_possible(self) -> bool {
        self.next.is_some()
    }

    /// Tells whether it is time to look, which it then is not for a while.
    pub(super) fn is_to_be_looked_for(&mut self) -> bool {
        let now = Instant::now();
        match &mut self.next {
            Some((next, pause)) if *next <= now => {
                *next = now + *pause;
                *pause *= 2;
                true
            }
            _ => false,
        }
    }
}
