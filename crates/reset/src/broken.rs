//! Why a reset stopped before its end, and what is changed by then.

use lifeboat_preflight::{FetchError, LeaveError, LiveError, SignInError, UnlockError, ark::ArkError};
use lifeboat_report::Lapse;

use crate::{DarkCause, JournalError, Refusal, flow::Password};

/// A reset that stopped before its end. Its journal says how to go on.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct Broken {
    /// Why.
    #[source]
    pub cause: Cause,
    /// What is known of the password.
    pub password: Password,
    /// Whether Lifeboat has a session with the new password.
    pub signed_in: bool,
}

/// Why a reset stopped.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The person wished to stop.
    #[error("you stopped it.")]
    Stopped,
    /// The account is not the one that was checked.
    #[error("{}.", .0.words())]
    Lapsed(Lapse),
    /// There is no session to look once more with, to save an ark with, or to change the password with.
    #[error("nobody is signed in who could ask for the change, and the old password is not known.")]
    NoSession,
    /// The ark was not saved. Nothing is changed.
    #[error(transparent)]
    NotSaved(#[from] ArkError),
    /// Nobody changed the password on the account page. Nothing is changed.
    #[error("the new password was not set on the account page.")]
    NotOnPage,
    /// A step before the change was refused, or the change itself. Nothing is changed.
    #[error(transparent)]
    Refused(Refusal),
    /// The link was not confirmed while it was good. Nothing is changed.
    #[error("nobody confirmed the link from the mail while it was good.")]
    NotConfirmed,
    /// Nobody knows whether the password changed.
    #[error("the change of the password was sent, and {0}")]
    Dark(DarkCause),
    /// Neither the new nor the old password works.
    #[error("neither the new password nor the old one works.")]
    NeitherPassword,
    /// The password was changed, and the sign-in failed.
    #[error(transparent)]
    NotSignedIn(SignInError),
    /// The sign-in that finds out which password is true failed.
    #[error(transparent)]
    NotFoundOut(Refusal),
    /// There is no place for the new session on this machine.
    #[error("the new session cannot be stored: {0}.")]
    NotKept(String),
    /// The session cannot take part in encryption.
    #[error(transparent)]
    NotLive(#[from] LiveError),
    /// Secret storage was not opened.
    #[error(transparent)]
    NotUnlocked(#[from] UnlockError),
    /// Secret storage was opened, and does not lead to the key backup.
    #[error("the recovery key opens secret storage, but not the key backup.")]
    NoBackup,
    /// The room keys did not come back.
    #[error(transparent)]
    NotFetched(#[from] FetchError),
    /// The history could not be looked at.
    #[error("the history could not be read again: {0}.")]
    NotProven(String),
    /// A session was not signed out.
    #[error("the session {device} was not signed out: {words}.")]
    NotEnded {
        /// Its device id.
        device: String,
        /// The server's words.
        words: String,
    },
    /// Lifeboat's own session was not signed out.
    #[error(transparent)]
    NotLeft(#[from] LeaveError),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}
