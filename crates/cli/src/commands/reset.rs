//! `lifeboat reset`: checks, plans, asks, and has the plan carried out.

pub(crate) mod carry_out;
mod checked;
pub(crate) mod password;
mod route;

use lifeboat_report::{
    Choices, Clearance, EarlierForecast, Fate, Plan, RecoveryKey, Report, Route, Severity, StatusFile, Uncleared,
};
use lifeboat_reset::{Found, Journal, ResetLock, flow::Password};
use secrecy::SecretString;

use self::{
    carry_out::{Cargo, carry_out},
    checked::{Seen, look},
};
use super::runtime;
use crate::{
    advice::CommandLine,
    exit::Exit,
    failure::Failure,
    resolve::{Consent, Format, Person, ResetJob},
    session::{asked, part_with},
    signals::Stops,
    state,
    ui::{console::Console, json, plan, prompt, screen, time},
};

/// Runs it.
pub(crate) fn run(job: ResetJob, console: &mut Console) -> Result<Exit, Failure> {
    let folder = state::folder_of(&job.entry.user).ok_or_else(no_home)?;
    let _lock = ResetLock::take(&folder)?;
    let resets = folder.join("resets");
    let account = job.entry.command_line();
    let stranded = unfinished(&resets, &account, console)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(reset(job, &resets, stranded, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    ended
}

/// Looks for an earlier reset: one that changed something has to be finished first; of one that did not, the sessions
/// that it may have left behind are returned.
fn unfinished(resets: &std::path::Path, account: &CommandLine, console: &mut Console) -> Result<Vec<String>, Failure> {
    let Found::Unfinished(journal) = Journal::find(resets)? else {
        return Ok(Vec::new());
    };
    let when = time::moment(journal.last_at());
    let exit = match journal.password() {
        Password::Unchanged => {
            console.note(&format!(
                "A reset stopped here on {when}, before the password was changed. This one begins anew."
            ));
            return Ok(journal.own_sessions().into_iter().map(str::to_owned).collect());
        }
        Password::Dark => Exit::Stranded,
        Password::Changed if journal.has_signed_in() => Exit::Incomplete,
        Password::Changed => Exit::Stranded,
    };
    let happened = match journal.password() {
        Password::Dark => "just when the new password was sent",
        _ => "after the password was changed",
    };
    Err(Failure {
        wrong: format!("A reset of this account stopped on {when}, {happened}. Nothing is lost."),
        hint: format!("Finish it first: {}", account.command("resume", [])),
        exit,
    })
}

async fn reset(
    mut job: ResetJob,
    resets: &std::path::Path,
    stranded: Vec<String>,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let mut stops = Stops::listen()?;
    let chosen = password::prepare(&job.new_password, console)?;
    let old = password::read_old(job.old_password.as_deref(), console)?;
    let Seen {
        homeserver,
        report,
        session,
        old: typed,
        recovery_key,
    } = look(&mut job, &mut stops, console).await?;
    let account = job.entry.command_line();
    let decided = decide(&job, &report, recovery_key.as_ref(), &account, &mut stops, console).await;
    let decided = match decided {
        Ok(Some(decided)) => decided,
        stopped => {
            if let Some(session) = session {
                part_with(session, &mut stops, console).await;
            }
            return stopped.map(|_| Exit::Done);
        }
    };
    let Decided { plan, clearance, email } = decided;
    let old = old.or(typed);
    let made = password::settle(chosen, &plan, &homeserver, old, &job, &mut stops, console).await;
    let (new_password, old_password) = match made {
        Ok(passwords) => passwords,
        Err(failure) => {
            if let Some(session) = session {
                part_with(session, &mut stops, console).await;
            }
            return Err(failure);
        }
    };
    let folder = resets.join(time::stamp(time::now()));
    let mut journal = Journal::begin(&folder, plan, &clearance, job.entry.homeserver.clone())?;
    for device in stranded {
        journal.append(lifeboat_reset::flow::Record::Session { device })?;
    }
    let before = StatusFile::of(&report, super::check::generator());
    journal.keep_beside(carry_out::BEFORE, json::document(&before)?.as_bytes())?;
    let cargo = Cargo {
        homeserver: &homeserver,
        user: &job.entry.user,
        account: &account,
        new_password,
        old_password,
        recovery_key,
        email,
        before: Some(before),
        person: job.person,
        format: job.format,
    };
    carry_out(cargo, journal, session, &mut stops, console).await
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
    report: &Report,
    recovery_key: Option<&SecretString>,
    account: &CommandLine,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Option<Decided>, Failure> {
    let route = route::choose(job.route, job, report, console)?;
    let clearance = clear(job, report, account, stops, console).await?;
    let email = match (&job.email, route, job.person) {
        (None, Route::Email, Person::Present) if job.consent != Consent::DryRun => {
            Some(asked(stops, || prompt::line("The e-mail address of your account")).await?)
        }
        (given, _, _) => given.clone(),
    };
    let tested = report.facts.key_trial.known().is_some_and(|it| {
        it.candidates
            .iter()
            .any(|it| it.opens_default && it.opens_active_backup)
    });
    let forecast = report.forecast.as_ref().filter(|_| tested);
    let plan = Plan::of(
        &clearance,
        Choices {
            route,
            end_sessions: job.end_sessions.clone(),
            recovery_key: if tested && recovery_key.is_some() {
                RecoveryKey::AtHand
            } else {
                RecoveryKey::None
            },
            forecast: if forecast.is_some() {
                EarlierForecast::Taken
            } else {
                EarlierForecast::None
            },
            aboard: job.aboard,
        },
    );
    match job.format {
        Format::Screen => console.show(&plan::render(&plan, console.width()))?,
        Format::Json if job.consent == Consent::DryRun => {
            let document = serde_json::json!({ "outcome": "planned", "plan": plan });
            console.show(&json::document(&document)?)?;
        }
        Format::Json => {}
    }
    match job.consent {
        Consent::DryRun => return Ok(None),
        Consent::Given => {}
        Consent::Ask => {
            if !asked(stops, || prompt::yes("Shall Lifeboat do this?")).await? {
                return Err(Failure::interrupted(
                    "You did not say yes. Nothing was changed.",
                    "Run the same command to begin again.",
                ));
            }
        }
    }
    Ok(Some(Decided { plan, clearance, email }))
}

/// Sees to the clearance: shows what speaks against the reset and asks about cautions where somebody sits.
async fn clear(
    job: &ResetJob,
    report: &Report,
    account: &CommandLine,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Clearance, Failure> {
    let mut waivers = job.waivers.clone();
    let uncleared = match report.clear(job.fate, &waivers) {
        Ok(clearance) => return Ok(clearance),
        Err(uncleared) => uncleared,
    };
    if job.format == Format::Screen {
        console.show(&screen::render(report, account, console.width()))?;
    }
    let Uncleared { blockers, cautions } = uncleared;
    if !blockers.is_empty() {
        let flags: Vec<_> = blockers.iter().map(|it| format!("--waive {it}")).collect();
        let fate = match job.fate {
            Fate::SessionsEnded => "that signs every session out",
            Fate::SessionsKept => "that keeps your sessions",
        };
        return Err(Failure {
            wrong: format!(
                "A reset {fate} is blocked: {}. Nothing was changed.",
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
    let weak = report
        .findings
        .iter()
        .filter(|it| it.severity == Severity::Caution && it.fates.contains(&job.fate));
    for finding in weak {
        console.caution(&finding.to_string(), finding.meaning());
    }
    if !asked(stops, || prompt::yes("You have read the cautions above.")).await? {
        return Err(Failure::interrupted(
            "You did not say yes. Nothing was changed.",
            "Do first what the check advises, then run the same command again.",
        ));
    }
    waivers.cautions_acknowledged = true;
    report.clear(job.fate, &waivers).map_err(|_| {
        Failure::failed(
            "The account is not cleared for this reset.",
            "Run lifeboat check, and do first what it advises.",
        )
    })
}

pub(crate) fn no_home() -> Failure {
    Failure::failed("Your home folder is not known.", "Set the environment variable HOME.")
}
