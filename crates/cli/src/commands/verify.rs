//! `lifeboat verify`: Lifeboat's session, another one, and a new recovery key where the old one is lost.

#[cfg(test)]
mod tests;

use std::{path::PathBuf, time::Duration};

use lifeboat_preflight::{
    Homeserver, LiveSession, OwnSession, Questions, SessionKind, Unlocked, check, ruma::OwnedDeviceId,
};
use lifeboat_report::{
    Fact,
    facts::{DeviceKeys, Session},
};
use lifeboat_rescue::{RepairError, SessionKey, Ways, renew_recovery_key, session_key, vouch_for};
use serde_json::json;

use super::{
    alone::alone,
    fresh, runtime,
    trust::{self, Comparison, Trust},
};
use crate::{
    candidates::{self, Typed},
    exit::Exit,
    failure::Failure,
    files::Reserved,
    resolve::{Asking, By, Candidates, Format, Other, VerifyJob},
    session::{Errand, Way, hold, leave, with_live_session},
    signals::{Stops, Wish},
    ui::{clean::clean, console::Console, json, progress::Progress},
};

/// What came of it.
struct Verified {
    account: String,
    by_key: bool,
    kind: SessionKind,
    held: Unlocked,
    session: Option<String>,
    file: Option<PathBuf>,
}

