//! `lifeboat desk reset`: the reset of an administrator, a look afterwards, and a letter.

use std::path::Path;

use lifeboat_preflight::{MasApi, Pace, outside};
use lifeboat_report::{Fate, Report};
use secrecy::SecretString;

use super::{
    chair::{Chair, not_told, stopped},
    letter::{KeptBy, Letter},
    mas::{self, Keeper},
    mas_reset::{self, Done, MasPlan},
    paper::Paper,
};
use crate::{
    commands::{
        alone::alone_to_reset,
        reset::{self, password},
        runtime,
    },
    exit::Exit,
    failure::Failure,
    resolve::{AdminToken, Consent, DeskResetJob, Entry, Format, Person, ResetJob},
    session::Errand,
    signals::{Stopped, Stops},
    ui::{console::Console, json, time},
};

/// Runs it.
pub(super) fn run(mut job: DeskResetJob, console: &mut Console) -> Result<Exit, Failure> {
    let paper = Paper::prepare(&job.letter)?;
    // Whether the reset can be written down, and whether another run is at work, is said before any server is asked.
    let (folder, _alone) = alone_to_reset(&job.reset.entry.user)?;
    match begin(&mut job, console)? {
        Begun::AtHomeserver(before) => at_homeserver(job.reset, &folder, before, paper, console),
        Begun::Planned => Ok(Exit::Done),
        Begun::AtService(before, document) => {
            written(
                &job.reset.entry,
                job.reset.fate,
                KeptBy::Service,
                &before,
                paper,
                console,
            )?;
            if let Some(document) = document {
                console.show(&document)?;
            }
            Ok(Exit::Done)
        }
    }
}

/// How far the reset came while it was found out who keeps the account.
enum Begun {
    /// The homeserver does: nothing is done yet.
    AtHomeserver(Look),
    /// A Matrix Authentication Service does: the plan was all that was wanted.
    Planned,
    /// It does, and the reset is done; with what stdout gets for programs.
    AtService(Look, Option<String>),
}

/// Looks, and resets where a Matrix Authentication Service keeps the account.
fn begin(job: &mut DeskResetJob, console: &mut Console) -> Result<Begun, Failure> {
    let runtime = runtime()?;
    let begun = runtime.block_on(async {
        let mut stops = Stops::listen()?;
        let chair = sit_down(&job.reset.entry, &job.token, &mut stops, console).await?;
        let before = look(&chair, &job.reset.entry, &mut stops).await?;
        let api = match mas::find(&chair, &job.mas, &mut stops, console).await? {
            Keeper::Homeserver => return Ok(Begun::AtHomeserver(before)),
            Keeper::Service(api) => api,
            Keeper::WantsToken(place) if job.reset.person == Person::Present => {
                mas::ask(place, &mut stops, console).await?
            }
            Keeper::WantsToken(place) => return Err(mas::wants_token(&place)),
            Keeper::Silent(url, why) => return Err(mas::silent(&url, why)),
        };
        job.reset.admin_token = Some(AdminToken::Known(before.token.clone()));
        let done = at_service(&job.reset, &chair, &api, &mut stops, console).await?;
        let Some(done) = done else { return Ok(Begun::Planned) };
        let document = match job.reset.format {
            Format::Json => Some(json::document(&done)?),
            Format::Screen => None,
        };
        Ok(Begun::AtService(before, document))
    });
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    begun
}

