//! What `lifeboat repair` is to do.

use std::path::PathBuf;

use super::{Candidates, Entry, Format, Person, entry, format, rescue::needed_key};
use crate::{args::RepairArgs, failure::Failure, ui::time};

/// What `lifeboat repair` is to do.
#[derive(Debug)]
pub(crate) struct RepairJob {
    /// Whose account, and how to get in.
    pub(crate) entry: Entry,
    /// What opens secret storage or a key backup.
    pub(crate) candidates: Candidates,
    /// How far to go.
    pub(crate) extent: Extent,
    /// What stdout gets.
    pub(crate) format: Format,
}

/// How far a repair goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The plan only.
    Plan,
    /// The changes too, once the person agrees, after an ark was saved.
    Apply {
        /// Whether the person has agreed beforehand.
        agreed: Agreed,
        /// Where the ark goes; none is saved without.
        ark: Option<PathBuf>,
    },
}

/// Whether the person agrees to the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreed {
    /// Beforehand.
    Yes,
    /// That has to be asked.
    Ask,
}

/// Resolves the arguments of `lifeboat repair`.
pub(crate) fn repair(args: RepairArgs, person: Person) -> Result<RepairJob, Failure> {
    if !args.yes && !args.dry_run && person == Person::Absent {
        return Err(Failure::usage(
            "There is no terminal to ask whether you agree to the plan.",
            "Look at the plan with --dry-run, then agree with --yes.",
        ));
    }
    let entry = entry(&args.user, args.account, args.sign_in, person)?;
    let usual = || format!("lifeboat-{}-{}.ark", entry.user.localpart(), time::stamp(time::now()));
    let extent = match (args.dry_run, args.no_ark) {
        (true, _) => Extent::Plan,
        (false, no_ark) => Extent::Apply {
            agreed: if args.yes { Agreed::Yes } else { Agreed::Ask },
            ark: (!no_ark).then(|| args.ark.unwrap_or_else(|| PathBuf::from(usual()))),
        },
    };
    Ok(RepairJob {
        candidates: needed_key(args.keys, person)?,
        extent,
        format: format(args.json),
        entry,
    })
}
