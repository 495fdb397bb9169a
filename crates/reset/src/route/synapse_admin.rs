//! The change by an administrator of a Synapse server.

use bytes::BufMut;
use lifeboat_report::Fate;
use matrix_sdk::{
    Client, HttpError,
    ruma::{
        OwnedUserId, UserId,
        api::{
            OutgoingRequest,
            auth_scheme::{AccessToken, SendAccessToken},
            client::uiaa::UiaaResponse,
            error::{ErrorKind, IntoHttpError},
            metadata,
        },
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::{
    Answer, Refusal,
    json_request::{JsonAnswer, http_request},
    uia::{Problem, logout_devices, refusal_of, words_of},
};

/// Finds out whether `user` has an account on this server that can be reset, and whether `client` may ask.
///
/// `GET /_synapse/admin/v2/users/<user>`
/// ([Admin API](https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#query-user-account)).
/// Changes nothing.
pub async fn exists(client: &Client, user: &UserId) -> Result<(), Refusal> {
    let request = Account { user: user.to_owned() };
    match client.send(request).await {
        Ok(JsonAnswer(account)) if account.get("deactivated") == Some(&Value::Bool(true)) => Err(Refusal::Deactivated),
        Ok(_) => Ok(()),
        Err(error) => match answer_of(&error) {
            Answer::Refused(refusal) => Err(refusal),
            Answer::Dark(cause) => Err(Refusal::Other {
                words: words_of(&cause.to_string()),
            }),
            Answer::NotConfirmed | Answer::Changed => Err(Refusal::NotAdmin),
        },
    }
}

/// Sets the password of `user` to `new`, in the name of the administrator whose session `client` is.
///
/// `POST /_synapse/admin/v1/reset_password/<user>`
/// ([Admin API](https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#reset-password)). The
/// password policy does not bind an administrator. Never the `PUT` of the same API, which creates an account when the
/// name is mistyped.
pub async fn reset(client: &Client, user: &UserId, new: &SecretString, fate: Fate) -> Answer {
    let request = ResetPassword {
        user: user.to_owned(),
        new: new.clone(),
        fate,
    };
    match client.send(request).await {
        Ok(_) => Answer::Changed,
        Err(error) => answer_of(&error).without([new]),
    }
}

fn answer_of(error: &HttpError) -> Answer {
    Answer::Refused(match refusal_of(error) {
        Ok(refusal) => refusal,
        Err(Problem::Dark(cause)) => return Answer::Dark(cause),
        Err(Problem::Challenge(_)) => Refusal::NotOffered,
        Err(Problem::Error(ErrorKind::Forbidden, _)) => Refusal::NotAdmin,
        Err(Problem::Error(ErrorKind::MissingToken, _)) => Refusal::SessionEnded,
        Err(Problem::Error(ErrorKind::NotFound, _)) => Refusal::NoSuchUser,
        Err(Problem::Error(_, words)) => Refusal::Other { words: words_of(words) },
    })
}

#[derive(Clone, Debug)]
struct Account {
    user: OwnedUserId,
}

metadata! {
    @for Account,
    method: GET,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v2/users/{user}"
}

impl OutgoingRequest for Account {
    type EndpointError = UiaaResponse;
    type IncomingResponse = JsonAnswer;

    fn try_into_http_request<T: Default + BufMut + AsRef<[u8]>>(
        self,
        base_url: &str,
        authentication: SendAccessToken<'_>,
        path: (),
    ) -> Result<http::Request<T>, IntoHttpError> {
        http_request::<Self, T>(base_url, authentication, path, &[&self.user], None::<&Value>)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ResetPassword {
    pub(crate) user: OwnedUserId,
    pub(crate) new: SecretString,
    pub(crate) fate: Fate,
}

metadata! {
    @for ResetPassword,
    method: POST,
    rate_limited: false,
    authentication: AccessToken,
    path: "/_synapse/admin/v1/reset_password/{user}"
}

impl OutgoingRequest for ResetPassword {
    type EndpointError = UiaaResponse;
    type IncomingResponse = JsonAnswer;

    fn try_into_http_request<T: Default + BufMut + AsRef<[u8]>>(
        self,
        base_url: &str,
        authentication: SendAccessToken<'_>,
        path: (),
    ) -> Result<http::Request<T>, IntoHttpError> {
        let body = json!({
            "new_password": self.new.expose_secret(),
            "logout_devices": logout_devices(self.fate),
        });
        http_request::<Self, T>(base_url, authentication, path, &[&self.user], Some(&body))
    }
}
