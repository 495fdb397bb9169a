//! What `lifeboat repair` is to do.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use lifeboat_rescue::{IdentityWish, KeyWish, SwitchWish, Wishes};

use super::{Asking, Candidates, Entry, Format, Person, ark_place, candidates, entry, format};
use crate::{
    args::{RepairArgs, WishArgs},
    failure::Failure,
};

/// What `lifeboat repair` is to do.
#[derive(Debug)]
pub(crate) struct RepairJob {
    /// Whose account, and how to get in.
    pub(crate) entry: Entry,
    /// What opens secret storage or a key backup.
    pub(crate) candidates: Candidates,
    /// How far to go.
    pub(crate) extent: Extent,
    /// What is done beside what is called for. Sessions to sign are named below: their keys have to be seen first.
    pub(crate) wishes: Wishes,
    /// Sessions to sign.
    pub(crate) sign: Vec<String>,
    /// Where a new recovery key goes; without, it is shown once and typed back.
    pub(crate) new_recovery_key: Option<PathBuf>,
    /// The session to compare with, where that is needed.
    pub(crate) with: Option<String>,
    /// How long sessions are waited for.
    pub(crate) patience: Duration,
    /// Whether the cost of a new identity is accepted beforehand.
    pub(crate) identity_waived: bool,
    /// Whether somebody is there to ask.
    pub(crate) person: Person,
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

/// The word by which the cost of a new identity is accepted.
const WAIVER: &str = "reset-identity";

/// Resolves the arguments of `lifeboat repair`.
pub(crate) fn repair(args: RepairArgs, person: Person) -> Result<RepairJob, Failure> {
    if !args.yes && !args.dry_run && person == Person::Absent {
        return Err(Failure::usage(
            "There is no terminal to ask whether you agree to the plan.",
            "Look at the plan with --dry-run, then agree with --yes.",
        ));
    }
    let entry = entry(&args.user, args.account, args.sign_in, person)?;
    let extent = match args.dry_run {
        true => Extent::Plan,
        false => Extent::Apply {
            agreed: if args.yes { Agreed::Yes } else { Agreed::Ask },
            ark: ark_place(args.ark, args.no_ark, &entry),
        },
    };
    // Whoever has no secret storage has no recovery key either.
    let otherwise = match (person, args.wishes.lost_recovery_key) {
        (Person::Present, false) => Asking::Optional,
        _ => Asking::No,
    };
    let identity_waived = waived(&args.wishes)?;
    if args.wishes.new_identity && !args.dry_run && !identity_waived && person == Person::Absent {
        return Err(Failure::usage(
            "A new identity costs history, and nobody is there to accept that.",
            format!("Look at the plan with --dry-run; only if you accept the loss for good: --waive {WAIVER}."),
        ));
    }
    Ok(RepairJob {
        candidates: candidates(args.keys, person, otherwise)?,
        extent,
        sign: args.wishes.sign_sessions.clone(),
        new_recovery_key: args.wishes.new_recovery_key.clone(),
        with: args.wishes.with.clone(),
        patience: Duration::from_secs(args.wishes.wait),
        identity_waived,
        wishes: wishes(args.wishes)?,
        person,
        format: format(args.json),
        entry,
    })
}

fn waived(args: &WishArgs) -> Result<bool, Failure> {
    match args.waive.iter().find(|it| *it != WAIVER) {
        Some(other) => Err(Failure::usage(
            format!("There is nothing called “{other}” to waive here."),
            format!("The cost of a new identity is accepted with --waive {WAIVER}."),
        )),
        None => Ok(!args.waive.is_empty()),
    }
}

fn wishes(args: WishArgs) -> Result<Wishes, Failure> {
    let mut rename = BTreeMap::new();
    for it in args.rename_sessions {
        match it.split_once('=') {
            Some((id, name)) if !id.is_empty() && !name.trim().is_empty() => {
                rename.insert(id.to_owned(), name.trim().to_owned());
            }
            _ => {
                return Err(Failure::usage(
                    format!("“{it}” names no session with its new name."),
                    "Write the id, an equals sign and the name: --rename-session 'JLAFKJWSCS=Old telephone'.",
                ));
            }
        }
    }
    Ok(Wishes {
        recovery_key: if args.lost_recovery_key {
            KeyWish::Lost
        } else {
            KeyWish::Keep
        },
        backup_switch: if args.switch_backup_on {
            SwitchWish::On
        } else {
            SwitchWish::Keep
        },
        identity: if args.new_identity {
            IdentityWish::Reset
        } else {
            IdentityWish::Keep
        },
        sign: BTreeMap::new(),
        rename,
        sign_out: args.sign_out_sessions.into_iter().collect(),
    })
}
