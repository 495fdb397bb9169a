//! What `lifeboat desk` is to do.

use std::path::PathBuf;

use lifeboat_preflight::{ForecastQuestion, ruma::UserId};
use lifeboat_report::{Aboard, ArkFirst, Fate, OneByOne, Route};
use secrecy::SecretString;

use super::{
    Asking, Candidates, Entry, Format, NewPassword, Output, Person, ResetJob, SignIn, entry, forecast, format, output,
    reset::agreed,
};
use crate::{
    args::{
        AccountArgs, AdminArgs, DeskAuditArgs, DeskCheckArgs, DeskCommand, DeskResetArgs, ForecastArgs, MasArgs,
        SignInArgs,
    },
    failure::Failure,
    ui::time,
};

/// What is to be done from the administrator's chair.
#[derive(Debug)]
pub(crate) enum DeskJob {
    /// Look at an account from outside.
    Check(Box<DeskCheckJob>),
    /// Reset for somebody.
    Reset(Box<DeskResetJob>),
    /// Look at every account.
    Audit(Box<AuditJob>),
}

/// Where an administrator's access token comes from.
#[derive(Clone, Debug)]
pub(crate) enum AdminToken {
    /// From a file.
    File(PathBuf),
    /// From an open file descriptor.
    Descriptor(u16),
    /// The administrator types it.
    Prompt,
    /// It is known already.
    Known(SecretString),
}

/// What was given for the Matrix Authentication Service.
#[derive(Clone, Debug)]
pub(crate) struct MasAccess {
    /// The token, if not the administrator's own.
    pub(crate) token: Option<AdminToken>,
    /// Where its Admin API is, if not where people sign in.
    pub(crate) url: Option<String>,
}

impl MasAccess {
    /// Tells whether anything was given.
    pub(crate) fn is_given(&self) -> bool {
        self.token.is_some() || self.url.is_some()
    }
}

/// A look at an account from outside.
#[derive(Debug)]
pub(crate) struct DeskCheckJob {
    /// Whose account, and where.
    pub(crate) entry: Entry,
    /// Whose token speaks.
    pub(crate) token: AdminToken,
    /// How the Matrix Authentication Service is asked.
    pub(crate) mas: MasAccess,
    /// With whose eyes is looked.
    pub(crate) eyes: Eyes,
    /// Which messages to look at, with the eyes of the person.
    pub(crate) forecast: ForecastQuestion,
    /// What to print and write.
    pub(crate) output: Output,
}

/// With whose eyes is looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Eyes {
    /// With the administrator's.
    Own,
    /// With the person's, who agreed in this way.
    Person(String),
    /// With the person's; how they agreed is asked for.
    PersonToBeAsked,
}

/// A reset for somebody.
#[derive(Debug)]
pub(crate) struct DeskResetJob {
    /// Whose token speaks.
    pub(crate) token: AdminToken,
    /// How the Matrix Authentication Service is asked.
    pub(crate) mas: MasAccess,
    /// The reset, without its token.
    pub(crate) reset: ResetJob,
    /// The letter to the person.
    pub(crate) letter: LetterJob,
}

/// A letter to somebody whose password is reset.
#[derive(Clone, Debug)]
pub(crate) struct LetterJob {
    /// Where its text goes; the page goes to the same name with `.html`.
    pub(crate) file: PathBuf,
    /// Its words, if not Lifeboat's own.
    pub(crate) template: Option<PathBuf>,
}

impl LetterJob {
    /// Refuses a text that has the name of a page.
    pub(super) fn new(file: PathBuf, template: Option<PathBuf>) -> Result<Self, Failure> {
        if file.extension().is_some_and(|it| it == "html") {
            return Err(Failure::usage(
                "The letter is written twice, as text and as a page with the ending .html.",
                "Give the name of the text, like letter.txt.",
            ));
        }
        Ok(Self { file, template })
    }
}

/// A look at every account.
#[derive(Debug)]
pub(crate) struct AuditJob {
    /// Where; the user is nobody.
    pub(crate) entry: Entry,
    /// Whose token speaks.
    pub(crate) token: AdminToken,
    /// Where the results go.
    pub(crate) folder: PathBuf,
    /// The accounts to look at, if not all.
    pub(crate) users: Option<PathBuf>,
    /// Requests in a second.
    pub(crate) rps: u32,
    /// What stdout gets.
    pub(crate) format: Format,
}

/// Resolves the arguments of `lifeboat desk`.
pub(crate) fn desk(command: DeskCommand, person: Person) -> Result<DeskJob, Failure> {
    Ok(match command {
        DeskCommand::Check(args) => DeskJob::Check(Box::new(check(*args, person)?)),
        DeskCommand::Reset(args) => DeskJob::Reset(Box::new(reset(*args, person)?)),
        DeskCommand::Audit(args) => DeskJob::Audit(Box::new(audit(*args, person)?)),
    })
}

