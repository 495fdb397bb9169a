//! What the journal holds, line by line.

use serde::{Deserialize, Serialize};

use crate::Sealed;

/// One line of the journal: what happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    /// Milliseconds since the Unix epoch, by this machine's clock.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub record: Record,
}

/// Something that happened on the way of a reset. Holds no secret in clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Record {
    /// A step is about to be done.
    Began {
        /// Its number in the plan.
        step: usize,
    },
    /// A step came to an end.
    Ended {
        /// Its number in the plan.
        step: usize,
        /// How.
        outcome: Outcome,
    },
    /// The server was asked for a mail.
    Mail {
        /// The `send_attempt`.
        attempt: u32,
        /// What proves to the server that it was us, if it could be sealed.
        sealed: Option<Sealed>,
    },
    /// Lifeboat made a session of the account.
    Session {
        /// Its device id.
        device: String,
    },
    /// Another run took the reset up again.
    Resumed,
}

/// How a step came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is done.
    Done,
    /// It is not done, and it changed nothing.
    Failed,
    /// Nobody knows.
    Dark,
    /// It was left out, because what it relies on did not come true.
    Skipped,
}

impl Record {
    /// Returns the number of the step that it is about.
    pub fn step(&self) -> Option<usize> {
        match self {
            Self::Began { step } | Self::Ended { step, .. } => Some(*step),
            Self::Mail { .. } | Self::Session { .. } | Self::Resumed => None,
        }
    }
}
