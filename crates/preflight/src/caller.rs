//! A signed-in line to the homeserver that remembers whether it was cut.

use std::sync::OnceLock;

use matrix_sdk::{Client, HttpError, HttpResult, ruma::api::error::ErrorKind};

use crate::{
    bounded::bounded,
    session::{Refresh, refresh_failure},
};

/// A signed-in client, and whether the server has meanwhile ended its session.
///
/// A revoked token makes every later probe a gap; the whole check is worth nothing then and must say so.
#[derive(Debug)]
pub struct Caller {
    client: Client,
    end: OnceLock<End>,
}

/// How the server ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is signed out.
    SignedOut,
    /// It is to sign in again, and would keep its device
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#soft-logout)).
    SignedOutSoftly,
    /// An administrator has locked the account, and the session with it
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#account-locking)).
    Locked,
    /// The account is deactivated.
    Deactivated,
}

impl End {
    /// Says what happened, in one clause.
    pub fn words(self) -> &'static str {
        match self {
            Self::SignedOut => "the session of this check was ended by the server or by another session",
            Self::SignedOutSoftly => "the server wants this session to sign in again before it goes on",
            Self::Locked => "this account is locked, and its sessions with it",
            Self::Deactivated => "this account is deactivated",
        }
    }
}

impl Caller {
    /// Wraps a signed-in client.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            end: OnceLock::new(),
        }
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Waits for an answer and notes when it says that this session is over. The SDK refreshes a token that has run out
    /// before this is asked: what is noted is the end of the session, not of a token. An answer without an end is an error.
    pub async fn hear<T>(&self, asked: impl IntoFuture<Output = HttpResult<T>>) -> HttpResult<T> {
        let answer = bounded(asked).await;
        if let Err(error) = &answer
            && let Some(end) = end_of(error)
        {
            self.note_end(end);
        }
        answer
    }

    /// Notes that the server said, in answer to a request that did not pass here, that this session is over.
    pub(crate) fn note_end(&self, end: End) {
        // The first answer says best what happened.
        let _ = self.end.set(end);
    }

    /// Takes a new access token in place of one that the server does not know (any more); tells whether there is one.
    ///
    /// A token that has run out looks exactly like one that was revoked: nothing is concluded before this was tried.
    pub(crate) async fn renew(&self) -> bool {
        match self.client.refresh_access_token().await {
            Ok(()) => true,
            Err(error) => {
                if refresh_failure(&error) == Refresh::Ended {
                    self.note_end(End::SignedOut);
                }
                false
            }
        }
    }

    /// Tells how the server has ended this session, if it has.
    pub fn end(&self) -> Option<End> {
        self.end.get().copied()
    }

    /// Tells whether the server has ended this session.
    pub fn session_ended(&self) -> bool {
        self.end.get().is_some()
    }
}

fn end_of(error: &HttpError) -> Option<End> {
    if let HttpError::RefreshToken(error) = error {
        return (refresh_failure(error) == Refresh::Ended).then_some(End::SignedOut);
    }
    Some(match error.client_api_error_kind()? {
        ErrorKind::UnknownToken(data) if data.soft_logout => End::SignedOutSoftly,
        ErrorKind::UnknownToken(_) | ErrorKind::MissingToken => End::SignedOut,
        ErrorKind::UserLocked => End::Locked,
        ErrorKind::UserDeactivated => End::Deactivated,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use matrix_sdk::ruma::{api::client::account::whoami, exports::http::Response};
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: serde_json::Value) -> HttpError {
        use matrix_sdk::ruma::api::{IncomingResponse as _, error::FromHttpResponseError};
        let response = Response::builder().status(status).body(body.to_string()).unwrap();
        match whoami::v3::Response::try_from_http_response(response).unwrap_err() {
            FromHttpResponseError::Server(error) => HttpError::Api(Box::new(FromHttpResponseError::Server(
                matrix_sdk::ruma::api::client::uiaa::UiaaResponse::MatrixError(error),
            ))),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_ends_of_a_session_are_told_apart() {
        for (status, body, end) in [
            (
                401,
                json!({"errcode": "M_UNKNOWN_TOKEN", "error": ""}),
                Some(End::SignedOut),
            ),
            (
                401,
                json!({"errcode": "M_UNKNOWN_TOKEN", "error": "", "soft_logout": true}),
                Some(End::SignedOutSoftly),
            ),
            (
                401,
                json!({"errcode": "M_USER_LOCKED", "error": "", "soft_logout": true}),
                Some(End::Locked),
            ),
            (
                403,
                json!({"errcode": "M_USER_DEACTIVATED", "error": ""}),
                Some(End::Deactivated),
            ),
            (403, json!({"errcode": "M_USER_SUSPENDED", "error": ""}), None),
            (403, json!({"errcode": "M_FORBIDDEN", "error": ""}), None),
        ] {
            assert_eq!(end_of(&answer(status, body.clone())), end, "{body}");
        }
    }
}
