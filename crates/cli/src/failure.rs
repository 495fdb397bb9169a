//! Why a command ended without doing its work: two sentences and an exit status.

mod ark;
mod from;
mod keys;
mod live;

pub(crate) use from::as_sentence;

use crate::exit::Exit;

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

    /// Makes one for work that the user stopped.
    pub(crate) fn interrupted(wrong: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            wrong: wrong.into(),
            hint: hint.into(),
            exit: Exit::Interrupted,
        }
    }
}
