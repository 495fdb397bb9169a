//! `lifeboat rescue`: what is missing in the key backup, from key files and from living sessions.

use std::{collections::BTreeSet, time::Duration};

use lifeboat_preflight::{
    BackupAccess, Checked, ForecastOptions, ForecastQuestion, Homeserver, LiveSession, OwnSession, Questions,
    UnlockError, examine, ruma::OwnedDeviceId,
};
use lifeboat_report::facts::{BackupKeyAnswer, DeviceKeys, Session};
use lifeboat_rescue::{GossipOptions, GossipProgress, backup_key_holders, gather, upload};
use secrecy::SecretString;

use super::runtime;
use crate::{
    candidates::{self, Typed},
    exit::Exit,
    failure::Failure,
    key_files::{Opened, Sealed},
    resolve::{Afterwards, AskSessions, Format, RescueJob},
    session::{Errand, Way, hold, leave, with_live_session},
    signals::{Stops, Wish},
    ui::{
        clean::clean,
        console::Console,
        json,
        progress::{GossipLine, Progress},
        rescue::{self, Result as Shown},
        time,
    },
};

/// How long sessions have to answer that they hold the backup key.
const HOLDERS_PATIENCE: Duration = Duration::from_secs(4);

/// Runs it.
pub(crate) fn run(job: RescueJob, console: &mut Console) -> Result<Exit, Failure> {
    let account = job.entry.command_line();
    let format = job.format;
    let runtime = runtime()?;
    let rescued = runtime.block_on(rescue(job, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let rescued = rescued?;
    match format {
        Format::Json => console.show(&json::document(&rescued.document())?)?,
        Format::Screen => console.show(&rescue::render(&rescued, &account, console.width()))?,
    }
    Ok(if rescued.is_clear() { Exit::Done } else { Exit::Blocked })
}

async fn rescue(job: RescueJob, console: &mut Console) -> Result<Shown, Failure> {
    let RescueJob {
        entry,
        candidates,
        key_files,
        sessions,
        left_rooms,
        patience,
        ..
    } = job;
    let way = Way::prepare(entry, Afterwards::Remove, console)?.on(Errand::Rescue);
    let mut typed = candidates::read(&candidates.files, console)?;
    candidates::warn_of_mistakes(&typed, console);
    let sealed = Sealed::read(&key_files, console)?;
    let mut stops = Stops::listen()?;
    let homeserver = way.discover(&mut stops).await?;
    let ask = move || Ok((candidates::ask(candidates.asking)?, sealed.open()?));
    let (session, (answer, files)) = way.sign_in(&homeserver, &mut stops, console, ask).await?;
    typed.extend(answer);
    let look = Look {
        homeserver: &homeserver,
        left_rooms,
        keys: typed
            .into_iter()
            .filter(Typed::is_plausible)
            .map(|it| it.text)
            .collect(),
    };
    let first = async |session: &OwnSession| {
        let before = look.at(session, None).await?;
        from_files(session, &look, files, before).await
    };
    let (session, mut shown) = hold(session, Errand::Rescue, &mut stops, console, || Wish::Stop, first).await?;
    if sessions == AskSessions::No || shown.after.at_risk.is_empty() {
        leave(session, Errand::Rescue, Wish::GoOn, &mut stops, console).await?;
        return Ok(shown);
    }
    console.note(&open_your_apps(&shown.after));
    let options = GossipOptions {
        patience,
        progress: GossipProgress::default(),
    };
    let end_softly = || {
        options.progress.stop();
        Wish::GoOn
    };
    let work = async |live: &LiveSession, _: &mut Console| from_sessions(live, &look, &options, &mut shown).await;
    with_live_session(session, Errand::Rescue, &mut stops, console, end_softly, work).await?;
    Ok(shown)
}

/// How the account is looked at, before and after.
pub(crate) struct Look<'a> {
    pub(crate) homeserver: &'a Homeserver,
    pub(crate) left_rooms: lifeboat_preflight::LeftRooms,
    pub(crate) keys: Vec<SecretString>,
}

impl Look<'_> {
    async fn at(&self, session: &OwnSession, before: Option<&Checked>) -> Result<Checked, Failure> {
        let options = ForecastOptions {
            left_rooms: self.left_rooms,
            // Messages that were read a moment ago need not be read again.
            memory: before.and_then(|it| it.memory.clone()),
            ..ForecastOptions::default()
        };
        let progress = Progress::begin("asking the server").with_forecast(Some(&options.progress));
        let questions = Questions {
            candidates: self.keys.clone(),
        };
        let question = ForecastQuestion::Run(options);
        let checked = examine(session, self.homeserver, &questions, &question, &progress).await?;
        match checked.forecast {
            Some(_) => Ok(checked),
            None => Err(Failure::failed(
                "The messages of this account could not be looked at.",
                "Run lifeboat check, which says why.",
            )),
        }
    }
}

