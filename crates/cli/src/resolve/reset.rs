//! What `lifeboat reset`, `resume` and `leave` are to do.

use std::{collections::BTreeSet, path::PathBuf};

use lifeboat_preflight::ForecastQuestion;
use lifeboat_report::{Aboard, ArkFirst, Code, Fate, OneByOne, Route, Waivers};

use super::{
    AdminToken, Asking, Candidates, Entry, Format, LetterJob, Person, SignIn, candidates, entry, forecast, format,
};
use crate::{
    args::{ConsentArgs, LeaveArgs, NewPasswordArgs, ResetArgs, ResumeArgs, RouteArg, SignInArgs},
    failure::Failure,
};

/// A reset.
#[derive(Debug)]
pub(crate) struct ResetJob {
    /// Whose account, and how to get in.
    pub(crate) entry: Entry,
    /// Keys to restore with.
    pub(crate) candidates: Candidates,
    /// Which messages to look at.
    pub(crate) forecast: ForecastQuestion,
    /// How the password is changed, if that was chosen.
    pub(crate) route: Option<Route>,
    /// What becomes of the sessions.
    pub(crate) fate: Fate,
    /// Sessions to sign out one by one.
    pub(crate) one_by_one: OneByOne,
    /// Whether an ark is saved first where sessions end.
    pub(crate) ark: ArkFirst,
    /// What was accepted.
    pub(crate) waivers: Waivers,
    /// Where the new password comes from.
    pub(crate) new_password: NewPassword,
    /// Where the old one comes from, if not from the sign-in.
    pub(crate) old_password: Option<PathBuf>,
    /// An administrator's access token.
    pub(crate) admin_token: Option<AdminToken>,
    /// The address for the mail.
    pub(crate) email: Option<String>,
    /// An earlier check.
    pub(crate) status_file: Option<PathBuf>,
    /// Whether somebody said yes already.
    pub(crate) consent: Consent,
    /// Whether Lifeboat stays signed in.
    pub(crate) aboard: Aboard,
    /// What stdout gets.
    pub(crate) format: Format,
    /// Whether somebody can be asked.
    pub(crate) person: Person,
}

impl ResetJob {
    /// Returns the fate that is judged: signing single sessions out costs what only they hold, like signing all out.
    pub(crate) fn judged(&self) -> Fate {
        if self.one_by_one.ends_any() {
            Fate::SessionsEnded
        } else {
            self.fate
        }
    }
}

/// Where the new password comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NewPassword {
    /// The person types it, twice.
    Prompt,
    /// From a file.
    File(PathBuf),
    /// From an open file descriptor.
    Descriptor(u16),
    /// It is made, and written to this new file.
    Generate(PathBuf),
    /// There is none, and nobody to ask.
    Missing,
}

/// Whether somebody said yes to the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// The person is asked.
    Ask,
    /// `--yes`.
    Given,
    /// The plan is all that is wanted.
    DryRun,
}

/// A reset to take up again.
#[derive(Debug)]
pub(crate) struct ResumeJob {
    /// Whose account.
    pub(crate) entry: Entry,
    /// Keys to restore with.
    pub(crate) recovery_key: Option<PathBuf>,
    /// Where the new password comes from.
    pub(crate) new_password: NewPassword,
    /// Where the old one comes from.
    pub(crate) old_password: Option<PathBuf>,
    /// An administrator's access token.
    pub(crate) admin_token: Option<AdminToken>,
    /// The letter to the person, after an administrator's reset.
    pub(crate) letter: Option<LetterJob>,
    /// The address for the mail.
    pub(crate) email: Option<String>,
    /// What stdout gets.
    pub(crate) format: Format,
    /// Whether somebody can be asked.
    pub(crate) person: Person,
}

/// A kept session to sign out.
#[derive(Debug)]
pub(crate) struct LeaveJob {
    /// Whose account.
    pub(crate) entry: Entry,
    /// Whether it is signed out in any case.
    pub(crate) force: Force,
}

