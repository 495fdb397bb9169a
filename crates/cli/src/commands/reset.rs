//! `lifeboat reset`: checks, plans, asks, and has the plan carried out.

pub(crate) mod carry_out;
mod checked;
pub(crate) mod letter;
pub(crate) mod loose;
pub(crate) mod owed;
pub(crate) mod password;
pub(crate) mod route;
pub(crate) mod second_look;

use lifeboat_report::{
    Aboard, ArkFirst, Choices, Clearance, EarlierForecast, Fact, Fate, OneByOne, Plan, RecoveryKey, Report, Route,
    Severity, StatusFile, Uncleared, facts::Email,
};
use lifeboat_reset::{ComeBack, Found, Journal, flow::Password};
use secrecy::SecretString;

pub(crate) use self::checked::{Seen, best_key};
use self::{
    carry_out::{Cargo, carry_out, going_on},
    checked::look,
    loose::Loose,
    owed::{owed, unusable},
};
use super::{alone::alone_to_reset, runtime};
use crate::{
    advice::CommandLine,
    exit::Exit,
    failure::Failure,
    kept::Kept,
    resolve::{Consent, Format, Person, ResetJob},
    session::{asked, part_with},
    signals::Stops,
    ui::{clean::clean, console::Console, json, plan, prompt, screen, time},
};

/// Runs it.
pub(crate) fn run(job: ResetJob, console: &mut Console) -> Result<Exit, Failure> {
    let (folder, _alone) = alone_to_reset(&job.entry.user)?;
    run_alone(job, &folder, console)
}

