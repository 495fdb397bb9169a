//! Why a command ended without doing its work: two sentences and an exit status.

mod ark;
mod from;
mod keys;
mod live;

pub(crate) use from::{SUSPENDED, as_sentence};

use crate::exit::Exit;

/// What the first sentence of a failure before any change ends with.
const NOTHING_CHANGED: &str = " Nothing was changed.";

/// A failed command: what is wrong, and what to do.
///
/// Both sentences may hold words of a server; whoever shows them cleans them first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What is wrong.
    pub(crate) wrong: String,
    /// What to do about it.
    pub(crate) hint: String,
    /// The exit status.
    pub(crate) exit: Exit,
}

impl Failure {
    /// Makes one for a command line that cannot be carried out.
    pub(crate) fn usage(wrong: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            wrong: wrong.into(),
            hint: hint.into(),
            exit: Exit::Usage,
        }
    }

    /// Makes one for work that did not succeed.
    pub(crate) fn failed(wrong: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            wrong: wrong.into(),
            hint: hint.into(),
            exit: Exit::Failed,
        }
    }

    /// Returns what is wrong without the assurance that nothing was changed: it speaks of this one piece of work, and whoever
    /// has changed something before has to say so instead.
    pub(crate) fn cause(&self) -> &str {
        self.wrong.strip_suffix(NOTHING_CHANGED).unwrap_or(&self.wrong)
    }

    /// Makes one for work that the user stopped.
    pub(crate) fn interrupted(wrong: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            wrong: wrong.into(),
            hint: hint.into(),
            exit: Exit::Interrupted,
        }
    }
}
