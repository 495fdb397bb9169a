//! What is owed of a reset that stopped: the exit status by which scripts learn that it is still to be finished.

use std::path::Path;

use lifeboat_reset::{Halfway, JournalError, flow::Password};

use crate::{exit::Exit, failure::Failure};

/// Returns the exit status of a run that leaves a reset as it stands; `None`: that reset has changed nothing yet.
pub(crate) fn owed(password: Password, signed_in: bool) -> Option<Exit> {
    match password {
        Password::Unchanged => None,
        Password::Changed if signed_in => Some(Exit::Incomplete),
        Password::Dark | Password::Changed => Some(Exit::Stranded),
    }
}

/// Says why what is written down of resets cannot be used. Where one of them is to be finished, as far as it can be read,
/// the exit status says so; a run that is at work on it sees to that itself.
pub(crate) fn unusable(error: JournalError, resets: &Path) -> Failure {
    let busy = matches!(error, JournalError::Busy);
    let failure = Failure::from(error);
    match Halfway::read(resets) {
        Ok(Some(it)) if !busy => Failure {
            exit: owed(it.password, it.signed_in).unwrap_or(failure.exit),
            ..failure
        },
        _ => failure,
    }
}
