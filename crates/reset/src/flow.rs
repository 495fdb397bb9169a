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
    let changed = password(plan, records) == Password::Changed;
    for (number, step) in plan.steps.iter().enumerate() {
        match standing(step, number, records, changed) {
            Standing::Done => {}
            Standing::ToDo => return Next::Do(number),
            Standing::Dark => return Next::FindOut(number),
        }
    }
    Next::Finished
}

/// Says what is known of the password.
pub fn password(plan: &Plan, records: &[Record]) -> Password {
    let change = plan.steps.iter().position(changes_password);
    let last = change.and_then(|number| last_of(number, records));
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

enum Standing {
    Done,
    ToDo,
    Dark,
}

fn standing(step: &Step, number: usize, records: &[Record], changed: bool) -> Standing {
    match last_of(number, records) {
        Some(Record::Ended {
            outcome: Outcome::Done, ..
        }) => {
            // What was looked at before an interruption may have changed since; after the change it no longer matters.
            let since = records.iter().rposition(|it| matches!(it, Record::Resumed));
            let done = records.iter().rposition(|it| it.step() == Some(number));
            if *step == Step::LookAgain && !changed && done < since {
                Standing::ToDo
            } else {
                Standing::Done
            }
        }
        Some(
            Record::Began { .. }
            | Record::Ended {
                outcome: Outcome::Dark, ..
            },
        ) if *step == Step::ChangePassword => Standing::Dark,
        // Once the password is changed, looking again has nothing left to protect.
        _ if *step == Step::LookAgain && changed => Standing::Done,
        _ => Standing::ToDo,
    }
}

fn last_of(number: usize, records: &[Record]) -> Option<&Record> {
    records.iter().rev().find(|it| it.step() == Some(number))
}

fn changes_password(step: &Step) -> bool {
    matches!(step, Step::ChangePassword | Step::AwaitAccountPage)
}