async fn at_service(
    job: &ResetJob,
    chair: &Chair,
    api: &MasApi,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Option<Done>, Failure> {
    let (user, homeserver) = (&job.entry.user, &chair.homeserver);
    let chosen = password::prepare(&job.new_password, console)?;
    let account = mas_reset::account(api, user, stops).await?;
    let gathering = outside(homeserver, user, Some(&chair.session));
    let mut facts = stops.unless_stopped(gathering).await.map_err(|Stopped| stopped())??;
    account.add_to(&mut facts.account, api.place());
    let report = Report::of(user.to_string(), time::now(), facts);
    let clearance = reset::clear(job, &report, &job.entry.command_line(), stops, console).await?;
    let plan = MasPlan::of(user, job.fate, &account, api.place());
    mas_reset::carry_out(api, plan, &clearance, chosen, job, stops, console).await
}

fn at_homeserver(
    mut job: ResetJob,
    folder: &Path,
    before: Look,
    paper: Paper,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let (entry, fate, dry_run) = (job.entry.clone(), job.fate, job.consent == Consent::DryRun);
    job.admin_token = Some(AdminToken::Known(before.token.clone()));
    let ended = reset::run_alone(job, folder, console)?;
    if dry_run || ended != Exit::Done {
        return Ok(ended);
    }
    written(&entry, fate, KeptBy::Homeserver, &before, paper, console)?;
    // The password is changed: a look that fails is no failure of the reset.
    match look_again(&entry, &before, console) {
        Ok(after) => tell(&before, &after, fate, console),
        Err(failure) => console.caution(
            &format!(
                "The password is changed, but it could not be looked again: {}",
                failure.cause()
            ),
            "See with lifeboat desk check whether the sessions are as you chose.",
        ),
    }
    Ok(Exit::Done)
}

/// What is seen of the account before the change, and after it.
struct Look {
    token: SecretString,
    administrator: String,
    /// The person's own; those of a Lifeboat that removes them itself are not.
    sessions: Vec<String>,
}

async fn sit_down(
    entry: &Entry,
    token: &AdminToken,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Chair, Failure> {
    let chair = Chair::sit_down(entry, token, Pace::at_once(), stops, console).await?;
    chair.account(entry, stops).await?;
    Ok(chair)
}

async fn look(chair: &Chair, entry: &Entry, stops: &mut Stops) -> Result<Look, Failure> {
    let asking = chair.api.sessions(&entry.user);
    let asked = stops.unless_stopped(asking).await.map_err(|Stopped| stopped())?;
    let sessions = asked.map_err(not_told)?.into_iter();
    let of_the_person = sessions.filter(|it| !it.name.as_deref().is_some_and(Errand::removes_itself));
    Ok(Look {
        token: chair.token.clone(),
        administrator: chair.session.user_id().to_string(),
        sessions: of_the_person.map(|it| it.device_id).collect(),
    })
}

fn look_again(entry: &Entry, before: &Look, console: &mut Console) -> Result<Look, Failure> {
    let runtime = runtime()?;
    let looked = runtime.block_on(async {
        let mut stops = Stops::listen()?;
        let token = AdminToken::Known(before.token.clone());
        let chair = sit_down(entry, &token, &mut stops, console).await?;
        look(&chair, entry, &mut stops).await
    });
    runtime.shutdown_background();
    looked
}

/// Says whether the sessions are as they were to be.
fn tell(before: &Look, after: &Look, fate: Fate, console: &mut Console) {
    let all = before.sessions.len();
    let left = before.sessions.iter().filter(|it| after.sessions.contains(it)).count();
    match fate {
        Fate::SessionsKept if left == all => {
            console.note(&format!("Looked again: the sessions are all there, {left} of {all}."));
        }
        Fate::SessionsEnded if left == 0 => {
            console.note(&format!("Looked again: none of the {all} sessions is left."));
        }
        _ => console.caution(
            &format!("Looked again: {left} of {all} sessions are left, which is not what was asked for."),
            "Somebody may have signed in or out meanwhile: see lifeboat desk check.",
        ),
    }
}

/// Writes the letter.
fn written(
    entry: &Entry,
    fate: Fate,
    kept_by: KeptBy,
    before: &Look,
    paper: Paper,
    console: &mut Console,
) -> Result<(), Failure> {
    let letter = Letter {
        account: entry.user.as_str(),
        administrator: &before.administrator,
        day: &time::day(time::now()),
        kept_by,
        fate,
        sessions: before.sessions.len(),
    };
    paper.write(&letter, console)
}
