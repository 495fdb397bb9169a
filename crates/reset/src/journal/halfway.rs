//! How an unfinished reset stands, read where nobody can write.

use std::path::Path;

use super::{FILE, JournalError, has_signed_in, lines_of, newest};
use crate::flow::{self, Next, Password};

/// How an unfinished reset stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halfway {
    /// What is known of the password.
    pub password: Password,
    /// Whether Lifeboat has signed in with the new one.
    pub signed_in: bool,
}

impl Halfway {
    /// Reads how the newest reset below `resets` stands, without the journal's being opened: that takes a disk that can be
    /// written to. `None`: there is none, or it is finished.
    pub fn read(resets: &Path) -> Result<Option<Self>, JournalError> {
        let Some(newest) = newest(resets)? else { return Ok(None) };
        let Some(lines) = lines_of(&newest.join(FILE))? else {
            return Ok(None);
        };
        let (plan, records) = (&lines.header.plan, lines.records.as_slice());
        let unfinished = flow::next(plan, records) != Next::Finished;
        Ok(unfinished.then(|| Self {
            password: flow::password(plan, records),
            signed_in: has_signed_in(plan, records),
        }))
    }
}
