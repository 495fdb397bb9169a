//! From arguments to jobs: refuses what contradicts itself, before any file or network is touched.

mod ark;
mod desk;
mod forecast;
mod prove;
mod repair;
mod rescue;
mod reset;
#[cfg(test)]
mod tests;
mod user;
mod verify;

use std::path::PathBuf;

use lifeboat_preflight::{ForecastQuestion, InsecureHttp, NetworkOptions, OAuthWay, ruma::OwnedUserId, unhurried};
use lifeboat_report::Fate;

use crate::{
    advice::CommandLine,
    args::{AccountArgs, AuthArg, CheckArgs, CheckOutputArgs, FateArg, KeyArgs, SignInArgs, TryKeyArgs},
    failure::Failure,
    ui::time,
};

pub(crate) use ark::{ArkJob, ArkRead, ArkRestore, ArkSave, ark};
pub(crate) use desk::{AdminToken, AuditJob, DeskCheckJob, DeskJob, DeskResetJob, Eyes, LetterJob, MasAccess, desk};
pub(crate) use prove::{ProveJob, prove};
pub(crate) use repair::{Agreed, Extent, RepairJob, repair};
pub(crate) use rescue::{AskSessions, ExportJob, KeyFiles, RescueJob, Source, export_keys, rescue};
pub(crate) use reset::{Consent, Force, LeaveJob, NewPassword, ResetJob, ResumeJob, leave, reset, resume};
pub(crate) use user::parse_user;
pub(crate) use verify::{By, Other, VerifyJob, verify};

/// Whether somebody sits at a terminal who can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    /// There is a controlling terminal.
    Present,
    /// There is none: everything needed has to be given.
    Absent,
}

/// Where `lifeboat check` takes its facts from.
#[derive(Debug)]
pub(crate) enum CheckJob {
    /// From the homeserver.
    Ask(Box<Ask>),
    /// From a status file.
    Judge(Judge),
}

/// A check against the homeserver.
#[derive(Debug)]
pub(crate) struct Ask {
    /// Whose account, and how to get in.
    pub(crate) entry: Entry,
    /// Keys to try.
    pub(crate) candidates: Candidates,
    /// Which messages to look at.
    pub(crate) forecast: ForecastQuestion,
    /// Whether what was read is remembered for the next check.
    pub(crate) cache: Cache,
    /// Whether other sessions are asked for the backup key.
    pub(crate) sessions: AskSessions,
    /// What becomes of the session.
    pub(crate) afterwards: Afterwards,
    /// What to print and write.
    pub(crate) output: Output,
}

/// A check of a status file.
#[derive(Debug)]
pub(crate) struct Judge {
    /// The file.
    pub(crate) file: PathBuf,
    /// What to print and write.
    pub(crate) output: Output,
}

/// What `lifeboat check` prints and writes.
#[derive(Debug)]
pub(crate) struct Output {
    /// Which reset the exit status speaks about.
    pub(crate) fate: Fate,
    /// What stdout gets.
    pub(crate) format: Format,
    /// The status file to write.
    pub(crate) status_file: Option<PathBuf>,
    /// The page to write.
    pub(crate) page: Option<PathBuf>,
    /// What the JSON and the page say about people and places.
    pub(crate) names: Names,
}

/// What stdout gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A screen for people.
    Screen,
    /// One JSON document.
    Json,
}

/// What the JSON and the page say about people and places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Ids as they are, names of rooms left out.
    Ids,
    /// Ids and names.
    All,
    /// Neither: hashes.
    Redacted,
}

/// Whether what was read of the messages is remembered for the next check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cache {
    /// It is, on this machine.
    Use,
    /// It is not, and what an earlier check remembers is not believed.
    Ignore,
}

/// What becomes of the session that a command signs in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// It is removed.
    Remove,
    /// It is kept for the next command.
    Keep,
}

/// Whose account, and how to get in.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The account.
    pub(crate) user: OwnedUserId,
    /// The server's address, if it was given.
    pub(crate) homeserver: Option<String>,
    /// How to reach it.
    pub(crate) network: NetworkOptions,
    /// How to sign in.
    pub(crate) sign_in: SignIn,
    /// Who is to vouch for the person at single sign-on, if that was chosen.
    pub(crate) provider: Option<String>,
    /// Whether the browser is opened.
    pub(crate) browser: Browser,
    /// What another command has to be told to reach the same account.
    pub(crate) reach: CommandLine,
}

/// Whether Lifeboat opens the browser itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Browser {
    /// It does.
    Open,
    /// It prints the address only.
    Leave,
}

impl Entry {
    /// Returns the arguments with which another command reaches the same account.
    pub(crate) fn command_line(&self) -> CommandLine {
        self.reach.clone()
    }
}

