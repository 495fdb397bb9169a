//! Looking with the eyes of a person, in the name of an administrator.

use lifeboat_report::{Gap, facts::Administration};
use matrix_sdk::ruma::UserId;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    AdminApi, Credentials, Homeserver, Keeping, OwnSession, SignInError,
    admin_api::Missing,
    probe::administrator::{account, administration},
};

/// Why nobody looks as the person.
#[derive(Debug, thiserror::Error)]
pub enum AsPersonError {
    /// The server does not give such tokens.
    #[error("The server gives no access token for this account: {}.", .0.gap().words())]
    NotGiven(Missing),
    /// The token that the server gave does not work.
    #[error(transparent)]
    NotTaken(#[from] SignInError),
}

/// A session of somebody, as the server lists it to an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// The device id.
    pub device_id: String,
    /// The name its owner or its client gave it.
    pub name: Option<String>,
}

impl AdminApi {
    /// Asks what the server tells of an account to its administrators alone. Changes nothing.
    ///
    /// `GET /_synapse/admin/v2/users/<user>`
    /// ([Admin API](https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#query-user-account)).
    pub async fn administration(&self, user: &UserId) -> Result<Administration, Missing> {
        account(self, user).await.as_ref().map(administration).map_err(|it| *it)
    }

    /// Lists the sessions of an account. Changes nothing.
    ///
    /// `GET /_synapse/admin/v2/users/<user>/devices`
    /// ([Admin API](https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#list-all-devices)).
    pub async fn sessions(&self, user: &UserId) -> Result<Vec<ListedSession>, Missing> {
        let answer = self
            .get(&["_synapse", "admin", "v2", "users", user.as_str(), "devices"], &[])
            .await?;
        let devices = answer.get("devices").and_then(Value::as_array);
        let devices = devices.ok_or(Missing::Gap(Gap::Unreadable))?.iter();
        let text = |it: &Value, name: &str| it.get(name).and_then(Value::as_str).map(str::to_owned);
        let session = |it: &Value| {
            Some(ListedSession {
                device_id: text(it, "device_id")?,
                name: text(it, "display_name"),
            })
        };
        devices
            .map(session)
            .collect::<Option<_>>()
            .ok_or(Missing::Gap(Gap::Unreadable))
    }

    /// Gets an access token that acts as `user`. It makes no session that anybody sees, runs out at the moment `until` (in
    /// milliseconds since the Unix epoch, by the server's clock: [`AdminApi::now`]), and is ended by [`OwnSession::leave`].
    ///
    /// `POST /_synapse/admin/v1/users/<user>/login`
    /// ([Admin API](https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#login-as-a-user)).
    pub async fn act_as(
        &self,
        homeserver: &Homeserver,
        user: &UserId,
        until: u64,
    ) -> Result<OwnSession, AsPersonError> {
        let segments = ["_synapse", "admin", "v1", "users", user.as_str(), "login"];
        let answer = self.post(&segments, &json!({"valid_until_ms": until})).await;
        let answer = answer.map_err(AsPersonError::NotGiven)?;
        let token = answer.get("access_token").and_then(Value::as_str);
        let token = token.ok_or(AsPersonError::NotGiven(Missing::Gap(Gap::Unreadable)))?;
        let token = Credentials::AccessToken(SecretString::from(token));
        let session = OwnSession::sign_in(homeserver, user, token, Keeping::RemoveAtEnd).await?;
        Ok(session.of_our_own())
    }
}
