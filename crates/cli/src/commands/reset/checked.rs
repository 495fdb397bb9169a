//! The check before a reset: now, or from a status file.

use lifeboat_preflight::{ForecastQuestion, Homeserver, OwnSession, Questions, SessionKind, examine, outside};
use lifeboat_report::{HOLDS_FOR, Report};
use lifeboat_reset::{Refusal, route::synapse_admin};
use secrecy::SecretString;

use super::loose::Loose;
use crate::{
    admin_token,
    candidates::{self, Typed},
    failure::{Failure, as_sentence},
    memory::MemoryFile,
    resolve::{Afterwards, Entry, Format, ResetJob, SignIn},
    session::{Errand, Way, holding},
    signals::Stops,
    state, status,
    ui::{console::Console, progress::Progress, time},
};

/// What the check saw, and what is needed further on.
pub(crate) struct Seen {
    pub(crate) homeserver: Homeserver,
    pub(crate) report: Report,
    /// The session that asks for the change; it is still signed in.
    pub(crate) session: Option<OwnSession>,
    /// The password that let it in.
    pub(crate) old: Option<SecretString>,
    /// The recovery key that opened the most.
    pub(crate) recovery_key: Option<SecretString>,
}

/// Looks, as `lifeboat check` does.
pub(super) async fn look(job: &mut ResetJob, stops: &mut Stops, console: &mut Console) -> Result<Seen, Failure> {
    let earlier = job
        .status_file
        .as_deref()
        .map(|it| earlier(it, &job.entry))
        .transpose()?;
    let admin = match &job.admin_token {
        Some(token) => Some(admin_token::read(token, stops, console).await?),
        None => None,
    };
    let mut typed = candidates::read(&job.candidates.files, console)?;
    candidates::warn_of_mistakes(&typed, console);
    let (user, nobody) = (job.entry.user.clone(), job.entry.sign_in == SignIn::Nobody);
    let way = Way::prepare(job.entry.clone(), Afterwards::Remove, console)?.on(Errand::Reset);
    let homeserver = way.discover(stops).await?;
    if nobody {
        let session = match admin {
            Some(token) => {
                let session = OwnSession::borrow_from_anybody(&homeserver, &token).await?;
                let exists = synapse_admin::exists(session.caller().client(), &user).await;
                exists.map_err(|refusal| not_to_be_reset(&refusal))?;
                Some(session)
            }
            None => None,
        };
        let facts = match &earlier {
            Some(report) => report.facts.clone(),
            None => outside(&homeserver, &user, session.as_ref()).await?,
        };
        let report = earlier.unwrap_or_else(|| Report::of(user.to_string(), time::now(), facts));
        let asking = job.candidates.asking;
        typed.extend(crate::session::asked(stops, move || candidates::ask(asking)).await?);
        return Ok(Seen {
            homeserver,
            recovery_key: best_key(&typed, &report),
            report,
            session,
            old: None,
        });
    }
    let asking = job.candidates.asking;
    let (session, old, answer) = way
        .sign_in_knowing(&homeserver, stops, console, move || candidates::ask(asking))
        .await?;
    typed.extend(answer);
    if session.kind() == SessionKind::Throwaway
        && let (Some(folder), Some(device)) = (state::folder_of(&user), session.device_id())
    {
        Loose::of(&folder).note(device);
    }
    let questions = Questions {
        candidates: typed.iter().map(|it| it.text.clone()).collect(),
    };
    let memory = MemoryFile::of(&user);
    if let (ForecastQuestion::Run(options), Some(memory)) = (&mut job.forecast, &memory) {
        options.memory = memory.read();
    }
    let question = &job.forecast;
    let work = async |session: &OwnSession| {
        if let Some(report) = earlier {
            return Ok(report);
        }
        let running = match question {
            ForecastQuestion::Run(options) => Some(&options.progress),
            ForecastQuestion::Quick => None,
        };
        let progress = Progress::begin("checking first").with_forecast(running);
        let checked = examine(session, &homeserver, &questions, question, &progress).await?;
        if let (Some(file), Some(remembered)) = (&memory, &checked.memory) {
            file.write(remembered);
        }
        Ok(Report::of(user.to_string(), time::now(), checked.facts).with_forecast(checked.forecast))
    };
    let (session, report) = holding(session, stops, console, work).await?;
    if job.format == Format::Screen {
        let verdict = report.verdict.of(job.judged());
        console.note(&format!("Checked: {verdict} for this reset."));
    }
    Ok(Seen {
        recovery_key: best_key(&typed, &report),
        homeserver,
        report,
        session: Some(session),
        old,
    })
}

/// Says why an administrator cannot reset this account; nothing was sent but the question.
fn not_to_be_reset(refusal: &Refusal) -> Failure {
    let hint = match refusal {
        Refusal::NoSuchUser => "Check the spelling of the user id. Lifeboat creates no accounts.",
        Refusal::NotAdmin => "Give the access token of a server administrator.",
        Refusal::SessionEnded => "Take a fresh access token of an administrator.",
        Refusal::Suspended => "It is the account of the access token: give that of another administrator.",
        Refusal::Deactivated => "A deactivated account has no password to reset.",
        _ => "See what the route synapse-admin needs: docs/routes/synapse-admin.md.",
    };
    Failure::failed(
        format!("{} Nothing was changed.", as_sentence(&refusal.to_string())),
        hint,
    )
}

/// Reads an earlier check of the same account, not older than an hour.
fn earlier(file: &std::path::Path, entry: &Entry) -> Result<Report, Failure> {
    let report = status::read(file)?.rejudge();
    if report.account != entry.user.as_str() {
        return Err(Failure::usage(
            format!("“{}” is about another account, or redacted.", file.display()),
            format!("Give a file that `lifeboat check {}` wrote.", entry.user),
        ));
    }
    if time::now() > report.taken_at.saturating_add(HOLDS_FOR) {
        return Err(Failure::usage(
            format!("“{}” is older than an hour.", file.display()),
            "Check again: an account changes. Without --status-file, Lifeboat checks now.",
        ));
    }
    Ok(report)
}

/// Returns the candidate that was found to open secret storage and the backup; where nothing was tried, the first.
pub(crate) fn best_key(typed: &[Typed], report: &Report) -> Option<SecretString> {
    let trial = report.facts.key_trial.known();
    let opens = |number: &usize| {
        trial
            .and_then(|it| it.candidates.get(*number))
            .is_some_and(|it| it.opens_default && it.opens_active_backup)
    };
    let best = (0..typed.len()).find(opens).unwrap_or(0);
    typed.get(best).map(|it| it.text.clone())
}
