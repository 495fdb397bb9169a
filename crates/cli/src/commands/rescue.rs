//! `lifeboat rescue`: what is missing in the key backup, from key files and from living sessions.

mod added;

use std::time::Duration;

use lifeboat_preflight::{
    BackupAccess, BackupConnection, Checked, ForecastOptions, ForecastQuestion, Homeserver, LiveSession, OwnSession,
    OwnSignature, Questions, UnlockError, Unlocked, check, examine,
};
use lifeboat_report::{
    Fact, Forecast, Gap, StatusFile,
    facts::{Candidate, DeviceKeys, Session},
    forecast::AtRisk,
};
use lifeboat_rescue::{Gathered, GossipOptions, UploadProgress, Ways, gather, upload};
use secrecy::SecretString;

use super::{
    alone::alone,
    ark_first,
    check::generator,
    held, holders, runtime,
    trust::{self, Comparison, Trust},
};
use crate::{
    advice::CommandLine,
    candidates::{self, Typed},
    exit::Exit,
    failure::Failure,
    files::Reserved,
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

pub(crate) use added::Added;

/// How long the other side has for each step of a comparison.
const COMPARING: Duration = Duration::from_secs(180);

/// Runs it.
pub(crate) fn run(job: RescueJob, console: &mut Console) -> Result<Exit, Failure> {
    let _alone = alone(&job.entry.user)?;
    let account = job.entry.command_line();
    let format = job.format;
    let reserved = job.status_file.clone().map(Reserved::new).transpose()?;
    let runtime = runtime()?;
    let added = Added::default();
    let rescued = runtime.block_on(rescue(job, &added, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let ended = rescued.and_then(|rescued| {
        hand_over(&rescued, reserved, format, &account, console)?;
        Ok(if rescued.is_clear() { Exit::Done } else { Exit::Blocked })
    });
    ended.map_err(|it| added.told(it))
}

/// Writes the status file, and shows what came of it.
fn hand_over(
    rescued: &Shown,
    reserved: Option<Reserved>,
    format: Format,
    account: &CommandLine,
    console: &mut Console,
) -> Result<(), Failure> {
    let now = time::now();
    if let Some(reserved) = reserved {
        let mut status = StatusFile::of(&rescued.report(now), generator());
        status.forecast.iter_mut().for_each(Forecast::forget_names);
        let file = reserved.write(json::document(&status)?.as_bytes())?;
        console.note(&format!("Wrote {}. It holds no secret.", file.display()));
    }
    match format {
        Format::Json => console.show(&json::document(&rescued.document())?)?,
        Format::Screen => console.show(&rescue::render(rescued, account, now, console.width()))?,
    }
    Ok(())
}

async fn rescue(job: RescueJob, added: &Added, console: &mut Console) -> Result<Shown, Failure> {
    let RescueJob {
        entry,
        candidates,
        with,
        key_files,
        sessions,
        left_rooms,
        patience,
        ark,
        ..
    } = job;
    let ark = ark.map(Reserved::new).transpose()?;
    let way = Way::prepare(entry, Afterwards::Remove, console)?.on(Errand::Rescue);
    let mut typed = candidates::read(&candidates.files, console)?;
    candidates::warn_of_mistakes(&typed, console);
    let sealed = Sealed::read(&key_files, console)?;
    let mut stops = Stops::listen()?;
    let homeserver = way.discover(&mut stops).await?;
    let ask = move || Ok((candidates::ask(candidates.asking)?, sealed.open()?));
    let (session, (answer, files)) = way.sign_in(&homeserver, &mut stops, console, ask).await?;
    typed.extend(answer);
    let given = !typed.is_empty();
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
        if given {
            look.tell_of_wrong_keys(session).await?;
        }
        let before = look.at(session, None).await?;
        let adds = !files.keys.is_empty() || (sessions == AskSessions::Yes && !before.at_risk.is_empty());
        let saved = match ark {
            Some(reserved) if adds => Some(ark_first::save(session, &homeserver, &before, reserved).await?),
            _ => None,
        };
        let mut shown = from_files(session, &look, files, before, &added.from_files).await?;
        shown.ark = saved;
        Ok(shown)
    };
    let (session, mut shown) = hold(session, Errand::Rescue, &mut stops, console, || Wish::Stop, first).await?;
    if sessions == AskSessions::No || shown.after.at_risk.is_empty() {
        leave(session, Errand::Rescue, Wish::GoOn, &mut stops, console).await?;
        return Ok(shown);
    }
    let trust = match how_to_trust(&look, with, &shown.after, &mut stops).await {
        Ok(trust) => trust,
        Err(failure) => {
            leave(session, Errand::Rescue, Wish::GoOn, &mut stops, console).await?;
            return Err(failure);
        }
    };
    console.note(&open_your_apps(&shown.after));
    if let Trust::With(_) = trust {
        console.note("Accept the verification in the app of the session that you chose.");
    }
    let options = GossipOptions {
        patience,
        wave: lifeboat_rescue::WAVE,
        progress: added.from_sessions.clone(),
    };
    // Before anything is asked for, there is nothing to end softly.
    let end_softly = || match options.progress.wanted() {
        0 => Wish::Stop,
        _ => {
            options.progress.stop();
            Wish::GoOn
        }
    };
    let work = async |live: &LiveSession, _: &mut Console| {
        let unlocked = trust::trust(live, &trust).await?;
        can_rescue(&unlocked, &trust)?;
        from_sessions(live, &look, &options, &mut shown).await
    };
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
    /// Refuses keys that open nothing, before a long history is read for them.
    async fn tell_of_wrong_keys(&self, session: &OwnSession) -> Result<(), Failure> {
        let progress = Progress::begin("looking at what the key opens");
        let questions = Questions {
            candidates: self.keys.clone(),
        };
        let facts = check(session, self.homeserver, &questions, &progress).await?;
        let useful = |it: &Candidate| it.opens_default || it.opens_active_backup;
        match facts.key_trial {
            Fact::Known(trial) if !trial.candidates.iter().any(useful) => Err(UnlockError::WrongKey.into()),
            // Nothing was worth trying.
            Fact::Unknown(Gap::NotAsked) => Err(UnlockError::WrongKey.into()),
            _ => Ok(()),
        }
    }

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
async fn from_files(
    session: &OwnSession,
    look: &Look<'_>,
    files: Opened,
    before: Checked,
    added: &UploadProgress,
) -> Result<Shown, Failure> {
    let mut shown = Shown::begin(session.user_id().to_string(), before, &files);
    if files.keys.is_empty() {
        return Ok(shown);
    }
    let progress = Progress::begin("adding the keys of the key files")
        .with_waiting(session.caller().waiting())
        .counting(added);
    let backup = BackupAccess::open(session, look.homeserver, &look.keys).await?;
    shown.uploaded = Some(upload(session, backup.view(), &files.keys, added).await?);
    drop(progress);
    shown.after = look.at(session, Some(&shown.before)).await?;
    Ok(shown)
}

/// The recovery key, or else one of the account's sessions.
pub(crate) async fn how_to_trust(
    look: &Look<'_>,
    with: Option<String>,
    checked: &Checked,
    stops: &mut Stops,
) -> Result<Trust, Failure> {
    if !look.keys.is_empty() {
        return Ok(Trust::Keys(look.keys.clone()));
    }
    let all: &[Session] = match &checked.facts.sessions {
        Fact::Known(all) => all,
        Fact::Unknown(_) => &[],
    };
    Ok(Trust::With(Comparison {
        device: trust::choose(with, all, stops).await?,
        ways: Ways::CodeOrEmoji,
        patience: COMPARING,
    }))
}

/// Nobody answers a session that is not signed, and what comes has to have a backup to go to.
pub(crate) fn can_rescue(unlocked: &Unlocked, trust: &Trust) -> Result<(), Failure> {
    let by_key = matches!(trust, Trust::Keys(_));
    let (wrong, hint) = match (&unlocked.signature, &unlocked.backup) {
        (OwnSignature::Signed, BackupConnection::Connected) => return Ok(()),
        (OwnSignature::Unsigned, _) => (
            "The session of this rescue could not be signed, so your other sessions would not answer it.",
            "Run lifeboat check with your recovery key: it says what is wrong with your identity.",
        ),
        (_, BackupConnection::NoBackup) => (
            "This account has no key backup that room keys could be put into.",
            "Run lifeboat repair, which makes one, and then lifeboat rescue again.",
        ),
        _ if by_key => (
            "Your recovery key does not lead to the key of the key backup, so nothing can be put into it.",
            "Run lifeboat repair with every key you have, and then lifeboat rescue again.",
        ),
        _ => (
            "That session did not hand over the key of the key backup, so nothing can be put into it.",
            "Leave its app open and try again, or choose another session.",
        ),
    };
    Err(Failure::failed(wrong, hint))
}

/// Asks living sessions.
pub(crate) async fn from_sessions(
    live: &LiveSession,
    look: &Look<'_>,
    options: &GossipOptions,
    shown: &mut Shown,
) -> Result<(), Failure> {
    let line = GossipLine::show(&options.progress, &shown.after.facts.sessions);
    let holders = holders::ask(live, &shown.after.facts).await?;
    let gathered = gather(live, shown.after.at_risk.clone(), options).await?;
    instead_of_damaged(live, look, &gathered).await?;
    drop(line);
    let mut after = look.at(live.own(), Some(&shown.after)).await?;
    holders::note(&holders, &mut after.facts);
    shown.after = after;
    shown.gathered = Some(gathered);
    Ok(())
}

/// Puts what came for entries that do not open in their place: of two that start alike the server keeps the older one.
async fn instead_of_damaged(live: &LiveSession, look: &Look<'_>, gathered: &Gathered) -> Result<(), Failure> {
    let damaged = gathered
        .arrived
        .iter()
        .filter(|it| it.key.cause == AtRisk::EntryDamaged);
    let damaged: Vec<_> = damaged
        .map(|it| (&it.key.room_id, it.key.session_id.as_str()))
        .collect();
    // Without its private key an entry that does not open looks like any other.
    if damaged.is_empty() || look.keys.is_empty() {
        return Ok(());
    }
    let mut keys = held::held(live.own()).await?;
    keys.retain(|it| damaged.contains(&(it.room_id(), it.session_id())));
    let backup = BackupAccess::open(live.own(), look.homeserver, &look.keys).await?;
    // These have arrived, and are counted as that.
    upload(live.own(), backup.view(), &keys, &UploadProgress::default()).await?;
    Ok(())
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