/// Whether a kept session is signed out in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Force {
    /// It is.
    Yes,
    /// Only when another session can take its place.
    No,
}

/// Resolves the arguments of `lifeboat reset`.
pub(crate) fn reset(args: ResetArgs, person: Person) -> Result<ResetJob, Failure> {
    let config = args.account.config.clone();
    let mut entry = entry(&args.user, args.account, args.sign_in, person)?;
    let route = args.route.map(route);
    let by_admin = args.admin_token_file.is_some();
    match (route, by_admin) {
        (Some(Route::SynapseAdmin), false) => {
            return Err(Failure::usage(
                "The route synapse-admin needs an administrator’s access token.",
                "Give it with --admin-token-file FILE.",
            ));
        }
        (Some(Route::SynapseAdmin) | None, true) | (_, false) => {}
        (Some(_), true) => {
            return Err(Failure::usage(
                "An administrator’s access token is of use on the route synapse-admin alone.",
                "Leave out --admin-token-file, or give --route synapse-admin.",
            ));
        }
    }
    if args.forgotten || by_admin {
        entry.sign_in = SignIn::Nobody;
    }
    if args.forgotten && route == Some(Route::OldPassword) {
        return Err(Failure::usage(
            "The route old-password needs the old password.",
            "Leave out --forgotten, or give --route email.",
        ));
    }
    if route == Some(Route::Email) && args.email.is_none() && person == Person::Absent {
        return Err(Failure::usage(
            "The route email needs your address: servers show it to nobody.",
            "Give it with --email ADDRESS.",
        ));
    }
    if by_admin && (args.hacked || !args.end_session.is_empty()) {
        return Err(Failure::usage(
            "An administrator cannot sign single sessions out here.",
            "Leave out --hacked and --end-session, or sign every session out with --end-sessions.",
        ));
    }
    if !by_admin && args.new_password.temporary_password_file.is_some() {
        return Err(Failure::usage(
            "A temporary password is for an administrator who resets for somebody else.",
            "Give --admin-token-file as well, or use --generate-password.",
        ));
    }
    let (waivers, consent) = agreed(&args.consent, person)?;
    let fate = if args.end_sessions {
        Fate::SessionsEnded
    } else {
        Fate::SessionsKept
    };
    let otherwise = if person == Person::Present && !by_admin {
        Asking::Optional
    } else {
        Asking::No
    };
    let candidates = candidates(args.keys, person, otherwise)?;
    let quick = args.status_file.is_some() || args.forgotten || by_admin;
    let new_password = new_password(args.new_password, person);
    if new_password == NewPassword::Missing && consent != Consent::DryRun && route != Some(Route::AccountPage) {
        return Err(no_new_password());
    }
    Ok(ResetJob {
        entry,
        candidates,
        forecast: forecast::question(quick, args.forecast, &config)?,
        route: route.or(by_admin.then_some(Route::SynapseAdmin)),
        fate,
        one_by_one: if args.hacked {
            OneByOne::AllOthers
        } else {
            OneByOne::These(args.end_session)
        },
        ark: if args.no_ark { ArkFirst::Skip } else { ArkFirst::Save },
        waivers,
        new_password,
        old_password: args.old_password_file,
        admin_token: args.admin_token_file.map(AdminToken::File),
        email: args.email,
        status_file: args.status_file,
        consent,
        // Where every session ends, Lifeboat's may be the only one that new messages reach.
        aboard: if args.stay || args.hacked || fate == Fate::SessionsEnded {
            Aboard::Stay
        } else {
            Aboard::Leave
        },
        format: format(args.json),
        person,
    })
}

