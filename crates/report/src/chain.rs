//! The way from what the person holds to readable messages, link by link.

use crate::{
    Facts,
    situation::{Backup, BackupOpened, Coverage, Place, Proof, Situation, Storage, StorageOpened, Trial},
};

/// Whether a link of the chain holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// It was seen to hold.
    Holds,
    /// Nothing shows that it holds, or that it does not.
    Unknown,
    /// It does not hold.
    Broken,
}

/// The chain that a recovery follows once every session has ended: recovery key → secret storage → backup key → key
/// backup → messages. Each link is named after what it leads to.
///
/// Says nothing that the findings do not: it is drawn for people who would rather look than read. A link that is not
/// known never counts as one that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The recovery key opens the default storage key.
    pub storage: Link,
    /// Secret storage leads to a backup key.
    pub backup_key: Link,
    /// The backup key opens the active version of the key backup.
    pub backup: Link,
    /// The key backup covers every message.
    pub messages: Link,
}

impl Chain {
    /// Finds out which links hold.
    pub fn of(facts: &Facts) -> Self {
        Self::in_situation(&Situation::of(facts))
    }

    pub(crate) fn in_situation(situation: &Situation) -> Self {
        Self {
            storage: to_storage(situation),
            backup_key: to_backup_key(situation),
            backup: to_backup(situation),
            messages: to_messages(situation),
        }
    }

    /// Returns the links in their order.
    pub fn links(self) -> [Link; 4] {
        [self.storage, self.backup_key, self.backup, self.messages]
    }
}

fn to_storage(situation: &Situation) -> Link {
    match (situation.storage, situation.trial) {
        (Storage::Known { default, .. }, _) if !default.is_usable() => Link::Broken,
        (Storage::Unknown, _) | (_, Trial::Unknown) => Link::Unknown,
        (
            Storage::Known { .. },
            Trial::Known {
                storage: StorageOpened::DefaultKey,
                ..
            },
        ) => Link::Holds,
        (Storage::Known { .. }, Trial::Known { .. }) => Link::Broken,
    }
}

fn to_backup_key(situation: &Situation) -> Link {
    let Storage::Known { backup_key, .. } = situation.storage else {
        return Link::Unknown;
    };
    match (backup_key, situation.trial) {
        (Place::Missing | Place::Blanked | Place::Unreadable | Place::Elsewhere, _) => Link::Broken,
        // It is there; whether it opens shows only when something opens it.
        (
            Place::UnderDefault,
            Trial::Known {
                storage: StorageOpened::DefaultKey,
                ..
            },
        ) => Link::Holds,
        (Place::UnderDefault, _) => Link::Unknown,
    }
}

fn to_backup(situation: &Situation) -> Link {
    match (situation.backup, situation.trial) {
        (Backup::Absent, _) => Link::Broken,
        (Backup::Unknown, _) => Link::Unknown,
        (_, trial) if trial.opens_backup() => Link::Holds,
        (
            _,
            Trial::Known {
                backup: BackupOpened::WrongKey,
                ..
            },
        ) => Link::Broken,
        _ => Link::Unknown,
    }
}

fn to_messages(situation: &Situation) -> Link {
    match (situation.coverage, situation.proof) {
        (Coverage::NoHistory, _) => Link::Holds,
        (Coverage::Known { at_risk: true, .. }, _) => Link::Broken,
        _ if situation.backup == Backup::Absent => Link::Broken,
        (Coverage::Unknown | Coverage::Known { complete: false, .. }, _) => Link::Unknown,
        (Coverage::Known { .. }, Proof::Known { complete: true, .. }) => Link::Holds,
        (Coverage::Known { .. }, _) if matches!(situation.backup, Backup::Known { empty: true, .. }) => Link::Holds,
        (Coverage::Known { .. }, _) => Link::Unknown,
    }
}
