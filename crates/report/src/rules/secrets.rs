//! Rules about the secrets in secret storage.

use super::CAUTION;
use crate::situation::{Backup, DefaultKey, IdentitySecrets, Place, Storage};
use crate::{Fate, Severity, Situation};

pub(super) fn missing(situation: &Situation, _: Fate) -> Option<Severity> {
    let (default, identity, _) = known(situation)?;
    CAUTION.filter(|_| default.is_usable() && identity.missing)
}

pub(super) fn blanked(situation: &Situation, fate: Fate) -> Option<Severity> {
    let (_, identity, backup_key) = known(situation)?;
    spoiled(situation, fate, identity.blanked, backup_key == Place::Blanked)
}

pub(super) fn unreadable(situation: &Situation, fate: Fate) -> Option<Severity> {
    let (_, identity, backup_key) = known(situation)?;
    spoiled(situation, fate, identity.unreadable, backup_key == Place::Unreadable)
}

/// Without a usable default key every key is another one, and that is its own finding.
pub(super) fn under_other_key(situation: &Situation, fate: Fate) -> Option<Severity> {
    let (default, identity, backup_key) = known(situation)?;
    let usable = default.is_usable();
    let elsewhere = backup_key == Place::Elsewhere;
    spoiled(situation, fate, usable && identity.elsewhere, usable && elsewhere)
}

pub(super) fn backup_key_missing(situation: &Situation, fate: Fate) -> Option<Severity> {
    let (default, _, backup_key) = known(situation)?;
    // From outside nobody can see whether there is a backup: if there is one, the recovery key does not lead to it.
    let backup = matches!(situation.backup, Backup::Known { .. } | Backup::Unknown);
    let missing = default.is_usable() && backup && backup_key == Place::Missing;
    missing.then(|| situation.costs_history_unless_opened(fate))
}

fn known(situation: &Situation) -> Option<(DefaultKey, IdentitySecrets, Place)> {
    match situation.storage {
        Storage::Known {
            default,
            identity,
            backup_key,
            ..
        } => Some((default, identity, backup_key)),
        Storage::Unknown => None,
    }
}

/// Weighs secrets that are there in some form and cannot be had by the default key: one of the identity is a caution,
/// the backup key of a backup that nothing else opens costs history.
fn spoiled(situation: &Situation, fate: Fate, identity: bool, backup_key: bool) -> Option<Severity> {
    let of_identity = CAUTION.filter(|_| identity);
    let of_backup = backup_key.then(|| {
        // From outside nobody can see whether there is a backup.
        if situation.backup != Backup::Absent {
            situation.costs_history_unless_opened(fate)
        } else {
            situation.caution_if_history()
        }
    });
    of_identity.max(of_backup)
}
