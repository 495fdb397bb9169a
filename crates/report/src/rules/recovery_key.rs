//! Rules about what the recovery key or passphrase opens.

use super::CAUTION;
use crate::situation::{Backup, BackupOpened, Storage, StorageOpened, Trial};
use crate::{Fate, Severity, Situation};

pub(super) fn not_tested(situation: &Situation, fate: Fate) -> Option<Severity> {
    let has_keys = match situation.storage {
        Storage::Known { default, .. } => default.has_keys(),
        Storage::Unknown => false,
    };
    let untested = has_keys && situation.trial == Trial::Unknown;
    untested.then(|| situation.may_cost_history(fate))
}

/// A candidate that opens nothing but a replaced backup version opens nothing that is in use.
pub(super) fn opens_nothing(situation: &Situation, fate: Fate) -> Option<Severity> {
    let Trial::Known { storage, .. } = situation.trial else {
        return None;
    };
    let nothing = storage == StorageOpened::Nothing && !situation.trial.opens_backup();
    nothing.then(|| situation.costs_history(fate))
}

/// Which key is the default one has to be known to say that another one opened.
pub(super) fn opens_other_key(situation: &Situation, fate: Fate) -> Option<Severity> {
    let Trial::Known { storage, .. } = situation.trial else {
        return None;
    };
    let other = storage == StorageOpened::OtherKey && situation.storage != Storage::Unknown;
    other.then(|| situation.costs_history_unless_opened(fate))
}

pub(super) fn is_backup_key(situation: &Situation, _: Fate) -> Option<Severity> {
    let Trial::Known { storage, backup, .. } = situation.trial else {
        return None;
    };
    CAUTION.filter(|_| backup == BackupOpened::Directly && storage != StorageOpened::DefaultKey)
}

pub(super) fn secrets_do_not_fit(situation: &Situation, _: Fate) -> Option<Severity> {
    CAUTION.filter(|_| {
        matches!(
            situation.trial,
            Trial::Known {
                identity_secrets_fit: false,
                ..
            }
        )
    })
}

pub(super) fn reaches_wrong_backup_key(situation: &Situation, fate: Fate) -> Option<Severity> {
    let wrong = matches!(
        situation.trial,
        Trial::Known {
            backup: BackupOpened::WrongKey,
            ..
        }
    );
    let active = matches!(situation.backup, Backup::Known { .. });
    (wrong && active).then(|| situation.costs_history(fate))
}