/// Runs it.
pub(crate) fn run(job: VerifyJob, console: &mut Console) -> Result<Exit, Failure> {
    let _alone = alone(&job.entry.user)?;
    let format = job.format;
    let runtime = runtime()?;
    let verified = runtime.block_on(verify(job, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let verified = verified?;
    match format {
        Format::Json => console.show(&json::document(&verified.document())?)?,
        Format::Screen => console.show(&verified.sentences())?,
    }
    Ok(if trust::is_complete(&verified.held) {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

async fn verify(job: VerifyJob, console: &mut Console) -> Result<Verified, Failure> {
    let VerifyJob {
        entry,
        afterwards,
        by,
        session: other,
        new_recovery_key,
        ways,
        patience,
        ..
    } = job;
    let reserved = new_recovery_key.map(Reserved::new).transpose()?;
    let errand = Errand::Verify;
    let account = entry.user.to_string();
    let way = Way::prepare(entry, afterwards, console)?.on(errand);
    let (keys, with) = match by {
        By::Key(candidates) => (Some(candidates), None),
        By::Comparing(with) => (None, with),
    };
    let mut typed = candidates::read(keys.as_ref().map_or(&[][..], |it| &it.files), console)?;
    candidates::warn_of_mistakes(&typed, console);
    let asking = keys.as_ref().map_or(Asking::No, |it: &Candidates| it.asking);
    let mut stops = Stops::listen()?;
    let homeserver = way.discover(&mut stops).await?;
    let (session, answer) = way
        .sign_in(&homeserver, &mut stops, console, move || candidates::ask(asking))
        .await?;
    typed.extend(answer);
    let kind = session.kind();
    let listing = async |session: &OwnSession| sessions(session, &homeserver).await;
    let (session, all) = hold(session, errand, &mut stops, console, || Wish::Stop, listing).await?;
    let comparison = |device: OwnedDeviceId, ways: Ways| Comparison { device, ways, patience };
    let chosen = async {
        let other = other.map(|it| known(it, &all)).transpose()?;
        let trust = match &keys {
            Some(_) => Trust::Keys(plausible(typed)),
            None => Trust::With(comparison(trust::choose(with, &all, &mut stops).await?, ways)),
        };
        Ok::<_, Failure>((trust, other))
    };
    let (trust, other) = match chosen.await {
        Ok(chosen) => chosen,
        Err(failure) => {
            leave(session, errand, Wish::GoOn, &mut stops, console).await?;
            return Err(failure);
        }
    };
    let work = async |live: &LiveSession, console: &mut Console| {
        if let Trust::With(_) = trust {
            console.note("Accept the verification in the app of that session now.");
        }
        let held = trust::trust(live, &trust).await?;
        let session = match other {
            Some(other) => {
                let comparison = comparison(other.id.as_str().into(), ways);
                vouch(live, &other, &comparison, console).await?;
                Some(other.id)
            }
            None => None,
        };
        let file = match reserved {
            Some(reserved) => Some(renew(live, &held, reserved).await?),
            None => None,
        };
        Ok((held, session, file))
    };
    let (held, session, file) = with_live_session(session, errand, &mut stops, console, || Wish::Stop, work).await?;
    Ok(Verified {
        account,
        by_key: keys.is_some(),
        kind,
        held,
        session,
        file,
    })
}

/// Makes another session trusted.
async fn vouch(
    live: &LiveSession,
    other: &Other,
    comparison: &Comparison,
    console: &mut Console,
) -> Result<(), Failure> {
    if other.key.is_none() {
        let key: SessionKey = session_key(live, &comparison.device).await?;
        console.note(&format!(
            "Now the session {}: accept the verification in its app. Its session key is {}.",
            clean(&other.id, 40),
            key.in_groups()
        ));
        trust::compare(live, comparison).await?;
    }
    Ok(vouch_for(live, &comparison.device, other.key.as_ref()).await?)
}

/// Stores what the session holds under a new recovery key, which is in a file before anything depends on it.
async fn renew(live: &LiveSession, held: &Unlocked, reserved: Reserved) -> Result<PathBuf, Failure> {
    if let Some(missing) = trust::lacking(held) {
        return Err(RepairError::NotHandedOver(missing).into());
    }
    let (fresh, file) = fresh::into_file(reserved)?;
    renew_recovery_key(live, &fresh, Duration::ZERO).await?;
    live.open(&fresh.recovery_key()).await?;
    Ok(file)
}

fn plausible(typed: Vec<Typed>) -> Vec<secrecy::SecretString> {
    typed
        .into_iter()
        .filter(Typed::is_plausible)
        .map(|it| it.text)
        .collect()
}

async fn sessions(session: &OwnSession, homeserver: &Homeserver) -> Result<Vec<Session>, Failure> {
    let progress = Progress::begin("looking for your sessions");
    let facts = check(session, homeserver, &Questions::default(), &progress).await?;
    match facts.sessions {
        Fact::Known(sessions) => Ok(sessions),
        Fact::Unknown(gap) => Err(Failure::failed(
            format!("Your sessions are not known: {}.", gap.words()),
            "Try again later.",
        )),
    }
}

/// Checks that there is such a session, and that it can be trusted at all.
fn known(other: Other, all: &[Session]) -> Result<Other, Failure> {
    let named = clean(&other.id, 40);
    let wrong = match all.iter().find(|it| it.device_id == other.id && !it.this) {
        None => format!("This account has no other session with the id {named}."),
        Some(it) if it.keys.is(&DeviceKeys::None) => {
            format!("The session {named} has no encryption keys: there is nothing to verify.")
        }
        Some(it) if it.keys.is(&DeviceKeys::Invalid) => {
            format!("The keys of the session {named} are broken: it cannot be verified.")
        }
        Some(_) => return Ok(other),
    };
    Err(Failure::failed(
        wrong,
        "lifeboat check lists your sessions with their ids. One that is not yours you sign out in Element.",
    ))
}

impl Verified {
    fn document(&self) -> serde_json::Value {
        json!({
            "account": self.account,
            "by": if self.by_key { "recovery-key" } else { "comparing" },
            "complete": trust::is_complete(&self.held),
            "secrets": self.held.identity.iter().map(|it| it.event_type()).collect::<Vec<_>>(),
            "session_verified": self.session,
            "new_recovery_key_file": self.file.as_ref().map(|it| it.display().to_string()),
        })
    }

    fn sentences(&self) -> String {
        let complete = trust::is_complete(&self.held);
        let mut lines = vec![match (self.by_key, complete) {
            (true, true) => "Lifeboat’s session is trusted: your recovery key opened every secret.".to_owned(),
            (true, false) => "Lifeboat’s session is trusted, but your recovery key does not lead to every secret: \
                              lifeboat check says what is missing."
                .to_owned(),
            (false, true) => "The session is verified. It handed over every secret of your identity, and the key of \
                              the key backup."
                .to_owned(),
            (false, false) => "The session is verified. It did not hand over every secret: leave its app open, and \
                               try again or with another session."
                .to_owned(),
        }];
        if let Some(session) = &self.session {
            lines.push(format!("The session {} is verified now.", clean(session, 40)));
        }
        if let Some(file) = &self.file {
            lines.push(format!(
                "Your new recovery key is in {}, and it was tried. Keep it in your password manager.",
                file.display()
            ));
        }
        if self.kind == SessionKind::Throwaway && self.session.is_none() && self.file.is_none() {
            lines.push(
                "Lifeboat’s session has removed itself; with --keep-session it stays for the next command.".to_owned(),
            );
        }
        lines.join("\n") + "\n"
    }
}
