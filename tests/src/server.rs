//! Finds the homeservers that `cargo xtask test` started, and makes users on them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::{env, fs, thread};

use anyhow::{Context, Result, ensure};
use aws_lc_rs::hmac;
use matrix_sdk::ruma::{OwnedDeviceId, OwnedUserId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Api, segment};
use crate::mailbox::Mailbox;
use crate::name;
use crate::oauth::OAuthServer;

/// Names the JSON file that maps each profile's name to its `homeserver.json`.
pub const SERVERS_VARIABLE: &str = "LIFEBOAT_TEST_SERVERS";

/// The name of the second server with the default profile.
const TWIN: &str = "twin";

/// What the names of users begin with who have messages of earlier days, as the registration of the service in
/// `xtask/src/homeserver/config.rs` says, too.
pub(crate) const EARLIER_DAYS: &str = "old";

const NO_SERVER: &str = "no homeserver to test against: run the end-to-end tests with `cargo xtask test`";

/// A way in which the homeserver is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// No rate limits; everything a test can meet is switched on.
    Default,
    /// Synapse's own default rate limits.
    Limits,
    /// Says nothing about unknown e-mail addresses, and enforces a password policy.
    Policy,
    /// Links in mails expire after 5 seconds.
    ShortLink,
    /// Signs people in with a browser too, through a CAS server.
    Sso,
    /// Leaves its accounts to an OAuth server, as the Matrix Authentication Service.
    OAuth,
}

/// A running Synapse with a mailbox.
#[derive(Clone, Debug, Deserialize)]
pub struct Homeserver {
    /// Where clients reach it, without a slash at the end.
    pub base_url: String,
    /// The part of user ids after the colon.
    pub server_name: String,
    registration_shared_secret: String,
    mail_dir: PathBuf,
    /// Synapse's log.
    pub log_file: PathBuf,
    oauth_port: Option<u16>,
}

/// Whether a new user may use the Admin API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// Like most people.
    User,
    /// A server administrator.
    Admin,
}

/// A user that was just made, and their first session.
#[derive(Clone, Debug, Deserialize)]
pub struct Registered {
    /// The full user id.
    pub user_id: OwnedUserId,
    /// The session's id.
    pub device_id: OwnedDeviceId,
    /// The session's access token.
    pub access_token: String,
}

impl Profile {
    /// The name in paths and in [`SERVERS_VARIABLE`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Limits => "limits",
            Self::Policy => "policy",
            Self::ShortLink => "short-link",
            Self::Sso => "sso",
            Self::OAuth => "oauth",
        }
    }
}

/// Tells which half the test of this thread is in, by its name.
fn falls_to_twin() -> bool {
    let mut hasher = DefaultHasher::new();
    thread::current().name().hash(&mut hasher);
    hasher.finish() % 2 == 1
}

/// Finds the Python that the servers run with, which has Synapse's libraries.
pub fn python() -> Result<PathBuf> {
    let list = PathBuf::from(env::var_os(SERVERS_VARIABLE).context(NO_SERVER)?);
    let python = list.ancestors().map(|it| it.join("venv/homeserver/bin/python"));
    python.into_iter().find(|it| it.exists()).context(NO_SERVER)
}

impl Homeserver {
    /// Finds the server of a profile. No server is a failure, never a reason to skip a test.
    ///
    /// Where two run with the default profile, half of the tests get one of them and half the other; each test, which has a
    /// thread of its own, always the same.
    pub fn find(profile: Profile) -> Result<Self> {
        let list = env::var_os(SERVERS_VARIABLE).context(NO_SERVER)?;
        let list = fs::read(&list).with_context(|| format!("{NO_SERVER} ({} is not there)", list.display()))?;
        let list: BTreeMap<String, PathBuf> = serde_json::from_slice(&list)?;
        let twin = profile == Profile::Default && list.contains_key(TWIN) && falls_to_twin();
        let name = if twin { TWIN } else { profile.name() };
        let record = list
            .get(name)
            .with_context(|| format!("{NO_SERVER} (none runs with the profile {name})"))?;
        let record =
            fs::read(record).with_context(|| format!("{NO_SERVER} (the one with the profile {name} is gone)"))?;
        Ok(serde_json::from_slice(&record)?)
    }

    /// Talks to the server as nobody in particular.
    pub fn api(&self) -> Api {
        Api::new(&self.base_url)
    }

