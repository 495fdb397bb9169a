//! What `lifeboat verify` is to do.

use std::{path::PathBuf, time::Duration};

use super::{Entry, Person, entry, rescue::no_lent_token};
use crate::{args::VerifyArgs, failure::Failure};

/// What `lifeboat verify` is to do.
#[derive(Debug)]
pub(crate) struct VerifyJob {
    /// Whose account, and how to get in.
    pub(crate) entry: Entry,
    /// The session to compare with; otherwise the person is asked.
    pub(crate) with: Option<String>,
    /// Where a new recovery key goes, if one is to be made.
    pub(crate) new_recovery_key: Option<PathBuf>,
    /// How long the other side has for each step.
    pub(crate) patience: Duration,
}

/// Resolves the arguments of `lifeboat verify`.
pub(crate) fn verify(args: VerifyArgs, person: Person) -> Result<VerifyJob, Failure> {
    no_lent_token(&args.sign_in, "verify")?;
    if person == Person::Absent {
        return Err(Failure::usage(
            "Comparing emoji needs a person at a terminal, and there is none.",
            "Run it in a terminal; with a recovery key, lifeboat rescue and repair need nobody.",
        ));
    }
    Ok(VerifyJob {
        entry: entry(&args.user, args.account, args.sign_in, person)?,
        with: args.with,
        new_recovery_key: args.new_recovery_key,
        patience: Duration::from_secs(args.wait),
    })
}
