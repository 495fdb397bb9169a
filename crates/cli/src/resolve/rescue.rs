//! Jobs around room keys: the rescue, and their export.

use std::{path::PathBuf, time::Duration};

use lifeboat_preflight::LeftRooms;

use super::{Asking, Candidates, Entry, Format, Person, ark_place, candidates, entry, format};
use crate::{
    args::{ExportKeysArgs, KeyArgs, RescueArgs, SignInArgs},
    failure::Failure,
};

/// What `lifeboat rescue` is to do.
#[derive(Debug)]
pub(crate) struct RescueJob {
    /// Whose account, and how to get in.
    pub(crate) entry: Entry,
    /// What opens secret storage.
    pub(crate) candidates: Candidates,
    /// The session to compare with where no recovery key is given; otherwise the person is asked.
    pub(crate) with: Option<String>,
    /// The status file to write afterwards.
    pub(crate) status_file: Option<PathBuf>,
    /// Where the ark goes; none is saved without.
    pub(crate) ark: Option<PathBuf>,
    /// Key files to take.
    pub(crate) key_files: KeyFiles,
    /// Whether other sessions are asked.
    pub(crate) sessions: AskSessions,
    /// Whether rooms that were left count.
    pub(crate) left_rooms: LeftRooms,
    /// How long to wait for something new.
    pub(crate) patience: Duration,
    /// What stdout gets.
    pub(crate) format: Format,
}

/// Whether other sessions are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskSessions {
    /// They are.
    Yes,
    /// They are not.
    No,
}

/// Key files to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyFiles {
    /// The files.
    pub(crate) files: Vec<PathBuf>,
    /// Where their passphrase lies; else the person is asked.
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// What `lifeboat export-keys` is to do.
#[derive(Debug)]
pub(crate) struct ExportJob {
    /// Whose account, and how to get in.
    pub(crate) entry: Entry,
    /// What opens the key backup.
    pub(crate) candidates: Candidates,
    /// Whether the key backup is read, or the kept session alone.
    pub(crate) source: Source,
    /// The key file to write.
    pub(crate) file: PathBuf,
    /// Where its passphrase lies; else the person is asked for a new one.
    pub(crate) passphrase_file: Option<PathBuf>,
    /// What stdout gets.
    pub(crate) format: Format,
}

/// Where the room keys of an export come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// From the key backup, and from a kept session where there is one.
    Backup,
    /// From the kept session alone.
    KeptSession,
}

/// Resolves the arguments of `lifeboat rescue`.
pub(crate) fn rescue(args: RescueArgs, person: Person) -> Result<RescueJob, Failure> {
    no_lent_token(&args.sign_in, "rescue")?;
    if !args.files.key_files.is_empty() && args.files.key_file_passphrase_file.is_none() && person == Person::Absent {
        return Err(Failure::usage(
            "There is no terminal to ask for the passphrase of the key files.",
            "Give it with --key-file-passphrase-file FILE.",
        ));
    }
    let candidates = match (&args.with, args.files.key_files.is_empty()) {
        (Some(_), _) if person == Person::Absent => {
            return Err(Failure::usage(
                "Comparing emoji needs a person at a terminal, and there is none.",
                "Run it in a terminal, or give --recovery-key-file.",
            ));
        }
        (Some(_), _) => Candidates {
            files: Vec::new(),
            asking: Asking::No,
        },
        // Whose backup it is that the keys of a file go into is proven by the recovery key alone.
        (None, false) => needed_key(args.keys, person)?,
        (None, true) if person == Person::Absent => needed_key(args.keys, person)?,
        (None, true) => super::candidates(args.keys, person, Asking::Optional)?,
    };
    let include_left = args.include_left || args.account.config.include_left;
    let entry = entry(&args.user, args.account, args.sign_in, person)?;
    Ok(RescueJob {
        ark: ark_place(args.ark, args.no_ark, &entry),
        entry,
        candidates,
        with: args.with,
        status_file: args.status_file,
        key_files: KeyFiles {
            files: args.files.key_files,
            passphrase_file: args.files.key_file_passphrase_file,
        },
        sessions: if args.files.only_key_files {
            AskSessions::No
        } else {
            AskSessions::Yes
        },
        left_rooms: if include_left {
            LeftRooms::Include
        } else {
            LeftRooms::LeaveOut
        },
        patience: Duration::from_secs(args.wait),
        format: format(args.json),
    })
}

/// Resolves the arguments of `lifeboat export-keys`.
pub(crate) fn export_keys(args: ExportKeysArgs, person: Person) -> Result<ExportJob, Failure> {
    if args.passphrase_file.is_none() && person == Person::Absent {
        return Err(Failure::usage(
            "There is no terminal to ask for a passphrase for the key file.",
            "Give it with --passphrase-file FILE.",
        ));
    }
    Ok(ExportJob {
        entry: entry(&args.user, args.account, args.sign_in, person)?,
        candidates: if args.session_only {
            super::candidates(args.keys, person, Asking::No)?
        } else {
            needed_key(args.keys, person)?
        },
        source: if args.session_only {
            Source::KeptSession
        } else {
            Source::Backup
        },
        file: args.file,
        passphrase_file: args.passphrase_file,
        format: format(args.json),
    })
}

/// Asks for a recovery key unless one is given, and refuses when nobody is there to ask.
pub(super) fn needed_key(keys: KeyArgs, person: Person) -> Result<Candidates, Failure> {
    if keys.recovery_key_file.is_empty() && person == Person::Absent {
        return Err(Failure::usage(
            "This needs your recovery key or passphrase, and there is no terminal to ask for it.",
            "Give it with --recovery-key-file FILE.",
        ));
    }
    candidates(keys, person, Asking::Required)
}

pub(super) fn no_lent_token(sign_in: &SignInArgs, command: &str) -> Result<(), Failure> {
    match sign_in.access_token_file {
        Some(_) => Err(Failure::usage(
            format!("lifeboat {command} cannot work through a lent access token: it needs a session of its own."),
            "Give the password instead, or sign in with --sso.",
        )),
        None => Ok(()),
    }
}
