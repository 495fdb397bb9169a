//! How Lifeboat's session becomes trusted: by a recovery key, or by comparing with one of the account's sessions.

use std::time::Duration;

use lifeboat_preflight::{BackupConnection, LiveSession, UnlockError, Unlocked, ruma::OwnedDeviceId};
use lifeboat_report::facts::{SecretName, Session};
use lifeboat_rescue::{Comparing, Emoji, Ways, Witness, take_secrets, verify_with};
use secrecy::SecretString;

use crate::{
    failure::Failure,
    session::{ECHO, asked},
    signals::Stops,
    ui::{clean::clean, code, prompt, time},
};

/// What makes it trusted.
#[derive(Debug)]
pub(crate) enum Trust {
    /// The first of these that opens secret storage.
    Keys(Vec<SecretString>),
    /// A session whose person compares.
    With(Comparison),
}

/// With which session, and how.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    /// The session.
    pub(crate) device: OwnedDeviceId,
    /// What is offered.
    pub(crate) ways: Ways,
    /// How long the other side has for each step.
    pub(crate) patience: Duration,
}

/// Makes `live` trusted; returns what it holds then.
pub(crate) async fn trust(live: &LiveSession, trust: &Trust) -> Result<Unlocked, Failure> {
    match trust {
        Trust::Keys(keys) => unlock(live, keys).await,
        Trust::With(comparison) => {
            compare(live, comparison).await?;
            Ok(take_secrets(live).await?)
        }
    }
}

/// Compares with a session.
pub(crate) async fn compare(live: &LiveSession, comparison: &Comparison) -> Result<(), Failure> {
    let Comparison { device, ways, patience } = comparison;
    Ok(verify_with(live, device, *patience, *ways, &AtTheTerminal).await?)
}

/// Tells whether a session holds everything that there is to hand over.
pub(crate) fn is_complete(held: &Unlocked) -> bool {
    lacking(held).is_none()
}

/// Returns the first secret that a session does not hold and that there is.
pub(crate) fn lacking(held: &Unlocked) -> Option<SecretName> {
    let mut identity = SecretName::IDENTITY.into_iter();
    let missing = identity.find(|it| !held.identity.contains(it));
    missing.or(match held.backup {
        BackupConnection::Connected | BackupConnection::NoBackup => None,
        _ => Some(SecretName::BackupKey),
    })
}

/// Opens secret storage with the first key that does.
async fn unlock(live: &LiveSession, keys: &[SecretString]) -> Result<Unlocked, Failure> {
    let mut last = UnlockError::WrongKey;
    for key in keys {
        match live.open(key).await {
            Ok(unlocked) => return Ok(unlocked),
            Err(error @ UnlockError::WrongKey) => last = error,
            Err(error) => return Err(error.into()),
        }
    }
    Err(last.into())
}

/// Returns the sessions that can vouch for another one, the one last seen first.
pub(crate) fn witnesses(all: &[Session]) -> Vec<Session> {
    let mut others: Vec<Session> = all.to_vec();
    others.retain(Session::is_trusted_other);
    others.sort_by_key(|it| (std::cmp::Reverse(it.last_seen_at), it.device_id.clone()));
    others
}

/// Returns the session named on the command line, if it can vouch for another one, or asks which one is to.
pub(crate) async fn choose(with: Option<String>, all: &[Session], stops: &mut Stops) -> Result<OwnedDeviceId, Failure> {
    let others = witnesses(all);
    let Some(id) = with else {
        return match others.len() {
            0 => Err(Failure::failed(
                "This account has no other verified session to compare with.",
                "With your recovery key none is needed: give it with --recovery-key-file or --ask-recovery-key.",
            )),
            _ => asked(stops, move || ask(&others)).await,
        };
    };
    if others.iter().any(|it| it.device_id == id) {
        return Ok(id.as_str().into());
    }
    let named = clean(&id, 40);
    let wrong = if all.iter().any(|it| it.device_id == id) {
        format!("The session {named} is not verified itself, so it cannot vouch for another one.")
    } else {
        format!("This account has no session with the id {named}.")
    };
    let these: Vec<_> = others
        .iter()
        .map(|it| format!("{} ({})", name(it), clean(&it.device_id, 20)))
        .collect();
    Err(Failure::failed(
        wrong,
        match these.len() {
            0 => "lifeboat check lists your sessions with their ids.".to_owned(),
            _ => format!("These can: {}.", these.join(", ")),
        },
    ))
}

fn name(session: &Session) -> String {
    clean(session.name.as_deref().unwrap_or("(no name)"), 40)
}

/// Asks which of them. Waits on this thread.
fn ask(others: &[Session]) -> Result<OwnedDeviceId, Failure> {
    let now = time::now();
    prompt::tell("Which of your sessions do you have at hand? It has to be open.");
    for (number, it) in (1..).zip(others) {
        let seen = it
            .last_seen_at
            .map_or_else(|| "not known".to_owned(), |at| time::ago(at, now));
        prompt::picture(&format!(
            "{number:>4}  {} ({}), last seen: {seen}\n",
            name(it),
            clean(&it.device_id, 20)
        ));
    }
    loop {
        let number = prompt::line("Its number")?.parse::<usize>();
        let chosen = number.ok().and_then(|it| others.get(it.checked_sub(1)?));
        if let Some(chosen) = chosen {
            return Ok(chosen.device_id.as_str().into());
        }
        prompt::tell(&format!(
            "Type a number from 1 to {}, or press Ctrl-C to stop.",
            others.len()
        ));
    }
}

/// Whoever sits at this terminal. Who cannot be asked has seen nothing that matches.
struct AtTheTerminal;

impl Witness for AtTheTerminal {
    async fn compare(&self, emoji: [Emoji; 7]) -> Comparing {
        let shown = emoji.map(|it| format!("{} {}", it.symbol, it.description));
        said(move || {
            prompt::picture(&format!("\n   {}\n\n", shown.join("   ")));
            prompt::yes_or_no("Does the other session show the same seven emoji, in the same order?")
        })
        .await
    }

    fn show_code(&self, bytes: &[u8]) {
        match code::picture(bytes) {
            Some(picture) => {
                prompt::picture(&picture);
                prompt::tell("Scan this code with the other session. If it cannot, choose there to compare emoji.");
            }
            None => prompt::tell("Choose there to compare emoji."),
        }
    }

    async fn has_scanned(&self) -> Comparing {
        said(|| prompt::yes_or_no("The code was scanned. Does your other session say that it is verified?")).await
    }
}

async fn said(question: impl FnOnce() -> Result<bool, Failure> + Send + 'static) -> Comparing {
    match tokio::task::spawn_blocking(question).await {
        Ok(Ok(true)) => Comparing::Match,
        Ok(Ok(false)) => Comparing::Mismatch,
        Ok(Err(_)) | Err(_) => {
            // Ctrl-C is heard by whoever does this work, and ends it: that is no answer.
            tokio::time::sleep(ECHO).await;
            Comparing::Mismatch
        }
    }
}
