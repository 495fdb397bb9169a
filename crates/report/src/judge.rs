//! From a situation to judgements.

use crate::rules::RULES;
use crate::{Code, Fate, Severity, Situation};

/// One rule's answer: what was found and how much it weighs under one fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Judgement {
    /// What was found.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
}

/// Judges `situation` under `fate`.
///
/// Total: every situation has an answer, the same one every time. Each code appears at most once, in the order of
/// [`Code::ALL`].
pub fn judge(situation: &Situation, fate: Fate) -> Vec<Judgement> {
    let answer =
        |&(code, rule): &(Code, crate::rules::Rule)| rule(situation, fate).map(|severity| Judgement { code, severity });
    RULES.iter().filter_map(answer).collect()
}