/// Returns the arguments with which another command reaches the account: what was given here. What the configuration says it
/// reads itself.
fn reach(user: &OwnedUserId, account: &AccountArgs) -> CommandLine {
    let homeserver = account.homeserver.iter().flat_map(|it| ["--homeserver", it]);
    let insecure = account.allow_insecure_http.then_some("--allow-insecure-http");
    let ca_file = account.ca_file.as_deref().and_then(std::path::Path::to_str);
    let ca_file = ca_file.into_iter().flat_map(|it| ["--ca-file", it]);
    let proxy = account.proxy.iter().flat_map(|it| ["--proxy", it]);
    let config = account.config.chosen_by.iter().map(String::as_str);
    let flags = homeserver.chain(insecure).chain(ca_file).chain(proxy).chain(config);
    CommandLine::account([user.as_str()].into_iter().chain(flags))
}

/// How to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignIn {
    /// In the best way that the server offers, unless a session was kept.
    Best,
    /// With the password that the person types, unless a session was kept.
    Prompt,
    /// With an access token that the person types.
    TokenPrompt,
    /// With a kept session or not at all: no secret is given, and nobody is there to ask.
    KeptOnly,
    /// With the password in a file.
    PasswordFile(PathBuf),
    /// With the password from an open file descriptor.
    PasswordDescriptor(u16),
    /// With a borrowed access token in a file.
    AccessTokenFile(PathBuf),
    /// In the browser, by single sign-on.
    Sso,
    /// At the authorization server.
    OAuth(OAuthWay),
    /// Not at all: what needs no session is all there is.
    Nobody,
}

impl SignIn {
    /// Tells whether an access token is lent: the session is somebody's own, and Lifeboat neither ends nor keeps it.
    pub(crate) fn is_lent(&self) -> bool {
        matches!(self, Self::AccessTokenFile(_) | Self::TokenPrompt)
    }
}

/// Recovery keys or passphrases to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidates {
    /// From these files.
    pub(crate) files: Vec<PathBuf>,
    /// And from the person.
    pub(crate) asking: Asking,
}

/// Whether the person is asked for a recovery key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// No.
    No,
    /// Yes, and Enter skips it.
    Optional,
    /// Yes, until there is one.
    Required,
}

/// What `lifeboat try-key` is to do.
#[derive(Debug)]
pub(crate) struct TryKeyJob {
    /// Whose account; nothing for a mere look at the typing.
    pub(crate) entry: Option<Entry>,
    /// Keys to try.
    pub(crate) candidates: Candidates,
    /// What stdout gets.
    pub(crate) format: Format,
}

/// Resolves the arguments of `lifeboat check`.
pub(crate) fn check(args: CheckArgs, person: Person) -> Result<CheckJob, Failure> {
    let output = output(args.fate, args.output)?;
    let user = match (args.from, args.user) {
        (Some(file), _) => return Ok(CheckJob::Judge(Judge { file, output })),
        (None, Some(user)) => user,
        (None, None) => return Err(no_user()),
    };
    let cache = if args.forecast.no_cache || args.account.config.no_cache {
        Cache::Ignore
    } else {
        Cache::Use
    };
    let forecast = forecast::question(args.quick, args.forecast, &args.account.config)?;
    let entry = entry(&user, args.account, args.sign_in, person)?;
    if args.keep_session && entry.sign_in.is_lent() {
        return Err(Failure::usage(
            "A session whose access token is lent cannot be kept: it is your own. Nothing was changed.",
            "Leave out --keep-session, or sign in another way with --auth.",
        ));
    }
    let by_hand = matches!(
        entry.sign_in,
        SignIn::Best | SignIn::Prompt | SignIn::TokenPrompt | SignIn::Sso | SignIn::OAuth(_)
    );
    let otherwise = if by_hand && person == Person::Present {
        Asking::Optional
    } else {
        Asking::No
    };
    let (sessions, candidates) = match args.ask_sessions {
        true => (AskSessions::Yes, rescue::needed_key(args.keys, person)?),
        false => (AskSessions::No, candidates(args.keys, person, otherwise)?),
    };
    let afterwards = if args.keep_session {
        Afterwards::Keep
    } else {
        Afterwards::Remove
    };
    Ok(CheckJob::Ask(Box::new(Ask {
        entry,
        candidates,
        forecast,
        cache,
        sessions,
        afterwards,
        output,
    })))
}

/// Resolves the arguments of `lifeboat try-key`.
pub(crate) fn try_key(args: TryKeyArgs, person: Person) -> Result<TryKeyJob, Failure> {
    let entry = match (args.offline, args.user) {
        (true, _) => None,
        (false, Some(user)) => Some(entry(&user, args.account, args.sign_in, person)?),
        (false, None) => return Err(no_user()),
    };
    if args.keys.recovery_key_file.is_empty() && person == Person::Absent {
        return Err(Failure::usage(
            "There is no key to try, and no terminal to ask for one.",
            "Give it with --recovery-key-file FILE.",
        ));
    }
    let candidates = candidates(args.keys, person, Asking::Required)?;
    Ok(TryKeyJob {
        entry,
        candidates,
        format: format(args.json),
    })
}