fn check(args: DeskCheckArgs, person: Person) -> Result<DeskCheckJob, Failure> {
    let eyes = match (args.as_user, args.consent.map(|it| it.trim().to_owned()), person) {
        (false, ..) => Eyes::Own,
        (true, Some(consent), _) if !consent.is_empty() => Eyes::Person(consent),
        (true, None, Person::Present) => Eyes::PersonToBeAsked,
        (true, ..) => {
            return Err(Failure::usage(
                "How the person agreed is not said.",
                "Say it with --consent, as in: --consent \"by phone, 26 Nov\"",
            ));
        }
    };
    if eyes == Eyes::Own && says_anything(&args.forecast) {
        return Err(Failure::usage(
            "From outside nobody sees messages.",
            "Leave out what is said about them, or add --as-user.",
        ));
    }
    let config = args.account.config.clone();
    Ok(DeskCheckJob {
        entry: outside(&args.user, args.account, person)?,
        token: token(args.admin, person)?,
        mas: mas(args.mas),
        forecast: forecast::question(eyes == Eyes::Own, args.forecast, &config)?,
        eyes,
        output: output(args.fate, args.output)?,
    })
}

fn says_anything(args: &ForecastArgs) -> bool {
    let flags = [
        args.include_left,
        args.prove_events,
        args.no_prove_events,
        args.all_versions,
        args.no_cache,
    ];
    args.since.is_some()
        || args.max_events.is_some()
        || !args.rooms.is_empty()
        || !args.backup_versions.is_empty()
        || flags.contains(&true)
}

fn reset(args: DeskResetArgs, person: Person) -> Result<DeskResetJob, Failure> {
    let entry = outside(&args.user, args.account, person)?;
    let name = format!(
        "lifeboat-{}-{}",
        entry.user.localpart().replace('/', "_"),
        time::stamp(time::now())
    );
    let named = |given: Option<PathBuf>, ending: &str| given.unwrap_or_else(|| format!("{name}.{ending}").into());
    let letter = LetterJob::new(named(args.letter, "letter"), args.letter_template)?;
    let token = token(args.admin, person)?;
    let (waivers, consent) = agreed(&args.consent, person)?;
    Ok(DeskResetJob {
        token,
        mas: mas(args.mas),
        reset: ResetJob {
            entry,
            candidates: Candidates {
                files: Vec::new(),
                asking: Asking::No,
            },
            forecast: ForecastQuestion::Quick,
            route: Some(Route::SynapseAdmin),
            fate: if args.end_sessions {
                Fate::SessionsEnded
            } else {
                Fate::SessionsKept
            },
            one_by_one: OneByOne::These(Vec::new()),
            ark: ArkFirst::Skip,
            waivers,
            new_password: NewPassword::Generate(named(args.temporary_password_file, "password")),
            old_password: None,
            admin_token: None,
            email: None,
            status_file: None,
            consent,
            aboard: Aboard::Leave,
            format: format(args.json),
            person,
        },
        letter,
    })
}

fn audit(args: DeskAuditArgs, person: Person) -> Result<AuditJob, Failure> {
    let nobody = format!("@lifeboat:{}", args.server.trim());
    if UserId::parse(&nobody).is_err() {
        return Err(Failure::usage(
            format!("“{}” is not the name of a server.", args.server),
            "Give what stands after the colon in its user ids, like example.org.",
        ));
    }
    Ok(AuditJob {
        entry: outside(&nobody, args.account, person)?,
        token: token(args.admin, person)?,
        folder: args.folder,
        users: args.users,
        rps: args.rps,
        format: format(args.json),
    })
}

/// Nobody signs in to the account.
fn outside(user: &str, account: AccountArgs, person: Person) -> Result<Entry, Failure> {
    let mut entry = entry(user, account, SignInArgs::default(), person)?;
    entry.sign_in = SignIn::Nobody;
    Ok(entry)
}

fn mas(args: MasArgs) -> MasAccess {
    let token = match (args.mas_token_file, args.mas_token_fd) {
        (Some(file), _) => Some(AdminToken::File(file)),
        (None, Some(number)) => Some(AdminToken::Descriptor(number)),
        (None, None) => None,
    };
    MasAccess {
        token,
        url: args.mas_url,
    }
}

fn token(args: AdminArgs, person: Person) -> Result<AdminToken, Failure> {
    match (args.admin_token_file, args.admin_token_fd, person) {
        (Some(file), ..) => Ok(AdminToken::File(file)),
        (None, Some(number), _) => Ok(AdminToken::Descriptor(number)),
        (None, None, Person::Present) => Ok(AdminToken::Prompt),
        (None, None, Person::Absent) => Err(Failure::usage(
            "There is no access token of an administrator, and no terminal to ask for one.",
            "Give it with --admin-token-file or --admin-token-fd.",
        )),
    }
}
