//! Rules about what the key backup covers.

use crate::situation::Coverage;
use crate::{Fate, Severity, Situation};

pub(super) fn at_risk(situation: &Situation, fate: Fate) -> Option<Severity> {
    let at_risk = matches!(situation.coverage, Coverage::Known { at_risk: true, .. });
    at_risk.then(|| situation.costs_history(fate))
}

/// The rest of the history is not known.
pub(super) fn partial(situation: &Situation, fate: Fate) -> Option<Severity> {
    let partial = matches!(situation.coverage, Coverage::Known { complete: false, .. });
    partial.then(|| situation.may_cost_history(fate))
}

pub(super) fn unknown(situation: &Situation, fate: Fate) -> Option<Severity> {
    (situation.coverage == Coverage::Unknown).then(|| situation.may_cost_history(fate))
}
