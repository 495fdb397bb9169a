//! Which repairs the facts call for.

use lifeboat_report::{
    Fact, Facts,
    facts::{BackupAlgorithm, BackupOpening, BackupVersion, Candidate, DefaultKey, SecretName, SecretTrial},
};

use super::Repair;

/// Returns the repairs that fit, in the order in which they are to be carried out. Total and pure; a gap never calls
/// for a repair: unknown is not broken.
pub fn plan(facts: &Facts) -> Vec<Repair> {
    let mut repairs = Vec::new();
    let Fact::Known(trial) = &facts.key_trial else {
        return repairs;
    };
    let candidates = &trial.candidates;
    match &facts.backup.active {
        Fact::Known(Some(active)) if active.algorithm == BackupAlgorithm::Curve25519AesSha2 => {
            repairs.extend(mine(facts, active, candidates));
            repairs.extend(sign(active, candidates));
            repairs.extend(store(facts, active, candidates));
            repairs.extend(set_default(facts, Some(active), candidates));
        }
        Fact::Known(None) => {
            repairs.extend(set_default(facts, None, candidates));
            if repairs.is_empty() {
                repairs.extend(create(facts, candidates));
            }
        }
        // An unknown algorithm, or nobody knows: hands off.
        Fact::Known(Some(_)) | Fact::Unknown(_) => {}
    }
    repairs.sort();
    repairs
}

/// An older version is worth it when it is known to hold room keys of messages that are at risk.
fn mine(facts: &Facts, active: &BackupVersion, candidates: &[Candidate]) -> Vec<Repair> {
    let (true, Some(public_key)) = (active.is_trusted(), &active.public_key) else {
        return Vec::new();
    };
    let older = facts.backup.older.iter().filter(|older| {
        let opens = candidates.iter().any(|it| it.backup.contains_key(&older.version));
        opens && older.would_cover.is_some_and(|it| it > 0)
    });
    older
        .map(|older| Repair::MineBackup {
            from: older.version.clone(),
            to: active.version.clone(),
            public_key: public_key.clone(),
        })
        .collect()
}

fn sign(active: &BackupVersion, candidates: &[Candidate]) -> Option<Repair> {
    let public_key = active.public_key.clone()?;
    let proven = candidates.iter().any(|it| it.opens_active_backup);
    let identity = candidates.iter().any(|it| fits(it, SecretName::Master));
    (proven && identity && !active.is_trusted()).then(|| Repair::SignBackup {
        version: active.version.clone(),
        public_key,
    })
}

/// The key is at hand, but not where apps look for it: under the default storage key.
fn store(facts: &Facts, active: &BackupVersion, candidates: &[Candidate]) -> Option<Repair> {
    let default = facts.storage.known()?.usable_default()?;
    let opens_default: Vec<_> = candidates.iter().filter(|it| it.opens_default).collect();
    let itself = |it: &Candidate| matches!(it.backup.get(&active.version), Some(BackupOpening::IsTheBackupKey));
    let elsewhere = |it: &Candidate| !it.opens_default && fits(it, SecretName::BackupKey);
    let stored = opens_default.iter().any(|it| fits(it, SecretName::BackupKey));
    let at_hand = candidates.iter().any(|it| itself(it) || elsewhere(it));
    (!opens_default.is_empty() && !stored && at_hand).then(|| Repair::StoreBackupKey {
        version: active.version.clone(),
        under: default.to_owned(),
    })
}

/// Another storage key opens everything, and nothing that was typed opens as much under the default one.
fn set_default(facts: &Facts, active: Option<&BackupVersion>, candidates: &[Candidate]) -> Option<Repair> {
    let storage = facts.storage.known()?;
    let from = match &storage.default_key {
        DefaultKey::Named(id) => Some(id.clone()),
        DefaultKey::NotSet => None,
        DefaultKey::Unreadable => return None,
    };
    let complete = |it: &Candidate| {
        let wanted = SecretName::IDENTITY.iter();
        let wanted = wanted.chain(active.map(|_| &SecretName::BackupKey));
        wanted.into_iter().all(|name| fits(it, *name))
    };
    if candidates.iter().any(|it| it.opens_default) {
        return None;
    }
    let better = candidates.iter().find(|it| complete(it))?;
    let to = better.storage_keys.first()?.clone();
    Some(Repair::SetDefaultKey { from, to })
}

/// Nobody has switched it off on purpose, and the key can be stored and signed.
fn create(facts: &Facts, candidates: &[Candidate]) -> Option<Repair> {
    let default = facts.storage.known()?.usable_default()?;
    let wanted = facts.backup.switched_off.is(&None);
    let able = candidates
        .iter()
        .any(|it| it.opens_default && fits(it, SecretName::Master));
    (wanted && able).then(|| Repair::CreateBackup {
        under: default.to_owned(),
    })
}

fn fits(candidate: &Candidate, name: SecretName) -> bool {
    candidate.secrets.get(&name) == Some(&SecretTrial::Fits)
}