    /// All mail the server sent.
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.mail_dir.clone())
    }

    /// The OAuth server in front of it, in the profile that has one.
    pub fn oauth(&self) -> Result<OAuthServer> {
        let port = self.oauth_port.context("this homeserver keeps its accounts itself")?;
        OAuthServer::new(port, &self.registration_shared_secret)
    }

    /// Tells whether accounts are kept by an OAuth server.
    pub fn delegates(&self) -> bool {
        self.oauth_port.is_some()
    }

    /// The access token of an application service that may send messages of earlier days, in the default profile: for users whose
    /// names begin as [`EARLIER_DAYS`] says.
    pub(crate) fn service_token(&self) -> &str {
        &self.registration_shared_secret
    }

    /// The full id of a local user.
    pub fn user_id(&self, localpart: &str) -> String {
        format!("@{localpart}:{}", self.server_name)
    }

    /// Makes a user without any session.
    pub async fn register(&self, localpart: &str, password: &str, rank: Rank) -> Result<()> {
        self.post_registration(localpart, password, rank, json!({"inhibit_login": true}))
            .await?;
        Ok(())
    }

    /// Makes a user with one session. It does not count as a sign-in, of which Synapse allows five per address.
    pub async fn register_with_session(
        &self,
        localpart: &str,
        password: &str,
        rank: Rank,
        session_name: &str,
    ) -> Result<Registered> {
        if self.delegates() {
            ensure!(rank == Rank::User, "administrators are not made there");
            let oauth = self.oauth()?;
            oauth.create(localpart, password).await?;
            return oauth.begin(localpart, session_name).await;
        }
        let extra = json!({"initial_device_display_name": session_name});
        Ok(serde_json::from_value(
            self.post_registration(localpart, password, rank, extra).await?,
        )?)
    }

    /// `POST /_synapse/admin/v1/register`, Synapse docs, "Shared-Secret Registration".
    async fn post_registration(&self, localpart: &str, password: &str, rank: Rank, extra: Value) -> Result<Value> {
        const PATH: &str = "/_synapse/admin/v1/register";
        let api = self.api();
        let answer = api.get(PATH).await?;
        let nonce = answer["nonce"].as_str().context("no nonce")?;
        let word = match rank {
            Rank::Admin => "admin",
            Rank::User => "notadmin",
        };
        let key = hmac::Key::new(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            self.registration_shared_secret.as_bytes(),
        );
        let mac = hmac::sign(&key, [nonce, localpart, password, word].join("\0").as_bytes());
        let mac: String = mac.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut request = extra;
        request["nonce"] = json!(nonce);
        request["username"] = json!(localpart);
        request["password"] = json!(password);
        request["admin"] = json!(rank == Rank::Admin);
        request["mac"] = json!(mac);
        api.post(PATH, &request).await
    }

    /// Signs in with a password and talks to the server from that session, which uploads no keys.
    pub async fn sign_in(&self, localpart: &str, password: &str) -> Result<Api> {
        let api = self.api();
        let request = json!({
            "type": "m.login.password", "password": password,
            "identifier": {"type": "m.id.user", "user": localpart},
        });
        let answer = api.post("/_matrix/client/v3/login", &request).await?;
        Ok(api.with_token(answer["access_token"].as_str().context("no access token")?))
    }

    /// Makes an administrator and talks to the server from their session.
    pub async fn admin(&self) -> Result<Api> {
        let (localpart, password) = (name::fresh("admin")?, name::fresh("Pass-1")?);
        let registered = self
            .register_with_session(&localpart, &password, Rank::Admin, "Desk")
            .await?;
        Ok(self.api().with_token(&registered.access_token))
    }

    /// Gives a user a confirmed e-mail address, the only one.
    ///
    /// `PUT /_synapse/admin/v2/users/<user>`; the user must exist, or Synapse would create one.
    pub async fn set_email(&self, user_id: &str, address: &str) -> Result<()> {
        let admin = self.admin().await?;
        let path = format!("/_synapse/admin/v2/users/{}", segment(user_id));
        admin.get(&path).await?;
        let threepids = json!([{"medium": "email", "address": address}]);
        let answer = admin.put(&path, &json!({"threepids": threepids})).await?;
        let taken = |threepid: &Value| threepid["address"] == address;
        let mut kept = answer["threepids"].as_array().into_iter().flatten();
        ensure!(kept.any(taken), "the server did not keep {address}: {answer}");
        Ok(())
    }
}
