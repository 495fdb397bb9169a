//! Rules about the key backup.

use super::CAUTION;
use crate::situation::{Backup, OffSwitch, Proof, Signatures};
use crate::{Fate, Severity, Situation};

pub(super) fn absent(situation: &Situation, fate: Fate) -> Option<Severity> {
    (situation.backup == Backup::Absent).then(|| situation.costs_history(fate))
}

pub(super) fn unknown(situation: &Situation, fate: Fate) -> Option<Severity> {
    (situation.backup == Backup::Unknown).then(|| situation.may_cost_history(fate))
}

pub(super) fn unknown_algorithm(situation: &Situation, fate: Fate) -> Option<Severity> {
    (situation.backup == Backup::UnknownAlgorithm).then(|| situation.costs_history(fate))
}

/// Every client may replace an unsigned version; a tested key that opens it shows that it is the account's own.
pub(super) fn unsigned(situation: &Situation, _: Fate) -> Option<Severity> {
    let unsigned = matches!(
        situation.backup,
        Backup::Known {
            signatures: Signatures::None,
            ..
        }
    );
    let severity = if situation.trial.opens_backup() {
        Severity::Note
    } else {
        Severity::Caution
    };
    unsigned.then_some(severity)
}

pub(super) fn not_trusted(situation: &Situation, _: Fate) -> Option<Severity> {
    CAUTION.filter(|_| {
        matches!(
            situation.backup,
            Backup::Known {
                signatures: Signatures::Untrusted,
                ..
            }
        )
    })
}

pub(super) fn switched_off(situation: &Situation, _: Fate) -> Option<Severity> {
    CAUTION.filter(|_| situation.off_switch == OffSwitch::Set)
}

pub(super) fn off_switch_unknown(situation: &Situation, _: Fate) -> Option<Severity> {
    CAUTION.filter(|_| situation.off_switch == OffSwitch::Unknown)
}

/// Damage that costs messages is counted by the coverage; this says that the backup is not whole.
pub(super) fn damaged(situation: &Situation, fate: Fate) -> Option<Severity> {
    let damaged = matches!(situation.proof, Proof::Known { damaged: true, .. });
    damaged.then(|| matters_to_ended(fate, situation.caution_if_history()))
}

/// Only a version that has entries and that a tested key opens can be proven.
pub(super) fn not_proven(situation: &Situation, fate: Fate) -> Option<Severity> {
    let provable = matches!(situation.backup, Backup::Known { empty: false, .. }) && situation.trial.opens_backup();
    let proven = matches!(situation.proof, Proof::Known { complete: true, .. });
    (provable && !proven).then(|| matters_to_ended(fate, Severity::Caution))
}

/// While sessions are kept, the key backup is not what history depends on.
fn matters_to_ended(fate: Fate, ended: Severity) -> Severity {
    match fate {
        Fate::SessionsKept => Severity::Note,
        Fate::SessionsEnded => ended,
    }
}
