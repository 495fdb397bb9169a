//! The OAuth server in front of a homeserver: makes users and sessions there, and does to them what a test wants.

use anyhow::{Context, Result};
use matrix_sdk::reqwest::{Certificate, Client, ClientBuilder};
use serde_json::{Value, json};

use crate::{api::Api, name, server::Registered, tls};

/// An OAuth server as its operator sees it.
#[derive(Clone, Debug)]
pub struct OAuthServer {
    api: Api,
}

impl OAuthServer {
    pub(crate) fn new(port: u16, secret: &str) -> Result<Self> {
        let api = Api::through(client()?, &format!("https://localhost:{port}")).with_token(secret);
        Ok(Self { api })
    }

    /// Where clients reach it, and the homeserver through it, without a slash at the end.
    pub fn base_url(&self) -> &str {
        self.api.base_url()
    }

    /// Makes a user.
    pub async fn create(&self, localpart: &str, password: &str) -> Result<()> {
        self.tell("users", json!({"localpart": localpart, "password": password}))
            .await?;
        Ok(())
    }

    /// Begins a session of a user, whose token does not run out.
    pub async fn begin(&self, localpart: &str, name: &str) -> Result<Registered> {
        let begun = self
            .tell("sessions", json!({"localpart": localpart, "name": name}))
            .await?;
        Ok(serde_json::from_value(begun)?)
    }

    /// Begins a personal session: a token that acts as a user, and is no device of theirs.
    pub async fn lend(&self, localpart: &str, name: &str) -> Result<()> {
        self.tell("personal", json!({"localpart": localpart, "name": name}))
            .await?;
        Ok(())
    }

    /// Makes an administrator, whose token has these scopes beside that of the client-server API.
    pub async fn administrator(&self, scopes: &[&str]) -> Result<Registered> {
        let localpart = name::fresh("admin")?;
        self.create(&localpart, &name::fresh("Pass-1")?).await?;
        let begun = self
            .tell(
                "sessions",
                json!({"localpart": localpart, "name": "Desk", "scopes": scopes}),
            )
            .await?;
        Ok(serde_json::from_value(begun)?)
    }

    /// Gives a user a confirmed e-mail address.
    pub async fn set_email(&self, localpart: &str, address: &str) -> Result<()> {
        self.change(localpart, json!({"email": address})).await
    }

    /// Locks a user.
    pub async fn lock(&self, localpart: &str) -> Result<()> {
        self.change(localpart, json!({"locked_at": "2026-11-25T12:00:00Z"}))
            .await
    }

    /// Tells whether older clients sign in with this password.
    pub async fn takes(&self, localpart: &str, password: &str) -> Result<bool> {
        let request = json!({
            "type": "m.login.password", "password": password,
            "identifier": {"type": "m.id.user", "user": localpart},
        });
        let answer = self.api.try_post("/_matrix/client/v3/login", &request).await?;
        Ok(answer.status == 200)
    }

    /// Answers whatever a user's tokens are sent to the token and revocation endpoints for like this; `None`: as usual.
    pub async fn set_fault(&self, localpart: &str, fault: Option<(u16, Value)>) -> Result<()> {
        let fault = fault.map(|(status, body)| json!({"status": status, "body": body}));
        self.change(localpart, json!({"fault": fault})).await
    }

    /// Turns a user away who signs in with a password, with this answer.
    pub async fn turn_away(&self, localpart: &str, status: u16, errcode: &str) -> Result<()> {
        let body = json!({"errcode": errcode, "error": "Not you."});
        self.change(localpart, json!({"refusal": {"status": status, "body": body}}))
            .await
    }

    /// How often sessions of a user have taken new tokens.
    pub async fn refreshes(&self, localpart: &str) -> Result<u64> {
        let user = self.tell("look", json!({"localpart": localpart})).await?;
        user["refreshes"].as_u64().context("no number")
    }

    /// Every token and code of a user that would let somebody in, as long as none is revoked.
    pub async fn secrets(&self, localpart: &str) -> Result<Vec<String>> {
        let answer = self.tell("secrets", json!({"localpart": localpart})).await?;
        Ok(serde_json::from_value(answer["secrets"].clone())?)
    }

    /// Makes every access token that a user got by OAuth run out now; for sessions without encryption keys.
    pub async fn run_out(&self, localpart: &str) -> Result<()> {
        self.tell("run-out", json!({"localpart": localpart})).await?;
        Ok(())
    }

    /// Makes a code that was shown to a person run out now.
    pub async fn expire(&self, user_code: &str) -> Result<()> {
        self.tell("expire", json!({"user_code": user_code})).await?;
        Ok(())
    }

    async fn change(&self, localpart: &str, mut change: Value) -> Result<()> {
        change["localpart"] = json!(localpart);
        self.tell("change", change).await?;
        Ok(())
    }

    async fn tell(&self, what: &str, body: Value) -> Result<Value> {
        self.api.post(&format!("/harness/{what}"), &body).await
    }
}

/// Makes a client that trusts the test authority, and follows no redirect.
pub(crate) fn client() -> Result<Client> {
    Ok(builder()?.build()?)
}

/// The same, to be completed.
pub(crate) fn builder() -> Result<ClientBuilder> {
    let authority = Certificate::from_pem(&std::fs::read(tls::authority())?)?;
    Ok(Client::builder()
        .tls_certs_merge([authority])
        .redirect(matrix_sdk::reqwest::redirect::Policy::none()))
}
