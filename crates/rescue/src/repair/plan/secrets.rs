//! Secrets that are not stored where apps look for them.

use lifeboat_report::{
    Fact,
    facts::{BackupOpening, Candidate, DefaultKey, SecretName},
};

use super::{Ground, Plan, fits};
use crate::repair::{Repair, Trust, Under};

pub(super) fn plan(ground: &Ground<'_>, plan: &mut Plan) {
    let chosen = plan.repairs.iter().any(|it| matches!(it, Repair::SetDefaultKey { .. }));
    match ground.opened_default() {
        Some(default) => complete(ground, default, plan),
        None if chosen => {}
        None => set_default(ground, plan),
    }
}

/// What is missing under the default storage key: from what was typed, else from living sessions.
fn complete(ground: &Ground<'_>, default: &str, plan: &mut Plan) {
    let missing: Vec<SecretName> = SecretName::ALL
        .into_iter()
        .filter(|name| has_counterpart(ground, *name) && !is_stored(ground, *name))
        .collect();
    let (at_hand, elsewhere): (Vec<_>, Vec<_>) = missing.into_iter().partition(|name| is_at_hand(ground, *name));
    if !at_hand.is_empty() {
        plan.repairs.push(Repair::StoreSecrets {
            names: at_hand,
            under: default.to_owned(),
        });
    }
    if !elsewhere.is_empty() && ground.trusted_sessions().next().is_some() {
        let trust = if ground.fits(SecretName::SelfSigning) {
            Trust::RecoveryKey
        } else {
            Trust::Person
        };
        plan.repairs.push(Repair::FetchSecrets {
            names: elsewhere,
            under: default.to_owned(),
            trust,
        });
    }
}

/// Tells whether something is published that the secret has to fit.
fn has_counterpart(ground: &Ground<'_>, name: SecretName) -> bool {
    let identity = ground.facts.identity.known();
    match name {
        SecretName::Master => identity.is_some_and(|it| it.master.is_some()),
        SecretName::SelfSigning => identity.is_some_and(|it| it.self_signing.is_some()),
        SecretName::UserSigning => identity.is_some_and(|it| it.user_signing.is_some()),
        SecretName::BackupKey => ground.backup().is_some(),
    }
}

fn is_stored(ground: &Ground<'_>, name: SecretName) -> bool {
    let mut openers = ground.candidates().iter().filter(|it| it.opens_default);
    openers.any(|it| fits(it, name))
}

fn is_at_hand(ground: &Ground<'_>, name: SecretName) -> bool {
    let active = ground.backup().map(|it| it.version.as_str());
    let itself = |it: &Candidate| {
        let opening = active.and_then(|version| it.backup.get(version));
        matches!(
            opening,
            Some(BackupOpening::IsTheBackupKey | BackupOpening::LegacyPassphrase)
        )
    };
    let mut candidates = ground.candidates().iter();
    candidates.any(|it| fits(it, name) || (name == SecretName::BackupKey && itself(it)))
}

/// Another storage key opens everything, and nothing that was typed opens as much under the default one.
fn set_default(ground: &Ground<'_>, plan: &mut Plan) {
    let Some(storage) = ground.storage() else {
        return;
    };
    let from = match &storage.default_key {
        DefaultKey::Named(id) => Some(id.clone()),
        DefaultKey::NotSet => None,
        DefaultKey::Unreadable => return,
    };
    let wanted: &[SecretName] = match &ground.facts.backup.active {
        Fact::Known(None) => &SecretName::IDENTITY,
        Fact::Known(Some(_)) if ground.backup().is_some() => &SecretName::ALL,
        // An unknown algorithm, or nobody knows: hands off.
        Fact::Known(Some(_)) | Fact::Unknown(_) => return,
    };
    let complete = |it: &&Candidate| wanted.iter().all(|name| fits(it, *name));
    let better = ground.candidates().iter().find(complete);
    if let Some(to) = better.and_then(|it| it.storage_keys.first()) {
        let to = Under::Existing(to.clone());
        plan.repairs.push(Repair::SetDefaultKey { from, to });
    }
}