fn output(fate: FateArg, args: CheckOutputArgs) -> Result<Output, Failure> {
    if args.html.is_some() && args.html == args.status_file {
        return Err(Failure::usage(
            "--html and --status-file name the same file.",
            "Give each a file of its own.",
        ));
    }
    Ok(Output {
        fate: match fate {
            FateArg::Ended => Fate::SessionsEnded,
            FateArg::Kept => Fate::SessionsKept,
        },
        format: format(args.json),
        status_file: args.status_file,
        page: args.html,
        names: match (args.redact, args.with_names) {
            (true, _) => Names::Redacted,
            (false, true) => Names::All,
            (false, false) => Names::Ids,
        },
    })
}

/// Returns the way into an account: what the flags say and, where they say nothing, the configuration.
pub(crate) fn entry(
    user: &str,
    account: AccountArgs,
    mut sign_in: SignInArgs,
    person: Person,
) -> Result<Entry, Failure> {
    let user = parse_user(user)?;
    let reach = reach(&user, &account);
    let config = account.config.of(&user);
    if !sign_in.say_how() {
        sign_in.browser.auth = config.auth;
    }
    let insecure_http = if account.allow_insecure_http {
        InsecureHttp::Allow
    } else {
        InsecureHttp::Refuse
    };
    Ok(Entry {
        user,
        reach,
        homeserver: account.homeserver.or(config.homeserver),
        network: NetworkOptions {
            insecure_http,
            ca_file: account.ca_file.or(config.ca_file),
            proxy: account.proxy.or(config.proxy),
            timeout: unhurried(NetworkOptions::default().timeout),
        },
        provider: sign_in.browser.identity_provider.clone().or(config.identity_provider),
        browser: if sign_in.browser.no_browser || account.config.no_browser || person == Person::Absent {
            Browser::Leave
        } else {
            Browser::Open
        },
        sign_in: how_to_sign_in(sign_in, person)?,
    })
}

fn how_to_sign_in(args: SignInArgs, person: Person) -> Result<SignIn, Failure> {
    let given = args.password_file.is_some() || args.password_fd.is_some();
    let token = args.access_token_file.is_some();
    let contradiction = match args.browser.auth {
        None => false,
        Some(AuthArg::Password) => token || args.sso,
        Some(AuthArg::Token) => given || args.sso,
        Some(AuthArg::Sso) => given || token,
        Some(AuthArg::Oauth | AuthArg::DeviceCode) => given || token || args.sso,
    };
    if contradiction {
        return Err(Failure::usage(
            "--auth names another way to sign in than the rest of the command.",
            "Leave out one of the two.",
        ));
    }
    let chosen = match (args.browser.auth, person) {
        (Some(AuthArg::Oauth), _) => Some(SignIn::OAuth(OAuthWay::Browser)),
        (Some(AuthArg::DeviceCode), _) => Some(SignIn::OAuth(OAuthWay::DeviceCode)),
        (Some(AuthArg::Sso), _) => Some(SignIn::Sso),
        (Some(AuthArg::Password), Person::Present) if !given => Some(SignIn::Prompt),
        (Some(AuthArg::Token), Person::Present) if !token => Some(SignIn::TokenPrompt),
        (Some(AuthArg::Token), Person::Absent) if !token => {
            return Err(Failure::usage(
                "There is no terminal to ask for an access token, and none is given.",
                "Give it with --access-token-file.",
            ));
        }
        _ => None,
    };
    let otherwise = match (args.password_file, args.password_fd, args.access_token_file, args.sso) {
        (Some(file), ..) => SignIn::PasswordFile(file),
        (_, Some(descriptor), ..) => SignIn::PasswordDescriptor(descriptor),
        (_, _, Some(file), _) => SignIn::AccessTokenFile(file),
        (_, _, _, true) => SignIn::Sso,
        (None, None, None, false) if person == Person::Present => SignIn::Best,
        (None, None, None, false) => SignIn::KeptOnly,
    };
    Ok(chosen.unwrap_or(otherwise))
}

/// `otherwise` applies when the arguments name no key at all.
fn candidates(args: KeyArgs, person: Person, otherwise: Asking) -> Result<Candidates, Failure> {
    let asking = match (args.ask_recovery_key, args.recovery_key_file.is_empty()) {
        (true, _) if person == Person::Absent => {
            return Err(Failure::usage(
                "--ask-recovery-key needs a terminal, and there is none.",
                "Give the key with --recovery-key-file FILE.",
            ));
        }
        (true, true) => Asking::Required,
        (true, false) => Asking::Optional,
        (false, true) => otherwise,
        (false, false) => Asking::No,
    };
    Ok(Candidates {
        files: args.recovery_key_file,
        asking,
    })
}

/// Returns where the ark goes: to the usual place unless another one is named or none is wanted.
fn ark_place(named: Option<PathBuf>, unwanted: bool, entry: &Entry) -> Option<PathBuf> {
    let usual = || format!("lifeboat-{}-{}.ark", entry.user.localpart(), time::stamp(time::now()));
    (!unwanted).then(|| named.unwrap_or_else(|| PathBuf::from(usual())))
}

fn format(json: bool) -> Format {
    if json { Format::Json } else { Format::Screen }
}

fn no_user() -> Failure {
    Failure::usage("No account is named.", "Give your user id, like @mira:example.org.")
}
