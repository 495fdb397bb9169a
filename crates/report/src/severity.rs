//! How much one finding weighs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a finding weighs under one fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is threatened.
    Note,
    /// Something is weak, broken or not known, and the reset alone does not destroy readable history.
    Caution,
    /// Readable history is threatened, or nothing shows that it is not.
    Blocker,
}

impl Severity {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Caution => "caution",
            Self::Blocker => "blocker",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
