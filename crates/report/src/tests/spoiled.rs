//! The healthy account with something spoiled, and exactly what is found then.

mod backup;
mod people;
mod recovery_key;
mod secrets;
mod storage;

use std::collections::BTreeMap;

use crate::facts::{
    BackupOpening, BackupVersion, Candidate, CandidateForm, DefaultKey, Identity, KeyTrial, Secret, SecretName,
    SecretStorage, SecretTrial, Session,
};
use crate::testing::{candidate, healthy_facts, storage_key};
use crate::{Fact, Facts, Gap};

/// One way to spoil the healthy account.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) facts: Facts,
    /// Each finding as its code and the first letters of its severities: for kept, then for ended sessions.
    pub(super) expected: &'static [&'static str],
}

/// Every case; together they have every code.
pub(super) fn cases() -> Vec<Case> {
    let healthy = Case {
        name: "healthy",
        facts: healthy_facts(),
        expected: &[],
    };
    std::iter::once(healthy)
        .chain(backup::cases())
        .chain(storage::cases())
        .chain(recovery_key::cases())
        .chain(secrets::cases())
        .chain(people::cases())
        .collect()
}

/// Spoils the healthy account.
fn case(name: &'static str, expected: &'static [&'static str], spoil: impl FnOnce(&mut Facts)) -> Case {
    let mut facts = healthy_facts();
    spoil(&mut facts);
    Case { name, facts, expected }
}

/// The id of a storage key that is not the default one.
const OTHER_KEY: &str = "KEY2other";

fn known<T>(fact: &mut Fact<T>) -> &mut T {
    match fact {
        Fact::Known(value) => value,
        Fact::Unknown(gap) => panic!("the healthy account has a gap: {gap:?}"),
    }
}

fn active(facts: &mut Facts) -> &mut BackupVersion {
    known(&mut facts.backup.active).as_mut().unwrap()
}

pub(super) fn secret_storage(facts: &mut Facts) -> &mut SecretStorage {
    known(&mut facts.storage)
}

fn published(facts: &mut Facts) -> &mut Identity {
    known(&mut facts.identity)
}

fn session(facts: &mut Facts, number: usize) -> &mut Session {
    &mut known(&mut facts.sessions)[number]
}

/// Nobody typed a recovery key; without one there is no proof and no number of readable messages either.
fn without_key(facts: &mut Facts) {
    facts.key_trial = Fact::Unknown(Gap::NotAsked);
    facts.proof = Fact::Unknown(Gap::NotAsked);
}

/// The whole history was read, and no message in it is encrypted.
fn without_history(facts: &mut Facts) {
    let coverage = known(&mut facts.coverage);
    (coverage.total, coverage.covered, coverage.readable) = (0, 0, Some(0));
}

fn typed(facts: &mut Facts, candidates: Vec<Candidate>) {
    facts.key_trial = Fact::Known(KeyTrial { candidates });
}

/// A recovery key that opens nothing.
fn useless() -> Candidate {
    Candidate {
        form: CandidateForm::RecoveryKey,
        storage_keys: vec![],
        opens_default: false,
        secrets: BTreeMap::new(),
        backup: BTreeMap::new(),
        opens_active_backup: false,
    }
}

/// A recovery key that is the backup key itself.
fn backup_key() -> Candidate {
    Candidate {
        backup: BTreeMap::from([("3".into(), BackupOpening::IsTheBackupKey)]),
        opens_active_backup: true,
        ..useless()
    }
}

/// The healthy account's passphrase where it does not lead to the active backup version.
fn without_backup(secret: Option<SecretTrial>) -> Candidate {
    let mut candidate = Candidate {
        backup: BTreeMap::new(),
        opens_active_backup: false,
        ..candidate()
    };
    candidate.secrets.remove(&SecretName::BackupKey);
    candidate.secrets.extend(secret.map(|it| (SecretName::BackupKey, it)));
    candidate
}

/// Spoils where `name` is and what the healthy account's passphrase finds there.
fn spoil(facts: &mut Facts, name: SecretName, place: Secret) {
    secret_storage(facts).secrets.insert(name, place);
    let candidate = &mut known(&mut facts.key_trial).candidates[0];
    candidate.secrets.remove(&name);
    if name == SecretName::BackupKey {
        candidate.backup.clear();
        candidate.opens_active_backup = false;
        facts.proof = Fact::Unknown(Gap::NotAsked);
    }
}

/// Secret storage that is known not to be there.
fn no_storage() -> Fact<SecretStorage> {
    let (keys, secrets) = (BTreeMap::new(), BTreeMap::new());
    Fact::Known(SecretStorage {
        default_key: DefaultKey::NotSet,
        keys,
        secrets,
    })
}

/// Describes a second storage key, and moves every secret below it alone.
fn under_other_key(facts: &mut Facts) {
    let storage = secret_storage(facts);
    storage.keys.insert(OTHER_KEY.into(), storage_key());
    for secret in storage.secrets.values_mut() {
        *secret = Secret::StoredUnder(vec![OTHER_KEY.into()]);
    }
}

/// The healthy account's passphrase where it opens the other storage key.
fn opens_other_key() -> Candidate {
    Candidate {
        storage_keys: vec![OTHER_KEY.into()],
        opens_default: false,
        ..candidate()
    }
}
