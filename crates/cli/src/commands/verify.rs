//! `lifeboat verify`: by emoji with a living session, and a new recovery key where the old one is lost.

use lifeboat_preflight::{
    BackupConnection, Homeserver, LiveSession, OwnSession, Questions, Unlocked, check, ruma::OwnedDeviceId,
};
use lifeboat_report::facts::{DeviceKeys, SecretName, Session};
use lifeboat_rescue::{Comparing, Emoji, renew_recovery_key, verify_with};
use secrecy::ExposeSecret;

use super::runtime;
use crate::{
    exit::Exit,
    failure::Failure,
    files::Reserved,
    resolve::{Afterwards, VerifyJob},
    session::{Errand, Way, asked, hold, leave, with_live_session},
    signals::{Stops, Wish},
    ui::{clean::clean, console::Console, progress::Progress, prompt, time},
};

/// Runs it.
pub(crate) fn run(job: VerifyJob, console: &mut Console) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let verified = runtime.block_on(verify(job, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let (held, file) = verified?;
    let complete = is_complete(&held);
    let secrets = if complete {
        "It handed over every secret of your identity, and the key of the key backup."
    } else {
        "It did not hand over every secret: leave its app open, and try again or with another session."
    };
    console.show(&format!("The session is verified. {secrets}\n"))?;
    if let Some(file) = file {
        console.show(&format!(
            "Your new recovery key is in {}, and it was tried. Keep it in your password manager.\n",
            file.display()
        ))?;
    }
    Ok(if complete { Exit::Done } else { Exit::Incomplete })
}

async fn verify(job: VerifyJob, console: &mut Console) -> Result<(Unlocked, Option<std::path::PathBuf>), Failure> {
    let VerifyJob {
        entry,
        with,
        new_recovery_key,
        patience,
    } = job;
    let reserved = new_recovery_key.map(Reserved::new).transpose()?;
    let errand = Errand::Verify;
    let way = Way::prepare(entry, Afterwards::Remove, console)?.on(errand);
    let mut stops = Stops::listen()?;
    let homeserver = way.discover(&mut stops).await?;
    let (session, ()) = way.sign_in(&homeserver, &mut stops, console, || Ok(())).await?;
    let listing = async |session: &OwnSession| sessions(session, &homeserver).await;
    let (session, others) = hold(session, errand, &mut stops, console, || Wish::Stop, listing).await?;
    let chosen = match choose(with, others, &mut stops).await {
        Ok(chosen) => chosen,
        Err(failure) => {
            leave(session, errand, Wish::GoOn, &mut stops, console).await?;
            return Err(failure);
        }
    };
    console.note("Accept the verification in the app of that session now, and compare the emoji.");
    let work = async |live: &LiveSession, _: &mut Console| {
        let held = verify_with(live, &chosen, patience, compare).await?;
        let Some(reserved) = reserved else {
            return Ok((held, None));
        };
        let key = renew_recovery_key(live).await?;
        let file = reserved.write(format!("{}\n", key.expose_secret()).as_bytes())?;
        live.open(&key).await?;
        Ok((held, Some(file)))
    };
    with_live_session(session, errand, &mut stops, console, || Wish::Stop, work).await
}

pub(crate) fn is_complete(held: &Unlocked) -> bool {
    let identity = SecretName::IDENTITY.iter().all(|it| held.identity.contains(it));
    identity && matches!(held.backup, BackupConnection::Connected | BackupConnection::NoBackup)
}

/// Returns the sessions that can vouch for another one, the one last seen first.
async fn sessions(session: &OwnSession, homeserver: &Homeserver) -> Result<Vec<Session>, Failure> {
    let progress = Progress::begin("looking for your sessions");
    let facts = check(session, homeserver, &Questions::default(), &progress).await?;
    let mut others: Vec<Session> = facts.sessions.known().cloned().unwrap_or_default();
    others.retain(|it| it.may_hold_room_keys() && it.keys.is(&DeviceKeys::Signed));
    others.sort_by_key(|it| (std::cmp::Reverse(it.last_seen_at), it.device_id.clone()));
    Ok(others)
}

async fn choose(with: Option<String>, others: Vec<Session>, stops: &mut Stops) -> Result<OwnedDeviceId, Failure> {
    let nobody = || {
        Failure::failed(
            "This account has no other verified session to compare with.",
            "With your recovery key, lifeboat rescue and repair need none.",
        )
    };
    match with {
        Some(id) => Ok(id.as_str().into()),
        None if others.is_empty() => Err(nobody()),
        None => asked(stops, move || ask(&others)).await,
    }
}

/// Asks which of them. Waits on this thread.
pub(crate) fn ask(others: &[Session]) -> Result<OwnedDeviceId, Failure> {
    let now = time::now();
    for (number, it) in (1..).zip(others) {
        let name = clean(it.name.as_deref().unwrap_or("(no name)"), 40);
        let seen = it
            .last_seen_at
            .map_or_else(|| "not known".to_owned(), |at| time::ago(at, now));
        prompt::tell(&format!(
            "{number:>4}  {name} ({}), last seen: {seen}",
            clean(&it.device_id, 20)
        ));
    }
    loop {
        let number = prompt::line("With which of them (its number)")?.parse::<usize>();
        let chosen = number.ok().and_then(|it| others.get(it.checked_sub(1)?));
        if let Some(chosen) = chosen {
            return Ok(chosen.device_id.as_str().into());
        }
    }
}

/// Shows the emoji and asks. Whoever cannot be asked has seen nothing that matches.
pub(crate) async fn compare(emoji: [Emoji; 7]) -> Comparing {
    let answer = tokio::task::spawn_blocking(move || {
        let shown = emoji.map(|it| format!("{} {}", it.symbol, it.description));
        prompt::tell(&shown.join("   "));
        prompt::yes("Does the other session show the same emoji, in the same order?")
    });
    match answer.await {
        Ok(Ok(true)) => Comparing::Match,
        _ => Comparing::Mismatch,
    }
}
