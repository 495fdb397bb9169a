//! Sessions made by hand, which send what no honest client would.

use anyhow::{Context, Result};
use matrix_sdk::encryption::vodozemac::Curve25519PublicKey;
use matrix_sdk::encryption::vodozemac::olm::{Account, OlmMessage, SessionConfig};
use serde_json::{Value, json};

use crate::account::{Secret, Secrets, TestAccount};
use crate::api::{Api, segment};
use crate::name;
use crate::server::{Homeserver, Rank};
use crate::signing::{add_signature, canonical, sign};
use crate::wait::until;

/// A session with keys of its own that answers nothing by itself.
pub struct Forger {
    api: Api,
    olm: Account,
    user_id: String,
    device_id: String,
    device_keys: Value,
}

impl Forger {
    /// Signs in to the account; with `secrets` the identity vouches for the session.
    pub async fn within(account: &TestAccount, secrets: Option<&Secrets>) -> Result<Self> {
        let api = account
            .homeserver
            .sign_in(account.localpart(), &account.password)
            .await?;
        Self::begin(api, secrets).await
    }

    /// Makes another user with this session alone.
    pub async fn stranger(homeserver: &Homeserver) -> Result<Self> {
        let (localpart, password) = (name::fresh("stranger")?, name::fresh("Password-1")?);
        let registered = homeserver
            .register_with_session(&localpart, &password, Rank::User, "Phone")
            .await?;
        Self::begin(homeserver.api().with_token(&registered.access_token), None).await
    }

    async fn begin(api: Api, secrets: Option<&Secrets>) -> Result<Self> {
        let own = api.get("/_matrix/client/v3/account/whoami").await?;
        let text = |name: &str| own[name].as_str().map(str::to_owned).context("an odd answer");
        let (user_id, device_id) = (text("user_id")?, text("device_id")?);
        let olm = Account::new();
        let key_id = format!("ed25519:{device_id}");
        let mut device_keys = json!({
            "user_id": user_id, "device_id": device_id,
            "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
            "keys": {
                format!("curve25519:{device_id}"): olm.curve25519_key().to_base64(),
                &key_id: olm.ed25519_key().to_base64(),
            },
        });
        let signature = olm.sign(canonical(&device_keys)?.as_bytes()).to_base64();
        add_signature(&mut device_keys, &user_id, &key_id, &signature)?;
        if let Some(secrets) = secrets {
            let key = secrets.get(Secret::SelfSigning).context("no self-signing key")?;
            sign(&mut device_keys, &user_id, key)?;
        }
        let upload = json!({"device_keys": device_keys});
        api.post("/_matrix/client/v3/keys/upload", &upload).await?;
        Ok(Self {
            api,
            olm,
            user_id,
            device_id,
            device_keys,
        })
    }

    /// The id the server gave it.
    pub fn device_id(&self) -> &str {
        &self.device_id
    }

    /// Waits until somebody has asked it for a room key.
    pub async fn wait_to_be_asked(&self, session_id: &str) -> Result<()> {
        let asked =
            |it: &Value| it["type"] == "m.room_key_request" && it["content"]["body"]["session_id"] == session_id;
        self.wait_for("a question for a room key", asked).await?;
        Ok(())
    }

    /// Waits until somebody has asked it for a secret; returns the id of the question.
    pub async fn wait_to_be_asked_for(&self, secret: Secret) -> Result<String> {
        let asked = |it: &Value| it["type"] == "m.secret.request" && it["content"]["name"] == secret.event_type();
        let question = self.wait_for("a question for a secret", asked).await?;
        let id = question["content"]["request_id"].as_str();
        id.map(str::to_owned).context("a question without an id")
    }

    async fn wait_for(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Result<Value> {
        // The server answers the same request from its memory for minutes.
        let mut since = String::new();
        until(what, async || {
            let answer = self
                .api
                .get(&format!("/_matrix/client/v3/sync?timeout=0{since}"))
                .await?;
            let next = answer["next_batch"].as_str().context("no next_batch")?;
            since = format!("&since={}", segment(next));
            let mut events = answer["to_device"]["events"].as_array().into_iter().flatten();
            Ok(events.find(|it| is_it(it)).cloned())
        })
        .await
    }

    /// Forwards a room key, as the backup holds it, to a session: `m.forwarded_room_key`, encrypted with Olm.
    pub async fn forward(
        &self,
        user_id: &str,
        device_id: &str,
        (room_id, session_id): (&str, &str),
        room_key: &Value,
    ) -> Result<()> {
        let content = json!({
            "algorithm": "m.megolm.v1.aes-sha2", "room_id": room_id, "session_id": session_id,
            "session_key": room_key["session_key"], "sender_key": room_key["sender_key"],
            "sender_claimed_ed25519_key": room_key["sender_claimed_keys"]["ed25519"],
            "forwarding_curve25519_key_chain": [],
        });
        self.send(user_id, device_id, "m.forwarded_room_key", &content).await
    }

    /// Hands a secret over to a session: `m.secret.send`, encrypted with Olm.
    pub async fn hand_over(&self, user_id: &str, device_id: &str, question: &str, secret: &str) -> Result<()> {
        let content = json!({"request_id": question, "secret": secret});
        self.send(user_id, device_id, "m.secret.send", &content).await
    }

    async fn send(&self, user_id: &str, device_id: &str, kind: &str, content: &Value) -> Result<()> {
        let query = json!({"device_keys": {user_id: [device_id]}});
        let keys = self.api.post("/_matrix/client/v3/keys/query", &query).await?;
        let keys = &keys["device_keys"][user_id][device_id]["keys"];
        let key = |algorithm: &str| {
            let key = keys[format!("{algorithm}:{device_id}")].as_str();
            key.map(str::to_owned).context("the session has no keys")
        };
        let (curve25519, ed25519) = (key("curve25519")?, key("ed25519")?);
        let claim = json!({"one_time_keys": {user_id: {device_id: "signed_curve25519"}}});
        let claimed = self.api.post("/_matrix/client/v3/keys/claim", &claim).await?;
        let claimed = claimed["one_time_keys"][user_id][device_id]
            .as_object()
            .context("no key")?;
        let one_time = claimed
            .values()
            .next()
            .and_then(|it| it["key"].as_str())
            .context("no key")?;
        let mut olm = self.olm.create_outbound_session(
            SessionConfig::version_1(),
            Curve25519PublicKey::from_base64(&curve25519)?,
            Curve25519PublicKey::from_base64(one_time)?,
        )?;
        let plain = json!({
            "type": kind, "content": content, "sender": self.user_id,
            "sender_device": self.device_id, "keys": {"ed25519": self.olm.ed25519_key().to_base64()},
            "recipient": user_id, "recipient_keys": {"ed25519": ed25519},
            "sender_device_keys": self.device_keys,
        });
        let (kind, body) = match olm.encrypt(plain.to_string())? {
            OlmMessage::PreKey(message) => (0, message.to_base64()),
            OlmMessage::Normal(message) => (1, message.to_base64()),
        };
        let encrypted = json!({
            "algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": self.olm.curve25519_key().to_base64(),
            "ciphertext": {&curve25519: {"type": kind, "body": body}},
        });
        let path = format!(
            "/_matrix/client/v3/sendToDevice/m.room.encrypted/{}",
            segment(&name::fresh("forged")?)
        );
        let message = json!({"messages": {user_id: {device_id: encrypted}}});
        self.api.put(&path, &message).await?;
        Ok(())
    }
}
