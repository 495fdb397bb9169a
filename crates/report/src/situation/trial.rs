//! What the recovery key opens, reduced.

use crate::facts::{
    BackupAlgorithm, BackupOpening, BackupVersion, Candidate, KeyTrial, SecretName, SecretStorage, SecretTrial,
};
use crate::{Fact, Facts};

/// What the typed keys and passphrases open, taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trial {
    /// None was tried.
    Unknown,
    /// At least one was tried.
    Known {
        /// The best that any of them opens in secret storage.
        storage: StorageOpened,
        /// The best that any of them does to the active backup version.
        backup: BackupOpened,
        /// Each secret of the identity that the best candidate reaches was decrypted and contradicts nothing.
        identity_secrets_fit: bool,
    },
}

/// What is opened in secret storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorageOpened {
    /// No storage key.
    Nothing,
    /// A storage key, but not the default one.
    OtherKey,
    /// The default storage key.
    DefaultKey,
}

/// What happens to the active backup version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BackupOpened {
    /// It stays closed, and no stored backup key was reached.
    Nothing,
    /// A stored backup key was reached, and it does not open this version.
    WrongKey,
    /// It opens through the backup key in secret storage.
    ThroughStorage,
    /// It opens with what was typed, without secret storage.
    Directly,
}

impl Trial {
    /// Reduces the key trial.
    ///
    /// A candidate opens the default key or the active version only if its summary (`opens_default`,
    /// `opens_active_backup`) and its details agree on it.
    pub fn of(facts: &Facts) -> Self {
        let Fact::Known(trial) = &facts.key_trial else {
            return Self::Unknown;
        };
        let storage = facts.storage.known();
        let active = facts.active_backup();
        let candidates = trial.candidates.iter();
        let in_storage = candidates.clone().map(|it| StorageOpened::of(it, storage)).max();
        let of_backup = candidates.map(|it| BackupOpened::of(it, storage, active)).max();
        let fits = |best: &Candidate| best.bad_identity_secrets().next().is_none();
        Self::Known {
            storage: in_storage.unwrap_or(StorageOpened::Nothing),
            backup: of_backup.unwrap_or(BackupOpened::Nothing),
            identity_secrets_fit: trial.best(facts).is_none_or(fits),
        }
    }

    /// Tells whether something that was typed opens the active backup version.
    pub fn opens_backup(self) -> bool {
        let Self::Known { backup, .. } = self else { return false };
        matches!(backup, BackupOpened::ThroughStorage | BackupOpened::Directly)
    }
}

impl StorageOpened {
    fn of(candidate: &Candidate, storage: Option<&SecretStorage>) -> Self {
        let default = storage.and_then(SecretStorage::usable_default);
        let among_opened = |id: &str| candidate.storage_keys.iter().any(|it| it == id);
        if candidate.opens_default && default.is_some_and(among_opened) {
            Self::DefaultKey
        } else if candidate.storage_keys.is_empty() {
            Self::Nothing
        } else {
            Self::OtherKey
        }
    }
}

impl BackupOpened {
    fn of(candidate: &Candidate, storage: Option<&SecretStorage>, active: Option<&BackupVersion>) -> Self {
        let opening = active.and_then(|it| candidate.backup.get(&it.version));
        match opening.filter(|_| candidate.opens_active_backup) {
            Some(BackupOpening::ThroughStorage) => Self::ThroughStorage,
            Some(BackupOpening::IsTheBackupKey | BackupOpening::LegacyPassphrase) => Self::Directly,
            None if candidate.reaches_backup_key(storage) => Self::WrongKey,
            None => Self::Nothing,
        }
    }
}

impl Candidate {
    /// Tells whether a stored backup key is within reach: it was tried, or is stored under a key that this opens.
    pub(crate) fn reaches_backup_key(&self, storage: Option<&SecretStorage>) -> bool {
        let stored_under = storage.map(|it| it.storage_keys_of(SecretName::BackupKey));
        let within = |ids: &[String]| ids.iter().any(|id| self.storage_keys.contains(id));
        self.secrets.contains_key(&SecretName::BackupKey) || stored_under.is_some_and(within)
    }

    /// Tells whether this opens the active backup version without secret storage.
    pub(crate) fn opens_directly(&self, facts: &Facts) -> bool {
        let (storage, active) = (facts.storage.known(), facts.active_backup());
        BackupOpened::of(self, storage, active) == BackupOpened::Directly
    }

    /// Returns the identity's secrets that do not fit, are no keys or do not open.
    pub(crate) fn bad_identity_secrets(&self) -> impl Iterator<Item = (SecretName, SecretTrial)> {
        let of_identity = SecretName::IDENTITY.iter();
        let trials = of_identity.filter_map(|name| Some((*name, *self.secrets.get(name)?)));
        trials.filter(|(_, trial)| !matches!(trial, SecretTrial::Fits | SecretTrial::NothingToCompare))
    }
}

impl KeyTrial {
    /// Returns the candidate that opens most: the default key, then the active backup, then the most fitting secrets;
    /// the first one given among equals.
    pub(crate) fn best(&self, facts: &Facts) -> Option<&Candidate> {
        let (storage, active) = (facts.storage.known(), facts.active_backup());
        let rank = |it: &&Candidate| {
            let fitting = it.secrets.values().filter(|trial| **trial == SecretTrial::Fits).count();
            (
                StorageOpened::of(it, storage),
                BackupOpened::of(it, storage, active),
                fitting,
            )
        };
        // `max_by_key` returns the last of equals.
        self.candidates.iter().rev().max_by_key(rank)
    }
}

impl Facts {
    /// Returns the active backup version if it is one that can be opened at all.
    pub(crate) fn active_backup(&self) -> Option<&BackupVersion> {
        let active = self.backup.active.known()?.as_ref()?;
        (active.algorithm == BackupAlgorithm::Curve25519AesSha2).then_some(active)
    }
}

impl SecretStorage {
    /// Returns the ids of the storage keys under which `name` is stored.
    pub(crate) fn storage_keys_of(&self, name: SecretName) -> &[String] {
        match self.secret(name) {
            crate::facts::Secret::StoredUnder(keys) => keys,
            _ => &[],
        }
    }
}
