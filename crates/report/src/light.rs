//! What an administrator sees of an account from outside, in one word.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Code, Fate, Report, Severity,
    facts::{Restriction, Session},
};

/// How an account stands, as far as somebody can see who is not signed in to it.
///
/// There is no green: whether the person has the recovery key, and whether every session uploads its keys, only the
/// person can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Light {
    /// It can be seen that messages would be lost if every session were signed out, or that a session is not vouched for.
    Red,
    /// Everything that can be seen is in place.
    Amber,
    /// No session holds a key, or the account is closed: signing sessions out destroys nothing.
    Grey,
    /// What would show it is not known.
    Unknown,
}

impl Light {
    /// Every light, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Red, Self::Amber, Self::Grey, Self::Unknown];

    /// Finds the light of a report. It says nothing that the findings do not.
    pub fn of(report: &Report) -> Self {
        let facts = &report.facts;
        let closed = (facts.account.administration.as_ref())
            .is_some_and(|it| it.restrictions.contains(&Restriction::Deactivated));
        if closed {
            return Self::Grey;
        }
        let Some(sessions) = facts.sessions.known() else {
            return Self::Unknown;
        };
        if !sessions.iter().any(Session::may_hold_room_keys) {
            return Self::Grey;
        }
        let unclear = sessions.iter().any(|it| it.keys.gap().is_some());
        if unclear || facts.storage.gap().is_some() || facts.identity.gap().is_some() {
            return Self::Unknown;
        }
        if Self::seen(report).next().is_some() {
            Self::Red
        } else {
            Self::Amber
        }
    }

    /// Returns what makes it red: what was seen to be wrong, not what nobody has looked at.
    pub fn seen(report: &Report) -> impl Iterator<Item = Code> {
        let of_ended = report
            .findings
            .iter()
            .filter(|it| it.fates.contains(&Fate::SessionsEnded));
        let serious = of_ended.filter(|it| it.severity == Severity::Blocker || it.code == Code::SessionNotSigned);
        // A part of the history that was not read is as unknown as all of it.
        let seen = serious.filter(|it| it.evidence.gaps.is_empty() && it.code != Code::CoveragePartial);
        seen.map(|it| it.code)
    }

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Amber => "amber",
            Self::Grey => "grey",
            Self::Unknown => "unknown",
        }
    }

    /// Says in one sentence what it means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Red => "Something is seen to be missing: if every session is signed out, messages are lost.",
            Self::Amber => {
                "Everything that can be seen is in place. Whether the person has the recovery key, and whether every \
                 session uploads its keys, only the person can know."
            }
            Self::Grey => "No session holds a key, or the account is closed: signing sessions out destroys nothing.",
            Self::Unknown => "What would show it could not be asked.",
        }
    }
}

impl fmt::Display for Light {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
