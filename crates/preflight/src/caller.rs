//! A signed-in line to the homeserver that remembers whether it was cut.

use std::sync::OnceLock;

use matrix_sdk::{Client, HttpError, HttpResult, ruma::api::error::ErrorKind};

use crate::{
    Waiting,
    bounded::bounded,
    limit::with_short_waits,
    session::{Refresh, refresh_failure},
};

/// How many more tokens a request is sent with after its first new one was refused, too.
pub(crate) const MORE_TOKENS: u32 = 2;

/// A signed-in client, and whether the server has meanwhile ended its session.
///
/// A revoked token makes every later probe a gap; the whole check is worth nothing then and must say so.
#[derive(Debug)]
pub struct Caller {
    client: Client,
    end: OnceLock<End>,
    waiting: Waiting,
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
            waiting: Waiting::default(),
        }
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns what tells whether its requests wait because the server asked for it.
    pub fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Asks, waits for the answer, and notes when it says that this session is over. An answer without an end is an error.
    ///
    /// The SDK takes a new token in place of one that has run out, and asks once more. Where several requests do so at a
    /// time, one may be sent with a token that the next has replaced meanwhile: it is asked again a few times, so that
    /// what is noted is the end of the session, not of a token. A request that is refused for its token was not carried
    /// out.
    pub async fn hear<T, F>(&self, ask: impl Fn() -> F) -> HttpResult<T>
    where
        F: IntoFuture<Output = HttpResult<T>>,
    {
        let mut answer = bounded(ask()).await;
        for _ in 0..MORE_TOKENS {
            if !self.takes_new_tokens() || !answer.as_ref().is_err_and(is_unknown_token) {
                break;
            }
            answer = bounded(ask()).await;
        }
        if let Err(error) = &answer
            && let Some(end) = end_of(error)
        {
            self.note_end(end);
        }
        answer
    }

    /// Asks as [`Caller::hear`] does, and waits out what the server states, up to some seconds.
    pub async fn ask<T, F>(&self, ask: impl Fn() -> F) -> HttpResult<T>
    where
        F: IntoFuture<Output = HttpResult<T>>,
    {
        with_short_waits(&self.waiting, || self.hear(&ask)).await
    }

    /// Notes that the server said, in answer to a request that did not pass here, that this session is over.
    pub(crate) fn note_end(&self, end: End) {
        // The first answer says best what happened.
        let _ = self.end.set(end);
    }

    /// Tells whether a token that has run out can be replaced.
    fn takes_new_tokens(&self) -> bool {
        let tokens = self.client.session_tokens();
        tokens.is_some_and(|it| it.refresh_token.is_some())
    }

    /// Takes a new access token in place of `used`, which the server does not know (any more); tells whether there is one.
    /// Where another request has taken one meanwhile, that is it: one more would end it.
    ///
    /// A token that has run out looks exactly like one that was revoked: nothing is concluded before this was tried.
    pub(crate) async fn renew(&self, used: &str) -> bool {
        if self.client.access_token().is_some_and(|it| it != used) {
            return true;
        }
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

fn is_unknown_token(error: &HttpError) -> bool {
    matches!(error.client_api_error_kind(), Some(ErrorKind::UnknownToken(_)))
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use matrix_sdk::ruma::{
        api::client::{
            account::whoami,
            device::{get_devices, update_device},
        },
        exports::http::Response,
    };
    use serde_json::json;

    use super::*;
    use crate::{
        LiveError,
        testing::{Answer, CannedServer},
    };

    /// A caller whose token can be replaced, on a server that refuses as many tokens for a list of sessions.
    async fn refused(times: usize) -> (CannedServer, Caller) {
        let asked = AtomicUsize::new(0);
        let server = CannedServer::start(move |request| match request.path.as_str() {
            "/_matrix/client/v3/refresh" => Some(json!({"access_token": "new", "refresh_token": "next"}).into()),
            "/_matrix/client/v3/devices" if asked.fetch_add(1, Ordering::SeqCst) < times => {
                Some(Answer::error(401, "M_UNKNOWN_TOKEN"))
            }
            "/_matrix/client/v3/devices" => Some(json!({"devices": []}).into()),
            _ => None,
        })
        .await;
        let (_, caller) = server.enter_with_new_tokens().await;
        (server, caller)
    }

    #[tokio::test]
    async fn a_token_that_another_request_has_replaced_is_no_end() {
        for (times, ended) in [(0, false), (1, false), (2, false), (5, false), (6, true)] {
            let (server, caller) = refused(times).await;
            let answer = caller
                .hear(|| caller.client().send(get_devices::v3::Request::new()))
                .await;
            assert_eq!(answer.is_err(), ended, "{times}");
            let end = ended.then_some(End::SignedOut);
            assert_eq!(caller.end(), end, "{times}");
            let asked = server.asked("/devices").len();
            assert_eq!(asked, if ended { times } else { times + 1 }, "{times}");
        }
    }

    #[tokio::test]
    async fn a_suspended_account_is_named_where_it_may_not_change_anything_and_reads_on() {
        let server = CannedServer::start(|request| match request.path.as_str() {
            "/_matrix/client/v3/devices/OLD" => Some(Answer::error(403, "M_USER_SUSPENDED")),
            "/_matrix/client/v3/devices" => Some(json!({"devices": []}).into()),
            _ => None,
        })
        .await;
        let (_, caller) = server.enter_with_new_tokens().await;
        let client = caller.client();
        let rename = || client.send(update_device::v3::Request::new("OLD".into()));
        let refused = LiveError::from(caller.hear(rename).await.unwrap_err());
        assert!(matches!(refused, LiveError::Suspended), "{refused:?}");
        assert_eq!(caller.end(), None);
        let listed = caller.hear(|| client.send(get_devices::v3::Request::new())).await;
        assert!(listed.is_ok(), "{listed:?}");
    }

    #[tokio::test]
    async fn a_token_is_not_replaced_twice() {
        let (server, caller) = refused(0).await;
        for (used, refreshes) in [("old", 1), ("old", 1), ("new", 2)] {
            assert!(caller.renew(used).await);
            assert_eq!(server.asked("/refresh").len(), refreshes, "{used}");
        }
    }

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
            // It goes on reading.
            (403, json!({"errcode": "M_USER_SUSPENDED", "error": ""}), None),
            (403, json!({"errcode": "M_FORBIDDEN", "error": ""}), None),
        ] {
            assert_eq!(end_of(&answer(status, body.clone())), end, "{body}");
        }
    }
}
