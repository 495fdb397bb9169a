//! What a probe learned, or why it could not.

use serde::{Deserialize, Serialize};

/// One thing a probe was sent to learn: either known, or unknown for a stated reason.
///
/// In JSON: `{"known": …}` or `{"unknown": "reason"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FactOf{T}"))]
#[serde(rename_all = "lowercase")]
pub enum Fact<T> {
    /// The probe got an answer that could be read and checked.
    Known(T),
    /// The probe got none.
    Unknown(Gap),
}

/// Why something is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Gap {
    /// Nobody asked: the step was left out or its input was not given.
    NotAsked,
    /// The server could not be reached, or went away before it had answered.
    Offline,
    /// The server refused to answer.
    Refused,
    /// The server asked to come back later (429).
    RateLimited,
    /// The server failed while answering (5xx).
    Failed,
    /// The server does not have this feature.
    Unsupported,
    /// The server answered with something that cannot be understood or whose signature does not hold.
    Unreadable,
}

impl<T> Fact<T> {
    /// Tells whether this is known to be `want`. A gap is never what was wanted: unknown is not safe.
    pub fn is(&self, want: &T) -> bool
    where
        T: PartialEq,
    {
        self.known() == Some(want)
    }

    /// Returns what is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// Returns why this is not known.
    pub fn gap(&self) -> Option<Gap> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(gap) => Some(*gap),
        }
    }

    /// Borrows what is known.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Known(value) => Fact::Known(value),
            Self::Unknown(gap) => Fact::Unknown(*gap),
        }
    }

    /// Changes what is known and keeps a gap as it is.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(change(value)),
            Self::Unknown(gap) => Fact::Unknown(gap),
        }
    }

    /// Changes what is known into another fact and keeps a gap as it is.
    pub fn and_then<U>(self, change: impl FnOnce(T) -> Fact<U>) -> Fact<U> {
        match self {
            Self::Known(value) => change(value),
            Self::Unknown(gap) => Fact::Unknown(gap),
        }
    }
}

impl Gap {
    /// Says the reason in a few plain words that complete "not known: …".
    pub fn words(self) -> &'static str {
        match self {
            Self::NotAsked => "not asked",
            Self::Offline => "the server did not answer",
            Self::Refused => "the server refused to say",
            Self::RateLimited => "the server asked to come back later",
            Self::Failed => "the server failed while answering",
            Self::Unsupported => "this server does not offer it",
            Self::Unreadable => "the server's answer could not be understood",
        }
    }
}