/// Runs it for whoever has the account already, whose folder this is.
pub(crate) fn run_alone(job: ResetJob, folder: &std::path::Path, console: &mut Console) -> Result<Exit, Failure> {
    let resets = folder.join("resets");
    let account = job.entry.command_line();
    let stranded = unfinished(&resets, &account, console)?;
    // An administrator signs nobody in, and a plan that is only shown keeps no session.
    if job.admin_token.is_none() && job.consent != Consent::DryRun {
        Kept::of(&job.entry.user)?.ensure_open()?;
    }
    let runtime = runtime()?;
    let ended = runtime.block_on(reset(job, folder, stranded, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    ended
}

/// Looks for an earlier reset: one that changed something has to be finished first; of one that did not, the sessions
/// that it may have left behind are returned.
fn unfinished(resets: &std::path::Path, account: &CommandLine, console: &mut Console) -> Result<Vec<String>, Failure> {
    let found = Journal::find(resets).map_err(|error| unusable(error, resets))?;
    let Found::Unfinished(journal) = found else {
        return Ok(Vec::new());
    };
    let when = time::moment(journal.last_at());
    let Some(exit) = owed(journal.password(), journal.has_signed_in()) else {
        console.note(&format!(
            "A reset stopped here on {when}, before the password was changed. This one begins anew."
        ));
        return Ok(journal.own_sessions().into_iter().map(str::to_owned).collect());
    };
    let happened = match journal.password() {
        Password::Dark => "just when the new password was sent",
        _ => "after the password was changed",
    };
    Err(Failure {
        wrong: format!("A reset of this account stopped on {when}, {happened}. Nothing is lost."),
        hint: format!("Finish it first: {}", going_on(account, journal.plan().route)),
        exit,
    })
}

async fn reset(
    mut job: ResetJob,
    folder: &std::path::Path,
    stranded: Vec<String>,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let mut stops = Stops::listen()?;
    let chosen = password::prepare(&job.new_password, console)?;
    let old = password::read_old(job.old_password.as_deref(), console)?;
    let mut seen = look(&mut job, &mut stops, console).await?;
    seen.old = old.or(seen.old);
    let agreed = match agree(&job, &seen, chosen, &mut stops, console).await {
        Ok(Some(agreed)) => agreed,
        stopped => {
            if let Some(session) = seen.session {
                part_with(session, &mut stops, console).await;
            }
            return stopped.map(|_| Exit::Done);
        }
    };
    let place = Place { folder, stranded };
    act(&job, seen, agreed, place, &mut stops, console).await
}

/// What the person agreed to, and what is needed to do it.
pub(crate) struct Agreed {
    plan: Plan,
    clearance: Clearance,
    email: Option<String>,
    come_back: ComeBack,
    new_password: SecretString,
    old_password: Option<SecretString>,
}

/// Where the resets of an account are written down.
pub(crate) struct Place<'a> {
    /// The account's folder.
    pub(crate) folder: &'a std::path::Path,
    /// Sessions that earlier ones may have left behind.
    pub(crate) stranded: Vec<String>,
}

/// Plans from what was seen, asks, and has the passwords at hand. Changes nothing. `None`: the plan was all that was
/// wanted.
pub(crate) async fn agree(
    job: &ResetJob,
    seen: &Seen,
    chosen: password::Chosen,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Option<Agreed>, Failure> {
    let account = job.entry.command_line();
    let known = Known {
        report: &seen.report,
        recovery_key: seen.recovery_key.as_ref(),
        signed_in: seen.session.is_some() && job.admin_token.is_none(),
    };
    let Some(Decided { plan, clearance, email }) = decide(job, &known, &account, stops, console).await? else {
        return Ok(None);
    };
    let come_back = route::come_back(plan.route, &job.entry.sign_in, &seen.homeserver).await;
    let typist = password::Typist { job, come_back };
    let old = seen.old.clone();
    let made = password::settle(chosen, &plan, &seen.homeserver, old, typist, stops, console).await;
    let (new_password, old_password) = made?;
    Ok(Some(Agreed {
        plan,
        clearance,
        email,
        come_back,
        new_password,
        old_password,
    }))
}

/// Has carried out what was agreed to. The session that was used to look serves here, too, and is left whatever happens.
pub(crate) async fn act(
    job: &ResetJob,
    seen: Seen,
    agreed: Agreed,
    place: Place<'_>,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let (journal, before) = match write_down(job, &seen.report, &agreed, place) {
        Ok(written) => written,
        Err(failure) => {
            if let Some(session) = seen.session {
                part_with(session, stops, console).await;
            }
            return Err(failure);
        }
    };
    let cargo = Cargo {
        homeserver: &seen.homeserver,
        user: &job.entry.user,
        account: &job.entry.command_line(),
        new_password: agreed.new_password,
        come_back: agreed.come_back,
        browser: job.entry.browser,
        old_password: agreed.old_password,
        recovery_key: seen.recovery_key,
        email: agreed.email,
        second_look: second_look::question(&before, &job.entry.user),
        before: Some(before),
        person: job.person,
        format: job.format,
    };
    carry_out(cargo, journal, seen.session, stops, console).await
}

/// Begins the journal, and keeps beside it what was there before.
fn write_down(
    job: &ResetJob,
    report: &Report,
    agreed: &Agreed,
    place: Place<'_>,
) -> Result<(Journal, StatusFile), Failure> {
    let resets = Journal::new_place(&place.folder.join("resets"), time::stamp(time::now()));
    let before = StatusFile::of(report, super::check::generator());
    let written = json::document(&before)?;
    let evidence = (carry_out::BEFORE, written.as_bytes());
    let (plan, homeserver) = (agreed.plan.clone(), job.entry.homeserver.clone());
    let mut journal = Journal::begin(&resets, plan, &agreed.clearance, homeserver, evidence)?;
    for device in place.stranded {
        journal.append(lifeboat_reset::flow::Record::Session { device })?;
    }
    Loose::of(place.folder).hand_over(&mut journal)?;
    Ok((journal, before))
}

/// What the check brought, for the decision.
struct Known<'a> {
    report: &'a Report,
    recovery_key: Option<&'a SecretString>,
    /// Whether a session of the account itself is at hand.
    signed_in: bool,
}

/// What was decided before anything happens.
struct Decided {
    plan: Plan,
    clearance: Clearance,
    email: Option<String>,
}

