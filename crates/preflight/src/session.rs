//! The session of a check: signed in once, removed at the end.

mod begun;
mod browser;
mod error;
mod keep;
mod key_store;
mod methods;
pub(crate) mod oauth;
mod sign_in;

use std::time::Duration;

use matrix_sdk::{
    AuthApi, reqwest,
    ruma::{OwnedUserId, UserId, api::client::account::whoami},
};
use secrecy::SecretString;

use crate::{Caller, unhurried};

pub use browser::ask_browser;
pub use error::{LeaveError, SignInError};
pub use keep::KeepIn;
pub use methods::{BrowserHere, Method, Methods, Provider};
pub use oauth::{OAuthWay, Shown};
pub(crate) use oauth::{Refresh, refresh_failure};

/// What lets Lifeboat in.
pub enum Credentials {
    /// The account's password: a new session is made.
    Password(SecretString),
    /// The access token of a session that exists: nothing is created, nothing is signed out.
    AccessToken(SecretString),
    /// The token that [`ask_browser`] got: a new session is made. It is valid once and for minutes.
    LoginToken(SecretString),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Password(..)",
            Self::AccessToken(_) => "AccessToken(..)",
            Self::LoginToken(_) => "LoginToken(..)",
        })
    }
}

/// Whether a new session outlives the command.
#[derive(Debug)]
pub enum Keeping {
    /// It is signed out at the end.
    RemoveAtEnd,
    /// It is signed out at the end. Until then its keys lie in a temporary folder, sealed with a key that is nowhere
    /// else, so that the secrets which other sessions hand over can be read: the SDK's store in memory forgets them.
    RemoveAtEndSealed,
    /// It is stored for the next command.
    Keep(KeepIn),
}

impl Keeping {
    pub(crate) fn kept(&self) -> Option<&KeepIn> {
        match self {
            Self::Keep(kept) => Some(kept),
            Self::RemoveAtEnd | Self::RemoveAtEndSealed => None,
        }
    }
}

/// Whose session this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// Made for this command, and removed at its end.
    Throwaway,
    /// Somebody's own, whose access token was lent.
    Borrowed,
    /// Made by Lifeboat and kept.
    Kept,
}

/// What became of the session at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It is signed out.
    Removed,
    /// It stays, because it was lent or is to be kept.
    Stays,
}

/// The session that a command works with.
#[derive(Debug)]
pub struct OwnSession {
    caller: Caller,
    kind: SessionKind,
    user: OwnedUserId,
    device_id: Option<String>,
    keys: key_store::KeyStore,
    http: reqwest::Client,
    /// Keeps what is stored of the session in step with it, where it is kept.
    _keeper: Option<keep::Keeper>,
}

/// How long a sign-out may take before it is tried once more.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often and how long apart it is looked whether a homeserver has noticed that a session is over.
const LOOKS: u32 = 8;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

impl OwnSession {
    /// Tells whose session this is.
    pub fn kind(&self) -> SessionKind {
        self.kind
    }

    /// Returns the user.
    pub fn user_id(&self) -> &UserId {
        &self.user
    }

    /// Returns the device id; tokens of administrators who act for somebody have none.
    pub fn device_id(&self) -> Option<&str> {
        self.device_id.as_deref()
    }

    /// Returns the signed-in line.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Says that a token was made for this command, which ends it at the end.
    pub(crate) fn of_our_own(self) -> Self {
        Self {
            kind: SessionKind::Throwaway,
            ..self
        }
    }

    /// Opens the session's encryption keys beside the SDK.
    pub(crate) async fn machine(&self) -> Result<matrix_sdk_crypto::OlmMachine, String> {
        self.keys.machine(self.caller.client()).await
    }

    /// Signs a throw-away session out; leaves any other as it is.
    ///
    /// `POST /_matrix/client/v3/logout`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3logout)): removes the device. A
    /// session that the server has ended meanwhile counts as removed.
    pub async fn leave(self) -> Result<Left, LeaveError> {
        match self.kind {
            SessionKind::Throwaway => self.sign_out().await,
            SessionKind::Borrowed => Ok(Left::Stays),
            SessionKind::Kept => {
                // Its tokens may have been replaced a moment ago. What cannot be stored now was stored before.
                let _ = keep::remember(self.caller.client(), &self.keys).await;
                Ok(Left::Stays)
            }
        }
    }

    /// Signs a kept session out as well; a lent one stays as it is.
    ///
    /// `POST /_matrix/client/v3/logout`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3logout)); a session of an
    /// authorization server is revoked there, and the homeserver is asked whether it is gone. What it stored on this
    /// machine stays for its owner to remove.
    pub async fn sign_out(self) -> Result<Left, LeaveError> {
        if self.kind == SessionKind::Borrowed {
            return Ok(Left::Stays);
        }
        if self.caller.session_ended() {
            return Ok(Left::Removed);
        }
        if matches!(self.caller.client().auth_api(), Some(AuthApi::OAuth(_))) {
            return self.revoke().await;
        }
        let mut last = LeaveError::TimedOut;
        for _ in 0..2 {
            match tokio::time::timeout(
                unhurried(PATIENCE),
                self.caller
                    .ask(async || self.caller.client().matrix_auth().logout().await),
            )
            .await
            {
                Ok(Ok(_)) => return Ok(Left::Removed),
                Ok(Err(_)) if self.caller.session_ended() => return Ok(Left::Removed),
                Ok(Err(error)) => last = LeaveError::Server(error),
                Err(_) => last = LeaveError::TimedOut,
            }
        }
        Err(last)
    }

    /// Ends the session at the authorization server, and sees to it that the homeserver does not take it any more.
    async fn revoke(&self) -> Result<Left, LeaveError> {
        let mut last = LeaveError::TimedOut;
        for _ in 0..2 {
            match tokio::time::timeout(unhurried(PATIENCE), oauth::revoke(self.caller.client(), &self.http)).await {
                Ok(Ok(())) => return self.is_gone().await,
                Ok(Err(words)) => last = LeaveError::NotRevoked(words),
                Err(_) => last = LeaveError::TimedOut,
            }
        }
        Err(last)
    }

    async fn is_gone(&self) -> Result<Left, LeaveError> {
        for _ in 0..LOOKS {
            let ask = || self.caller.client().send(whoami::v3::Request::new());
            let _ = tokio::time::timeout(unhurried(PATIENCE), self.caller.hear(ask)).await;
            if self.caller.session_ended() {
                return Ok(Left::Removed);
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Err(LeaveError::StillThere)
    }
}
