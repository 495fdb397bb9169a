//! Rules about the identity.

use super::CAUTION;
use crate::situation::Identity;
use crate::{Fate, Severity, Situation};

pub(super) fn absent(situation: &Situation, _: Fate) -> Option<Severity> {
    (situation.identity == Identity::Absent).then(|| situation.caution_if_history())
}

pub(super) fn incomplete(situation: &Situation, _: Fate) -> Option<Severity> {
    CAUTION.filter(|_| matches!(situation.identity, Identity::Present { incomplete: true, .. }))
}

pub(super) fn badly_signed(situation: &Situation, _: Fate) -> Option<Severity> {
    CAUTION.filter(|_| matches!(situation.identity, Identity::Present { badly_signed: true, .. }))
}

pub(super) fn unknown(situation: &Situation, _: Fate) -> Option<Severity> {
    CAUTION.filter(|_| situation.identity == Identity::Unknown)
}
