//! The stages of a reset: pure, from what the journal holds to what is to be done next.

mod record;
#[cfg(test)]
mod tests;

use lifeboat_report::{Plan, Route, Step};

pub use record::{Outcome, Record, Stamped};

/// What a reset does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// This step of the plan, by its number.
    Do(usize),
    /// It finds out what this step did: it was begun, and nobody knows whether the server carried it out.
    FindOut(usize),
    /// Nothing: every step is done.
    Finished,
}

/// What is known of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Password {
    /// It is the old one.
    Unchanged,
    /// The change was sent, or may have been, and no answer came: nobody knows.
    Dark,
    /// It is the new one.
    Changed,
}

/// Says what is to be done next, after what the journal holds.
///
/// Total: every sequence of records has an answer. Only the change of the password is ever found out about instead of
/// repeated: every other step may be done twice without harm.
pub fn next(plan: &Plan, records: &[Record]) -> Next {
    let change = plan.change_number();
    let first = match password(plan, records) {
        // Neither password can be relied on before this is known, so nothing else comes first.
        Password::Dark => return change.map_or(Next::Finished, Next::FindOut),
        // What comes before the change has nothing left to do.
        Password::Changed => change.unwrap_or(0),
        Password::Unchanged => 0,
    };
    let mut steps = plan.steps.iter().enumerate().skip(first);
    let to_do = steps.find(|(number, step)| !is_done(step, *number, records));
    to_do.map_or(Next::Finished, |(number, _)| Next::Do(number))
}

/// Says what is known of the password.
pub fn password(plan: &Plan, records: &[Record]) -> Password {
    let last = plan.change_number().and_then(|number| last_of(number, records));
    match last {
        None
        | Some(Record::Ended {
            outcome: Outcome::Failed,
            ..
        }) => Password::Unchanged,
        Some(Record::Ended {
            outcome: Outcome::Done, ..
        }) => Password::Changed,
        // While a person is at the account page, Lifeboat itself changes nothing.
        Some(_) if plan.route == Route::AccountPage => Password::Unchanged,
        Some(_) => Password::Dark,
    }
}

fn is_done(step: &Step, number: usize, records: &[Record]) -> bool {
    let ended = last_of(number, records);
    let done = matches!(
        ended,
        Some(Record::Ended {
            outcome: Outcome::Done | Outcome::Skipped,
            ..
        })
    );
    // What was looked at before an interruption may have changed since.
    let since = records.iter().rposition(|it| matches!(it, Record::Resumed));
    let looked = records.iter().rposition(|it| it.step() == Some(number));
    done && (*step != Step::LookAgain || looked >= since)
}

fn last_of(number: usize, records: &[Record]) -> Option<&Record> {
    records.iter().rev().find(|it| it.step() == Some(number))
}
