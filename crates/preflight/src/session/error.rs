//! Why signing in or out failed.

use std::time::Duration;

use matrix_sdk::{HttpError, StoreError};
use secrecy::SecretString;

use crate::words_without;

/// Why there is no session. Nothing is changed on the account.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The server does not accept this user and password.
    #[error("the server does not accept this password for {user}.")]
    WrongPassword {
        /// The user.
        user: String,
    },
    /// The account was closed.
    #[error("this account is deactivated.")]
    Deactivated,
    /// The account is locked by an administrator.
    #[error("this account is locked.")]
    Locked,
    /// The account is suspended by an administrator.
    #[error("this account is suspended.")]
    Suspended,
    /// Too many sign-ins.
    #[error("the server takes no more sign-ins from here for now.")]
    RateLimited {
        /// How long to wait, where the server says it.
        wait: Option<Duration>,
    },
    /// The server does not offer this way of signing in.
    #[error("this server does not offer signing in by {wanted}.")]
    MethodNotOffered {
        /// What was wanted.
        wanted: &'static str,
        /// The types that it offers.
        offered: Vec<String>,
    },
    /// The access token is not valid (any more).
    #[error("the server does not know this access token.")]
    TokenUnknown,
    /// The access token is another user's.
    #[error("this access token belongs to {got}, not to {wanted}.")]
    TokenOfAnotherUser {
        /// The user that the check is for.
        wanted: String,
        /// The user whose token it is.
        got: String,
    },
    /// The sign-in signed somebody else in; that session was removed again.
    #[error("you signed in as {got}, not as {wanted}.")]
    AnotherUser {
        /// The user that the check is for.
        wanted: String,
        /// The user who signed in.
        got: String,
    },
    /// The sign-in in the browser did not come to an end.
    #[error("the sign-in in the browser failed: {0}.")]
    SsoFailed(String),
    /// Nobody with this name vouches for people here.
    #[error("nobody called {wanted} signs people in on this server.")]
    NoSuchProvider {
        /// What was wanted.
        wanted: String,
        /// Who does.
        offered: Vec<String>,
    },
    /// What the homeserver says of its authorization server cannot be used.
    #[error("this server does not say clearly where people sign in: {0}.")]
    BadMetadata(String),
    /// The authorization server refused.
    #[error("the authorization server refused the sign-in: {words}.")]
    OAuthRefused {
        /// Its words.
        words: String,
    },
    /// The authorization server could not be asked.
    #[error("the authorization server could not be reached: {0}.")]
    OAuthUnreachable(String),
    /// The person said no in the browser.
    #[error("the sign-in was declined in the browser.")]
    Declined,
    /// The person took longer than the code was good.
    #[error("the sign-in took too long, and its code is not good any more.")]
    RanOut,
    /// The waiting for the person was ended.
    #[error("you stopped it.")]
    Stopped,
    /// The server answered with an error.
    #[error("the server refused the sign-in: {words}.")]
    Refused {
        /// The server's words.
        words: String,
    },
    /// The server could not be asked.
    #[error("the server could not be reached while signing in: {0}.")]
    Network(#[source] Box<HttpError>),
    /// The local store cannot be used.
    #[error("the store for the kept session cannot be used: {0}.")]
    Store(String),
    /// The store of the kept session is damaged, or sealed in another way: nobody gets at what is in it.
    #[error("the kept session cannot be opened: it is damaged, or another version of Lifeboat made it.")]
    NotOpened,
    /// What the session of this command receives cannot be put anywhere.
    #[error("the temporary store for the keys of this session cannot be used: {0}.")]
    TemporaryStore(String),
}

impl SignInError {
    /// Takes a secret out of the server's words.
    pub(super) fn without(self, secret: &SecretString) -> Self {
        match self {
            Self::Refused { words } => Self::Refused {
                words: words_without(&words, secret),
            },
            Self::SsoFailed(words) => Self::SsoFailed(words_without(&words, secret)),
            other => other,
        }
    }

    /// Tells a store that can be opened never again from one that cannot be opened now, because the disk is full or another
    /// program holds it. The SDK's errors say it in their words alone.
    pub(super) fn or_not_opened(self) -> Self {
        const DAMAGED: [&str; 5] = [
            "Failed to initialize the store cipher",
            "Missing database version",
            "Invalid database version",
            "file is not a database",
            "database disk image is malformed",
        ];
        match self {
            Self::Store(words) if DAMAGED.iter().any(|it| words.contains(it)) => Self::NotOpened,
            other => other,
        }
    }

    /// Tells whether an authorization server has certainly made no session.
    pub(super) fn let_nobody_in(&self) -> bool {
        matches!(self, Self::Declined | Self::RanOut | Self::Stopped)
    }

    /// Says the same once more, where one failure is the answer to two questions.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Locked => Self::Locked,
            Self::RateLimited { wait } => Self::RateLimited { wait: *wait },
            Self::BadMetadata(words) => Self::BadMetadata(words.clone()),
            other => Self::Refused {
                words: other.to_string().trim_end_matches('.').to_owned(),
            },
        }
    }
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

/// Why a throw-away session may still be there.
#[derive(Debug, thiserror::Error)]
pub enum LeaveError {
    /// The server refused or failed to sign it out.
    #[error("the server did not sign the session out: {0}.")]
    Server(#[source] HttpError),
    /// The authorization server refused or failed to end it.
    #[error("the authorization server did not sign the session out: {0}.")]
    NotRevoked(String),
    /// The authorization server says that the session is over, and the homeserver still takes it.
    #[error("the authorization server has signed the session out, but the homeserver still takes it.")]
    StillThere,
    /// The server did not answer.
    #[error("the server did not answer in time when the session was signed out.")]
    TimedOut,
}
