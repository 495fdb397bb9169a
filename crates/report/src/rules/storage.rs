//! Rules about secret storage.

use super::CAUTION;
use crate::situation::{DefaultKey, Storage, StorageOpened, Trial};
use crate::{Fate, Severity, Situation};

pub(super) fn absent(situation: &Situation, fate: Fate) -> Option<Severity> {
    let absent = matches!(
        situation.storage,
        Storage::Known {
            default: DefaultKey::NoStorage,
            ..
        }
    );
    absent.then(|| situation.costs_history_unless_opened(fate))
}

pub(super) fn no_default_key(situation: &Situation, fate: Fate) -> Option<Severity> {
    let no_default = matches!(
        situation.storage,
        Storage::Known {
            default: DefaultKey::Lost | DefaultKey::Unset,
            ..
        }
    );
    no_default.then(|| situation.costs_history_unless_opened(fate))
}

pub(super) fn unknown(situation: &Situation, fate: Fate) -> Option<Severity> {
    (situation.storage == Storage::Unknown).then(|| situation.may_cost_history(fate))
}

/// A candidate that opens an unchecked key was proven by the secrets it decrypts.
pub(super) fn unchecked(situation: &Situation, _: Fate) -> Option<Severity> {
    let unchecked = matches!(
        situation.storage,
        Storage::Known {
            default: DefaultKey::Unchecked,
            ..
        }
    );
    let proven = matches!(
        situation.trial,
        Trial::Known {
            storage: StorageOpened::DefaultKey,
            ..
        }
    );
    unchecked.then_some(if proven { Severity::Note } else { Severity::Caution })
}

pub(super) fn absurd_passphrase(situation: &Situation, _: Fate) -> Option<Severity> {
    CAUTION.filter(|_| {
        matches!(
            situation.storage,
            Storage::Known {
                absurd_passphrase: true,
                ..
            }
        )
    })
}
