//! One judged statement with its evidence.

use std::fmt;

use crate::{Code, Evidence, Facts, Fate, Severity, Situation, judge, meaning, sentence};

/// One judged statement about an account, with what shows it.
///
/// `Display` says in one sentence what is the case; [`Finding::meaning`] what follows for the person. What to do about
/// it is not said here: that depends on the program that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What was found.
    pub code: Code,
    /// How much it weighs under [`Finding::fates`].
    pub severity: Severity,
    /// The fates under which it weighs that much, in the order of [`Fate::BOTH`]; at least one.
    pub fates: Vec<Fate>,
    /// The numbers, ids and names behind it.
    pub evidence: Evidence,
}

impl Finding {
    /// Judges `facts` under both fates: the most serious findings first, those of one severity in the order of
    /// [`Code::ALL`].
    ///
    /// A code that weighs the same under both fates is one finding, otherwise there is one for each fate.
    pub fn all_of(facts: &Facts) -> Vec<Self> {
        let situation = Situation::of(facts);
        let mut findings: Vec<Self> = Vec::new();
        for fate in Fate::BOTH {
            for it in judge(&situation, fate) {
                let same = |one: &&mut Self| one.code == it.code && one.severity == it.severity;
                match findings.iter_mut().find(same) {
                    Some(finding) => finding.fates.push(fate),
                    None => findings.push(Self::new(it.code, it.severity, vec![fate], facts)),
                }
            }
        }
        findings.sort_by_key(|it| (std::cmp::Reverse(it.severity), it.code));
        findings
    }

    /// Gathers the evidence for `code` from `facts`.
    pub(crate) fn new(code: Code, severity: Severity, fates: Vec<Fate>, facts: &Facts) -> Self {
        Self {
            code,
            severity,
            fates,
            evidence: Evidence::gather(code, facts),
        }
    }

    /// Says in one or two sentences what this means for the person.
    pub fn meaning(&self) -> &'static str {
        meaning::meaning(self)
    }

    /// Returns where the documentation explains this: a page and an anchor, relative to the book's root.
    pub fn anchor(&self) -> String {
        format!("findings.md#{}", self.code)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sentence::sentence(self.code, &self.evidence))
    }
}
