//! The published keys of one session, for those who vouch for it.

use lifeboat_report::{Fact, facts::Signature};
use matrix_sdk::ruma::{UserId, api::client::keys::get_keys};
use serde_json::Value;

use crate::{Caller, SecretsAccess, gap_of, signed_json::check_signature};

/// The keys that a session has published; its own signature over them holds.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionKeys {
    fingerprint: String,
    object: Value,
}

impl SessionKeys {
    /// Asks for the keys of the user's own session `device`; known `None`: it has none, or they are not its own
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keysquery)). Changes nothing.
    pub async fn of(caller: &Caller, user: &UserId, device: &str) -> Fact<Option<Self>> {
        let mut request = get_keys::v3::Request::new();
        request.device_keys.insert(user.to_owned(), vec![device.into()]);
        match caller.ask(|| caller.client().send(request.clone())).await {
            Ok(answer) => {
                let keys = answer.device_keys.get(user).and_then(|it| it.get::<str>(device));
                let object = keys.and_then(|it| serde_json::from_str(it.json().get()).ok());
                Fact::Known(object.and_then(|it| Self::read(it, user, device)))
            }
            Err(error) => Fact::Unknown(gap_of(&error)),
        }
    }

    fn read(object: Value, user: &UserId, device: &str) -> Option<Self> {
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let key = object.get("keys")?.get(format!("ed25519:{device}"))?.as_str()?;
        let own = text("user_id") == Some(user.as_str())
            && text("device_id") == Some(device)
            && check_signature(&object, user.as_str(), device, key) == Signature::Valid;
        own.then(|| Self {
            fingerprint: key.to_owned(),
            object: object.clone(),
        })
    }

    /// Returns its Ed25519 key, which apps show as “session key”.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Returns the keys with the identity's signature; `None` when the self-signing key is not open.
    pub fn signed(&self, secrets: &SecretsAccess) -> Option<Value> {
        let mut object = self.object.clone();
        // Only the new signature is sent, and what is not signed is not part of it.
        let fields = object.as_object_mut()?;
        fields.remove("signatures");
        fields.remove("unsigned");
        secrets.sign_session(&mut object)?;
        Some(object)
    }
}
