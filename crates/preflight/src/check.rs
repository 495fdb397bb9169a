//! Runs every probe and gathers the facts.

#[cfg(test)]
mod tests;

use futures_util::join;
use lifeboat_report::{
    Fact, Facts, Forecast, Gap,
    facts::{KeyBackup, KeyTrial},
};
use matrix_sdk::ruma::UserId;
use secrecy::SecretString;

use crate::{
    Homeserver, OwnSession,
    caller::{Caller, End},
    forecast::{self, ForecastMemory, ForecastQuestion, Ground, KeyAtRisk, Outcome},
    key_trial::{self, Opened},
    older,
    probe::{
        account::account,
        backup::{RawBackup, describe, newest_backup},
        devices::{devices, sessions},
        published::published_keys,
        server::server,
        storage::{StoredSecrets, stored_secrets},
    },
};

/// What a check is asked to find out beyond the facts that need no secret.
#[derive(Debug, Default)]
pub struct Questions {
    /// Recovery keys or recovery passphrases to try, in the order in which they are to be answered.
    pub candidates: Vec<SecretString>,
}

/// Why a check has no result at all. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The server ended the session of this check.
    #[error("{}.", .0.words())]
    SessionEnded(End),
}

/// What a check is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It has the sessions, the identity, secret storage and the backup.
    Probed,
    /// It is deriving keys from a passphrase, which takes a while.
    Deriving,
    /// It has tried every candidate.
    Tried,
}

/// What a check found out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// What is judged.
    pub facts: Facts,
    /// The messages behind `facts.coverage`, if they were looked at.
    pub forecast: Option<Forecast>,
    /// What the next forecast need not read again.
    pub memory: Option<ForecastMemory>,
    /// The room keys of the messages at risk, room by room.
    pub at_risk: Vec<KeyAtRisk>,
}

#[cfg(feature = "testing")]
impl Checked {
    /// Makes one that looked at no message; a test fills in what it is about.
    pub fn sample(facts: Facts) -> Self {
        Self {
            facts,
            forecast: None,
            memory: None,
            at_risk: Vec::new(),
        }
    }
}

/// Watches a check.
pub trait Watch: Send + Sync {
    /// Is told of every step as it happens.
    fn saw(&self, step: Step);
}

/// Watches nothing.
impl Watch for () {
    fn saw(&self, _: Step) {}
}

/// Asks everything, each question concurrently with the others where it can be. Changes nothing on the server.
///
/// A probe that fails is a gap, not an error: a check that stops early hides the rest.
pub async fn check(
    session: &OwnSession,
    homeserver: &Homeserver,
    questions: &Questions,
    watch: &dyn Watch,
) -> Result<Facts, CheckError> {
    let checked = examine(session, homeserver, questions, &ForecastQuestion::Quick, watch).await?;
    Ok(checked.facts)
}

/// Asks everything that [`check`] asks, and looks at messages as `question` says. Changes nothing on the server.
pub async fn examine(
    session: &OwnSession,
    homeserver: &Homeserver,
    questions: &Questions,
    question: &ForecastQuestion,
    watch: &dyn Watch,
) -> Result<Checked, CheckError> {
    let caller = session.caller();
    let user = session.user_id();
    let opening = async {
        let stored = stored_secrets(caller, user).await;
        let opened = match &stored {
            Fact::Known(stored) if !questions.candidates.is_empty() => {
                watch.saw(Step::Deriving);
                Some(key_trial::open_storage(&questions.candidates, stored).await)
            }
            _ => None,
        };
        (stored, opened)
    };
    let (server, account, listed, published, newest, (stored, opened)) = join!(
        server(caller, homeserver, user),
        account(caller),
        devices(caller),
        published_keys(caller, user),
        newest_backup(caller),
        opening,
    );
    watch.saw(Step::Probed);
    let key = match (&opened, newest.known()) {
        (Some(opened), Some(Some(newest))) => key_trial::backup_key(opened, newest).await,
        _ => None,
    };
    let older = match (question, newest.known()) {
        (ForecastQuestion::Run(options), Some(newest)) => {
            let opened = opened.as_deref().unwrap_or_default();
            older::find(caller, &options.older, newest.as_ref(), opened).await
        }
        _ => Vec::new(),
    };
    let key_trial = key_trial(caller, &stored, opened, published.known(), &newest).await;
    watch.saw(Step::Tried);
    let Outcome {
        proof,
        forecast,
        memory,
        older,
        at_risk,
    } = match question {
        ForecastQuestion::Quick => Outcome {
            proof: Fact::Unknown(Gap::NotAsked),
            forecast: Fact::Unknown(Gap::NotAsked),
            memory: None,
            older: Vec::new(),
            at_risk: Vec::new(),
        },
        ForecastQuestion::Run(options) => {
            let ground = Ground {
                caller,
                homeserver,
                backup: &newest,
                key,
                older,
            };
            forecast::run(ground, options).await
        }
    };
    if let Some(end) = caller.end() {
        return Err(CheckError::SessionEnded(end));
    }
    let mut facts = Facts {
        server,
        account,
        sessions: sessions(listed, published.as_ref().map(|it| &it.devices), session.device_id()),
        backup: KeyBackup {
            older,
            ..backup(newest, &stored, user, published.known())
        },
        identity: published.map(|it| it.identity),
        storage: stored.map(|it| it.facts),
        key_trial,
        proof,
        coverage: Fact::Unknown(Gap::NotAsked),
    };
    let forecast = forecast.map(|mut forecast| {
        forecast.settle_readable(&facts);
        forecast
    });
    facts.coverage = forecast.as_ref().map(Forecast::coverage);
    Ok(Checked {
        facts,
        forecast: forecast.known().cloned(),
        memory,
        at_risk,
    })
}

async fn key_trial(
    caller: &Caller,
    stored: &Fact<StoredSecrets>,
    opened: Option<Vec<Opened>>,
    published: Option<&crate::probe::published::PublishedKeys>,
    newest: &Fact<Option<RawBackup>>,
) -> Fact<KeyTrial> {
    let Some(opened) = opened else {
        return Fact::Unknown(stored.gap().unwrap_or(Gap::NotAsked));
    };
    let active = match newest {
        Fact::Known(active) => active.as_ref(),
        Fact::Unknown(gap) => return Fact::Unknown(*gap),
    };
    let mut backups: Vec<RawBackup> = active.cloned().into_iter().collect();
    if key_trial::wants_older_versions(&opened, active) {
        backups.extend(older::all(caller, active).await);
    }
    Fact::Known(key_trial::judge(opened, published, &backups, active).await)
}

fn backup(
    newest: Fact<Option<RawBackup>>,
    stored: &Fact<StoredSecrets>,
    user: &UserId,
    published: Option<&crate::probe::published::PublishedKeys>,
) -> KeyBackup {
    KeyBackup {
        older: Vec::new(),
        active: newest.map(|it| it.map(|it| describe(&it, user, published))),
        switched_off: stored.as_ref().map(|it| it.off_switch),
    }
}
