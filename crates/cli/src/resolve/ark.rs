//! From the arguments of `lifeboat ark` to its jobs.

use std::path::PathBuf;

use super::{Asking, Candidates, Consent, Entry, Format, Person, candidates, entry, format};
use crate::{args::ArkCommand, failure::Failure};

/// What `lifeboat ark` is to do.
#[derive(Debug)]
pub(crate) enum ArkJob {
    /// Write one.
    Save(ArkSave),
    /// Read one.
    Read(ArkRead),
    /// Put back what is in one.
    Restore(Box<ArkRestore>),
}

/// Writes an ark.
#[derive(Debug)]
pub(crate) struct ArkSave {
    /// Whose account, and how to get in.
    pub(crate) entry: Entry,
    /// The new file.
    pub(crate) file: PathBuf,
    /// What stdout gets.
    pub(crate) format: Format,
}

/// Reads an ark, without any network.
#[derive(Debug)]
pub(crate) struct ArkRead {
    /// The file.
    pub(crate) file: PathBuf,
    /// Keys to try on it.
    pub(crate) candidates: Candidates,
    /// What stdout gets.
    pub(crate) format: Format,
}

/// Puts back what an ark holds.
#[derive(Debug)]
pub(crate) struct ArkRestore {
    /// Whose account, and how to get in.
    pub(crate) entry: Entry,
    /// The file.
    pub(crate) file: PathBuf,
    /// The parts that were named; none means all that the account lacks.
    pub(crate) parts: Vec<String>,
    /// Keys to try on it, and on the account.
    pub(crate) candidates: Candidates,
    /// Whether somebody said yes already.
    pub(crate) consent: Consent,
    /// What stdout gets.
    pub(crate) format: Format,
}

/// Resolves the arguments of `lifeboat ark`.
pub(crate) fn ark(command: ArkCommand, person: Person) -> Result<ArkJob, Failure> {
    Ok(match command {
        ArkCommand::Save(args) => ArkJob::Save(ArkSave {
            entry: entry(&args.user, args.account, args.sign_in, person)?,
            file: args.file,
            format: format(args.json),
        }),
        ArkCommand::Verify(args) => ArkJob::Read(ArkRead {
            file: args.file,
            candidates: candidates(args.keys, person, Asking::No)?,
            format: format(args.json),
        }),
        ArkCommand::Show(args) => ArkJob::Read(ArkRead {
            file: args.file,
            candidates: Candidates {
                files: Vec::new(),
                asking: Asking::No,
            },
            format: format(args.json),
        }),
        ArkCommand::Restore(args) => {
            let consent = match (args.dry_run, args.yes) {
                (true, _) => Consent::DryRun,
                (false, true) => Consent::Given,
                (false, false) if person == Person::Present => Consent::Ask,
                (false, false) => {
                    return Err(Failure::usage(
                        "There is no terminal to ask whether the plan is right.",
                        "Look at it with --dry-run, then say yes with --yes.",
                    ));
                }
            };
            let otherwise = match person {
                Person::Present => Asking::Optional,
                Person::Absent => Asking::No,
            };
            ArkJob::Restore(Box::new(ArkRestore {
                entry: entry(&args.user, args.account, args.sign_in, person)?,
                file: args.file,
                parts: args.parts,
                candidates: candidates(args.keys, person, otherwise)?,
                consent,
                format: format(args.json),
            }))
        }
    })
}
