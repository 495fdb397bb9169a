//! The request that changes a password.

use bytes::BufMut;
use lifeboat_report::Fate;
use matrix_sdk::ruma::{
    OwnedUserId,
    api::{
        OutgoingRequest,
        auth_scheme::{AccessTokenOptional, SendAccessToken},
        client::uiaa::UiaaResponse,
        error::IntoHttpError,
        metadata,
        path_builder::{PathBuilder, VersionHistory},
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::json_request::{JsonAnswer, http_request};

/// `POST /_matrix/client/v3/account/password`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3accountpassword)): sets a new
/// password, and ends the other sessions if the fate says so.
///
/// Unlike ruma's it always says `logout_devices`, because leaving it out means that every session ends; and it never
/// sends a `session` that is null, to which some servers answer 500.
#[derive(Clone, Debug)]
pub(crate) struct ChangePassword {
    pub(crate) new: SecretString,
    pub(crate) fate: Fate,
    pub(crate) proof: Proof,
    session: Option<String>,
}

/// What shows that the asker may change the password.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    /// The old password.
    Password { user: OwnedUserId, old: SecretString },
    /// A confirmed address.
    Email { sid: String, client_secret: SecretString },
}

impl ChangePassword {
    pub(crate) fn new(new: &SecretString, fate: Fate, proof: Proof) -> Self {
        Self {
            new: new.clone(),
            fate,
            proof,
            session: None,
        }
    }

    /// Returns what the server is told and is not to repeat.
    pub(crate) fn secrets(&self) -> [SecretString; 2] {
        let proof = match &self.proof {
            Proof::Password { old, .. } => old,
            Proof::Email { client_secret, .. } => client_secret,
        };
        [self.new.clone(), proof.clone()]
    }

    /// Returns the name of the stage that the proof is for.
    pub(crate) fn stage(&self) -> &'static str {
        match self.proof {
            Proof::Password { .. } => "m.login.password",
            Proof::Email { .. } => "m.login.email.identity",
        }
    }

    pub(super) fn in_session(self, session: String) -> Self {
        Self {
            session: Some(session),
            ..self
        }
    }

    fn body(&self) -> Value {
        let mut auth = match &self.proof {
            Proof::Password { user, old } => json!({
                "identifier": {"type": "m.id.user", "user": user},
                "password": old.expose_secret(),
            }),
            Proof::Email { sid, client_secret } => json!({
                "threepid_creds": {"sid": sid, "client_secret": client_secret.expose_secret()},
            }),
        };
        auth["type"] = self.stage().into();
        if let Some(session) = &self.session {
            auth["session"] = session.as_str().into();
        }
        json!({
            "new_password": self.new.expose_secret(),
            "logout_devices": logout_devices(self.fate),
            "auth": auth,
        })
    }
}

/// Says to a server what is to become of the sessions.
pub(crate) fn logout_devices(fate: Fate) -> bool {
    match fate {
        Fate::SessionsKept => false,
        Fate::SessionsEnded => true,
    }
}

metadata! {
    @for ChangePassword,
    method: POST,
    rate_limited: true,
    authentication: AccessTokenOptional,
    history: {
        1.0 => "/_matrix/client/r0/account/password",
        1.1 => "/_matrix/client/v3/account/password",
    }
}

impl OutgoingRequest for ChangePassword {
    type EndpointError = UiaaResponse;
    type IncomingResponse = JsonAnswer;

    fn try_into_http_request<T: Default + BufMut + AsRef<[u8]>>(
        self,
        base_url: &str,
        authentication: SendAccessToken<'_>,
        path: <VersionHistory as PathBuilder>::Input<'_>,
    ) -> Result<http::Request<T>, IntoHttpError> {
        http_request::<Self, T>(base_url, authentication, path, &[], Some(&self.body()))
    }
}