/// Adds what key files hold, if there are any.
async fn from_files(session: &OwnSession, look: &Look<'_>, files: Opened, before: Checked) -> Result<Shown, Failure> {
    let mut shown = Shown::begin(session.user_id().to_string(), before, &files);
    if files.keys.is_empty() {
        return Ok(shown);
    }
    let progress = Progress::begin("adding the keys of the key files");
    let backup = BackupAccess::open(session, look.homeserver, &look.keys).await?;
    shown.uploaded = Some(upload(session, backup.view(), &files.keys).await?);
    drop(progress);
    shown.after = look.at(session, Some(&shown.before)).await?;
    Ok(shown)
}

/// Asks living sessions.
pub(crate) async fn from_sessions(
    live: &LiveSession,
    look: &Look<'_>,
    options: &GossipOptions,
    shown: &mut Shown,
) -> Result<(), Failure> {
    let line = GossipLine::show(&options.progress);
    unlock(live, &look.keys).await?;
    let others = shown.after.facts.sessions.known().into_iter().flatten();
    let others: BTreeSet<OwnedDeviceId> = others
        .filter(|it| it.may_hold_room_keys() && it.keys.is(&DeviceKeys::Signed))
        .map(|it| it.device_id.as_str().into())
        .collect();
    let holders = backup_key_holders(live, &others, HOLDERS_PATIENCE).await?;
    let gathered = gather(live, shown.after.at_risk.clone(), options).await?;
    drop(line);
    let mut after = look.at(live.own(), Some(&shown.after)).await?;
    if let lifeboat_report::Fact::Known(sessions) = &mut after.facts.sessions {
        for session in sessions {
            if holders.answered.iter().any(|it| it.as_str() == session.device_id) {
                session.backup_key = BackupKeyAnswer::Answered;
            }
        }
    }
    shown.after = after;
    shown.gathered = Some(gathered);
    Ok(())
}

/// Opens secret storage with the first key that does.
async fn unlock(live: &LiveSession, keys: &[SecretString]) -> Result<(), Failure> {
    let mut last = UnlockError::WrongKey;
    for key in keys {
        match live.open(key).await {
            Ok(_) => return Ok(()),
            Err(error @ UnlockError::WrongKey) => last = error,
            Err(error) => return Err(error.into()),
        }
    }
    Err(last.into())
}

/// Says which apps to open.
pub(crate) fn open_your_apps(checked: &Checked) -> String {
    let now = time::now();
    let mut others: Vec<&Session> = checked.facts.sessions.known().into_iter().flatten().collect();
    others.retain(|it| it.may_hold_room_keys());
    others.sort_by_key(|it| (std::cmp::Reverse(it.last_seen_at), it.device_id.as_str()));
    let named: Vec<String> = others
        .iter()
        .map(|it| {
            let name = clean(it.name.as_deref().unwrap_or(&it.device_id), 40);
            let seen = it
                .last_seen_at
                .map_or_else(|| "not known".to_owned(), |at| time::ago(at, now));
            let trusted = if it.keys.is(&DeviceKeys::Signed) {
                ""
            } else {
                ", not verified"
            };
            format!("“{name}” (last seen: {seen}{trusted})")
        })
        .collect();
    if named.is_empty() {
        return "There is no other session that could hold the missing room keys.".to_owned();
    }
    format!(
        "Open the app of each of these sessions now, and leave it open: {}. Ctrl-C ends the waiting.",
        named.join(", ")
    )
}