/// Chooses the route, sees to the clearance, shows the plan, asks. `None`: the plan was all that was wanted.
async fn decide(
    job: &ResetJob,
    known: &Known<'_>,
    account: &CommandLine,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Option<Decided>, Failure> {
    let &Known {
        report, recovery_key, ..
    } = known;
    let route = route::choose(job.route, job, report, console)?;
    let clearance = clear(job, report, account, stops, console).await?;
    let email = match (&job.email, route, job.person) {
        (None, Route::Email, Person::Present) if job.consent != Consent::DryRun => {
            Some(ask_address(&report.facts.account.emails, stops, console).await?)
        }
        (given, _, _) => given.clone(),
    };
    if let (Some(address), Route::Email, Some(emails)) = (&email, route, report.facts.account.emails.known())
        && !belongs(address, emails)
    {
        return Err(Failure::usage(
            "This account has no confirmed address like that. Nothing was changed.",
            format!("It has {}. Give that one, letter by letter.", masked(emails)),
        ));
    }
    let trial = report.facts.key_trial.known();
    let tested = trial.is_some_and(|it| {
        it.candidates
            .iter()
            .any(|it| it.opens_default && it.opens_active_backup)
    });
    // Whoever has forgotten the password cannot have a key tested before: it is tried afterwards.
    let usable = tested || trial.is_none();
    let forecast = report.forecast.as_ref().filter(|_| tested);
    let plan = Plan::of(
        &clearance,
        Choices {
            route,
            fate: job.fate,
            one_by_one: job.one_by_one.clone(),
            ark: if known.signed_in && job.judged() == Fate::SessionsEnded {
                job.ark
            } else {
                ArkFirst::Skip
            },
            recovery_key: if usable && recovery_key.is_some() {
                RecoveryKey::AtHand
            } else {
                RecoveryKey::None
            },
            forecast: if forecast.is_some() {
                EarlierForecast::Taken
            } else {
                EarlierForecast::None
            },
            aboard: aboard(job, report),
        },
    );
    match job.format {
        Format::Screen => console.show(&plan::render(&plan, console.width()))?,
        Format::Json if job.consent == Consent::DryRun => {
            let routes = plan::routes_document(&report.facts);
            let document = serde_json::json!({ "outcome": "planned", "routes": routes, "plan": plan });
            console.show(&json::document(&document)?)?;
        }
        Format::Json => {}
    }
    let decided = Decided { plan, clearance, email };
    Ok(agreed(job.consent, stops).await?.then_some(decided))
}

/// Says whether the plan that was shown is to be carried out, and asks where somebody sits.
pub(crate) async fn agreed(consent: Consent, stops: &mut Stops) -> Result<bool, Failure> {
    match consent {
        Consent::DryRun => Ok(false),
        Consent::Given => Ok(true),
        Consent::Ask if asked(stops, || prompt::yes("Shall Lifeboat do this?")).await? => Ok(true),
        Consent::Ask => Err(Failure::interrupted(
            "You did not say yes. Nothing was changed.",
            "Run the same command to begin again.",
        )),
    }
}

/// Asks for the address, with a hint at those that the server would take.
async fn ask_address(emails: &Fact<Vec<Email>>, stops: &mut Stops, console: &mut Console) -> Result<String, Failure> {
    let known = emails.known().filter(|it| !it.is_empty());
    let hint = known.map(|it| format!(" ({})", masked(it))).unwrap_or_default();
    loop {
        let question = format!("The e-mail address of your account{hint}");
        let typed = asked(stops, move || prompt::line(&question)).await?;
        if !typed.is_empty() && known.is_none_or(|it| belongs(&typed, it)) {
            return Ok(typed);
        }
        console.note("This account has no confirmed address like that. Once more, please, letter by letter.");
    }
}

fn masked(emails: &[Email]) -> String {
    let all: Vec<_> = emails.iter().map(|it| clean(&it.masked, 80)).collect();
    all.join(", ")
}

/// Tells whether the address can be one of these, as far as they are shown.
fn belongs(address: &str, emails: &[Email]) -> bool {
    let typed = Email::masked(address, 0).masked.to_lowercase();
    emails.iter().any(|it| it.masked.to_lowercase() == typed)
}

/// Lifeboat stays where no other session would be left that keys can be encrypted to.
fn aboard(job: &ResetJob, report: &Report) -> Aboard {
    let OneByOne::These(ended) = &job.one_by_one else {
        return Aboard::Stay;
    };
    let left = |all: &Vec<lifeboat_report::facts::Session>| {
        let others = all.iter().filter(|it| it.may_hold_room_keys());
        others.into_iter().any(|it| !ended.contains(&it.device_id))
    };
    match report.facts.sessions.known() {
        Some(all) if !ended.is_empty() && !left(all) => Aboard::Stay,
        _ => job.aboard,
    }
}

/// Sees to the clearance: shows what speaks against the reset and asks about cautions where somebody sits.
pub(crate) async fn clear(
    job: &ResetJob,
    report: &Report,
    account: &CommandLine,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Clearance, Failure> {
    let mut waivers = job.waivers.clone();
    let fate = job.judged();
    let cleared = report.clear(fate, &waivers);
    let for_somebody_else = job.admin_token.is_some();
    // Nobody ends sessions, or resets for somebody else, without having seen what it costs.
    let to_be_seen = cleared.is_err() || fate == Fate::SessionsEnded || for_somebody_else;
    if job.format == Format::Screen && to_be_seen {
        console.show(&screen::render(report, account, console.width()))?;
    }
    if for_somebody_else {
        console.note(plan::to_the_person(job.fate));
        if let Some(numbers) = plan::in_numbers(&report.facts, job.fate) {
            console.note(&numbers);
        }
    }
    let uncleared = match cleared {
        Ok(clearance) => return Ok(clearance),
        Err(uncleared) => uncleared,
    };
    let Uncleared { blockers, cautions } = uncleared;
    if !blockers.is_empty() {
        let flags: Vec<_> = blockers.iter().map(|it| format!("--waive {it}")).collect();
        let what = match (job.fate, fate) {
            (Fate::SessionsEnded, _) => "that signs every session out",
            (Fate::SessionsKept, Fate::SessionsEnded) => "after which sessions are signed out",
            (Fate::SessionsKept, Fate::SessionsKept) => "that keeps your sessions",
        };
        return Err(Failure {
            wrong: format!(
                "A reset {what} is blocked: {}. Nothing was changed.",
                plan::codes(&blockers)
            ),
            hint: format!(
                "Do first what the check advises. Only if you accept the loss for good: {}",
                flags.join(" ")
            ),
            exit: Exit::Blocked,
        });
    }
    let asks = matches!(job.consent, Consent::Ask);
    if !asks {
        return Err(Failure {
            wrong: format!(
                "Something speaks against it: {}. Nothing was changed.",
                plan::codes(&cautions)
            ),
            hint: "Do first what the check advises, or accept it with --accept-cautions.".to_owned(),
            exit: Exit::Caution,
        });
    }
    // On the screen they were shown above.
    let weak = report.findings.iter().filter(|it| it.severity == Severity::Caution);
    for finding in weak.filter(|it| job.format == Format::Json && it.fates.contains(&fate)) {
        console.caution(&finding.to_string(), finding.meaning());
    }
    if !asked(stops, || prompt::yes("You have read the cautions above.")).await? {
        return Err(Failure::interrupted(
            "You did not say yes. Nothing was changed.",
            "Do first what the check advises, then run the same command again.",
        ));
    }
    waivers.cautions_acknowledged = true;
    report.clear(fate, &waivers).map_err(|_| {
        Failure::failed(
            "The account is not cleared for this reset.",
            "Run lifeboat check, and do first what it advises.",
        )
    })
}

pub(crate) fn no_home() -> Failure {
    Failure::failed("Your home folder is not known.", "Set the environment variable HOME.")
}