/// Resolves the arguments of `lifeboat resume`.
pub(crate) fn resume(args: ResumeArgs, person: Person) -> Result<ResumeJob, Failure> {
    let mut entry = entry(&args.user, args.account, SignInArgs::default(), person)?;
    entry.sign_in = SignIn::Nobody;
    let new_password = match new_password(args.new_password, person) {
        // A reset that is finished, and lacks its letter alone, needs none.
        NewPassword::Missing if args.letter.is_none() => return Err(no_new_password()),
        NewPassword::Generate(_) => {
            return Err(Failure::usage(
                "The new password was chosen when the reset began.",
                "Give the file that was written then with --new-password-file.",
            ));
        }
        other => other,
    };
    let letter = args.letter.map(|it| LetterJob::new(it, args.letter_template));
    Ok(ResumeJob {
        entry,
        recovery_key: args.recovery_key_file,
        new_password,
        old_password: args.old_password_file,
        admin_token: args.admin_token_file.map(AdminToken::File),
        letter: letter.transpose()?,
        email: args.email,
        format: format(args.json),
        person,
    })
}

/// Resolves the arguments of `lifeboat leave`.
pub(crate) fn leave(args: LeaveArgs, person: Person) -> Result<LeaveJob, Failure> {
    let mut entry = entry(&args.user, args.account, SignInArgs::default(), person)?;
    entry.sign_in = SignIn::KeptOnly;
    Ok(LeaveJob {
        entry,
        force: if args.force { Force::Yes } else { Force::No },
    })
}

fn route(route: RouteArg) -> Route {
    match route {
        RouteArg::OldPassword => Route::OldPassword,
        RouteArg::Email => Route::Email,
        RouteArg::SynapseAdmin => Route::SynapseAdmin,
        RouteArg::AccountPage => Route::AccountPage,
    }
}

fn new_password(args: NewPasswordArgs, person: Person) -> NewPassword {
    let made = args.generate_password.or(args.temporary_password_file);
    match (args.new_password_file, args.new_password_fd, made) {
        (Some(file), ..) => NewPassword::File(file),
        (_, Some(descriptor), _) => NewPassword::Descriptor(descriptor),
        (_, _, Some(file)) => NewPassword::Generate(file),
        (None, None, None) if person == Person::Present => NewPassword::Prompt,
        (None, None, None) => NewPassword::Missing,
    }
}

/// Reads what somebody agrees to: what it may cost, and the plan.
pub(super) fn agreed(args: &ConsentArgs, person: Person) -> Result<(Waivers, Consent), Failure> {
    let waivers = Waivers {
        blockers: codes(&args.waive)?,
        cautions_acknowledged: args.accept_cautions,
    };
    Ok((waivers, consent(args.dry_run, args.yes, person)?))
}

/// Says whether somebody said yes to the plan, or can be asked.
fn consent(dry_run: bool, yes: bool, person: Person) -> Result<Consent, Failure> {
    match (dry_run, yes) {
        (true, _) => Ok(Consent::DryRun),
        (false, true) => Ok(Consent::Given),
        (false, false) if person == Person::Present => Ok(Consent::Ask),
        (false, false) => Err(Failure::usage(
            "There is no terminal to ask whether the plan is right.",
            "Look at it with --dry-run, then say yes with --yes.",
        )),
    }
}

/// Reads the codes of findings.
fn codes(texts: &[String]) -> Result<BTreeSet<Code>, Failure> {
    texts.iter().map(|it| code(it)).collect()
}

fn code(text: &str) -> Result<Code, Failure> {
    let known = Code::ALL.iter().find(|it| it.as_str() == text).copied();
    known.ok_or_else(|| {
        Failure::usage(
            format!("“{text}” is not the code of a finding."),
            "Codes are shown beside the findings of `lifeboat check`, like coverage-at-risk.",
        )
    })
}

fn no_new_password() -> Failure {
    Failure::usage(
        "There is no new password, and no terminal to ask for one.",
        "Give it with --new-password-file or --new-password-fd, or have one made with --generate-password FILE.",
    )
}
