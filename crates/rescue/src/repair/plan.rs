//! Which repairs the facts call for.

mod backup;
mod identity;
mod secrets;
mod sessions;

use lifeboat_report::{
    Fact, Facts,
    facts::{BackupAlgorithm, BackupVersion, Candidate, SecretName, SecretStorage, SecretTrial, Session},
};

use super::{Refusal, Repair, Wishes};

/// What is to be done, what was asked for and is not done, and what else could be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The repairs, in the order in which they are to be carried out.
    pub repairs: Vec<Repair>,
    /// Why something that was asked for is not among them.
    pub refused: Vec<Refusal>,
    /// What else is possible when it is asked for by name.
    pub offers: Vec<Offer>,
}

/// Something that is possible, and done only when it is asked for by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// The recovery key could be replaced with the help of a living session.
    NewRecoveryKey,
    /// Somebody has switched the backup off.
    SwitchBackupOn,
    /// The identity does not vouch for this session.
    SignSession(Box<Session>),
    /// This session has no keys, or was not seen for long.
    TidySession(Box<Session>),
    /// Nothing else helps.
    ResetIdentity,
}

/// Returns the repairs that fit. Total and pure; a gap never calls for a repair: unknown is not broken.
pub fn plan(facts: &Facts, wishes: &Wishes) -> Plan {
    let ground = Ground { facts, wishes };
    let mut plan = Plan::default();
    identity::plan(&ground, &mut plan);
    secrets::plan(&ground, &mut plan);
    backup::plan(&ground, &mut plan);
    sessions::plan(&ground, &mut plan);
    plan.repairs.sort();
    plan
}

/// What every part of the plan looks at.
struct Ground<'a> {
    facts: &'a Facts,
    wishes: &'a Wishes,
}

impl<'a> Ground<'a> {
    /// What was typed, and what it opens.
    fn candidates(&self) -> &'a [Candidate] {
        match &self.facts.key_trial {
            Fact::Known(trial) => &trial.candidates,
            Fact::Unknown(_) => &[],
        }
    }

    fn storage(&self) -> Option<&'a SecretStorage> {
        self.facts.storage.known()
    }

    /// The default storage key, where something that was typed opens it.
    fn opened_default(&self) -> Option<&'a str> {
        let default = self.storage()?.usable_default()?;
        self.candidates().iter().any(|it| it.opens_default).then_some(default)
    }

    /// The active version, if it is one that Lifeboat understands.
    fn backup(&self) -> Option<&'a BackupVersion> {
        let active = self.facts.backup.active.known()?.as_ref()?;
        (active.algorithm == BackupAlgorithm::Curve25519AesSha2).then_some(active)
    }

    /// Tells whether something that was typed leads to the secret.
    fn fits(&self, name: SecretName) -> bool {
        self.candidates().iter().any(|it| fits(it, name))
    }

    /// The other sessions that answer when they are asked.
    fn trusted_sessions(&self) -> impl Iterator<Item = &'a Session> {
        let all = self.facts.sessions.known().into_iter().flatten();
        all.filter(|it| it.is_trusted_other())
    }
}

fn fits(candidate: &Candidate, name: SecretName) -> bool {
    candidate.secrets.get(&name) == Some(&SecretTrial::Fits)
}
