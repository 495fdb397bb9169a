//! The answer for a fate.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Fate, Severity};

/// The answer for one fate: what the worst finding makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing speaks against the reset, and everything that had to be known is known.
    Clear,
    /// Something is weak or not known.
    Caution,
    /// Readable history is threatened, or nothing shows that it is not.
    Blocked,
}

impl Verdict {
    /// Returns what the worst of `severities` makes of the verdict; none at all, and notes alone, are clear.
    pub fn worst_of(severities: impl IntoIterator<Item = Severity>) -> Self {
        match severities.into_iter().max() {
            Some(Severity::Blocker) => Self::Blocked,
            Some(Severity::Caution) => Self::Caution,
            Some(Severity::Note) | None => Self::Clear,
        }
    }

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Caution => "caution",
            Self::Blocked => "blocked",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The verdicts for both fates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verdicts {
    /// If the sessions stay signed in.
    pub kept: Verdict,
    /// If every session ends.
    pub ended: Verdict,
}

impl Verdicts {
    /// Returns the verdict for `fate`.
    pub fn of(self, fate: Fate) -> Verdict {
        match fate {
            Fate::SessionsKept => self.kept,
            Fate::SessionsEnded => self.ended,
        }
    }
}
