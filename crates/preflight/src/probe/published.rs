//! `POST /_matrix/client/v3/keys/query`: the identity and the sessions' keys, every signature checked locally.

use std::collections::BTreeMap;

use lifeboat_report::{
    Fact,
    facts::{CrossSigningKey, DeviceKeys, Identity, Signature},
};
use matrix_sdk::ruma::{UserId, api::client::keys::get_keys, serde::Raw};
use serde_json::Value;

use crate::{Caller, gap_of, signed_json::check_signature};

/// What `keys/query` shows of one user.
#[derive(Clone, Debug, Default)]
pub(crate) struct PublishedKeys {
    pub(crate) identity: Identity,
    pub(crate) devices: BTreeMap<String, PublishedDevice>,
}

/// One device's published keys.
#[derive(Clone, Debug)]
pub(crate) struct PublishedDevice {
    pub(crate) keys: DeviceKeys,
    pub(crate) dehydrated: bool,
    /// Its Ed25519 key, if its own signature holds.
    pub(crate) ed25519: Option<String>,
}

/// Asks for the user's own published keys
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keysquery)). Changes nothing.
pub(crate) async fn published_keys(caller: &Caller, user: &UserId) -> Fact<PublishedKeys> {
    let mut request = get_keys::v3::Request::new();
    request.device_keys = BTreeMap::from([(user.to_owned(), Vec::new())]);
    match caller.ask(|| caller.client().send(request.clone())).await {
        Ok(answer) => {
            let key = |raw: Option<&Raw<_>>| raw.and_then(json);
            let devices = answer.device_keys.get(user);
            Fact::Known(read(
                user.as_str(),
                key(answer.master_keys.get(user)).as_ref(),
                key(answer.self_signing_keys.get(user)).as_ref(),
                key(answer.user_signing_keys.get(user)).as_ref(),
                devices
                    .into_iter()
                    .flatten()
                    .filter_map(|(id, raw)| Some((id.as_str(), json(raw)?))),
            ))
        }
        Err(error) => Fact::Unknown(gap_of(&error)),
    }
}

/// Asks for the user's own identity as it is published now, its signatures checked
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keysquery)). Changes nothing.
pub async fn published_identity(caller: &Caller, user: &UserId) -> Fact<Identity> {
    published_keys(caller, user).await.map(|it| it.identity)
}

impl PublishedKeys {
    /// Reads a whole answer that was stored as JSON.
    pub(crate) fn read_answer(user: &UserId, answer: &Value) -> Self {
        let of_user = |kind: &str| answer.get(kind).and_then(|it| it.get(user.as_str()));
        let devices = of_user("device_keys").and_then(Value::as_object);
        read(
            user.as_str(),
            of_user("master_keys"),
            of_user("self_signing_keys"),
            of_user("user_signing_keys"),
            devices
                .into_iter()
                .flatten()
                .map(|(id, keys)| (id.as_str(), keys.clone())),
        )
    }
}

fn json<T>(raw: &Raw<T>) -> Option<Value> {
    serde_json::from_str(raw.json().get()).ok()
}

/// Reads and checks what the server published for `user`.
fn read<'a>(
    user: &str,
    master: Option<&Value>,
    self_signing: Option<&Value>,
    user_signing: Option<&Value>,
    devices: impl Iterator<Item = (&'a str, Value)>,
) -> PublishedKeys {
    let master = master.and_then(|it| public_key(it, user, "master"));
    let signed = |object: Option<&Value>, usage| {
        let object = object?;
        let public_key = public_key(object, user, usage)?;
        let by_master = match &master {
            Some(master) => check_signature(object, user, master, master),
            None => Signature::UnknownKey,
        };
        Some(CrossSigningKey { public_key, by_master })
    };
    let identity = Identity {
        self_signing: signed(self_signing, "self_signing"),
        user_signing: signed(user_signing, "user_signing"),
        master,
        from_outside: false,
    };
    let signer = identity
        .self_signing
        .as_ref()
        .filter(|it| it.by_master == Signature::Valid);
    let signer = signer.map(|it| it.public_key.as_str());
    let devices = devices
        .map(|(id, keys)| (id.to_owned(), read_device(user, id, &keys, signer)))
        .collect();
    PublishedKeys { identity, devices }
}

/// Returns the one public key of a cross-signing key object that says it is `user`'s and for `usage`.
fn public_key(object: &Value, user: &str, usage: &str) -> Option<String> {
    let is_users = object.get("user_id").and_then(Value::as_str) == Some(user);
    let usages = object.get("usage").and_then(Value::as_array)?;
    let keys = object.get("keys").and_then(Value::as_object)?;
    let (key_id, key) = keys.iter().next()?;
    let key = key.as_str()?;
    let fits = is_users && keys.len() == 1 && usages.iter().any(|it| it == usage);
    (fits && key_id.strip_prefix("ed25519:") == Some(key)).then(|| key.to_owned())
}

fn read_device(user: &str, id: &str, keys: &Value, self_signing: Option<&str>) -> PublishedDevice {
    let text = |name: &str| keys.get(name).and_then(Value::as_str);
    let dehydrated = keys.get("dehydrated").and_then(Value::as_bool).unwrap_or(false);
    let ed25519 = keys
        .get("keys")
        .and_then(|it| it.get(format!("ed25519:{id}")))
        .and_then(Value::as_str);
    let is_its_own = text("user_id") == Some(user)
        && text("device_id") == Some(id)
        && ed25519.is_some_and(|key| check_signature(keys, user, id, key) == Signature::Valid);
    if !is_its_own {
        return PublishedDevice {
            keys: DeviceKeys::Invalid,
            dehydrated,
            ed25519: None,
        };
    }
    let signed = self_signing.is_some_and(|key| check_signature(keys, user, key, key) == Signature::Valid);
    let state = if signed {
        DeviceKeys::Signed
    } else {
        DeviceKeys::Unsigned
    };
    PublishedDevice {
        keys: state,
        dehydrated,
        ed25519: ed25519.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use matrix_sdk::ruma::CanonicalJsonValue;
    use serde_json::json;
    use vodozemac::Ed25519Keypair;

    use super::*;

    const USER: &str = "@mira:example.org";

    fn sign(object: &mut Value, key_id: &str, pair: &Ed25519Keypair) {
        let mut bare = object.clone();
        bare.as_object_mut().unwrap().remove("signatures");
        let text = CanonicalJsonValue::try_from(bare).unwrap().to_string();
        object["signatures"][USER][format!("ed25519:{key_id}")] = json!(pair.sign(text.as_bytes()).to_base64());
    }

    fn cross_signing_key(usage: &str, pair: &Ed25519Keypair) -> Value {
        let key = pair.public_key().to_base64();
        json!({"user_id": USER, "usage": [usage], "keys": {format!("ed25519:{key}"): key}})
    }

    fn device(id: &str, pair: &Ed25519Keypair) -> Value {
        let key = pair.public_key().to_base64();
        let mut device =
            json!({"user_id": USER, "device_id": id, "algorithms": [], "keys": {format!("ed25519:{id}"): key}});
        sign(&mut device, id, pair);
        device
    }

    struct World {
        master: Value,
        self_signing: Value,
        device: Value,
    }

    fn sound() -> World {
        let (master, self_signing, device_key) = (Ed25519Keypair::new(), Ed25519Keypair::new(), Ed25519Keypair::new());
        let mut ssk = cross_signing_key("self_signing", &self_signing);
        sign(&mut ssk, &master.public_key().to_base64(), &master);
        let mut device = device("DEV", &device_key);
        sign(&mut device, &self_signing.public_key().to_base64(), &self_signing);
        World {
            master: cross_signing_key("master", &master),
            self_signing: ssk,
            device,
        }
    }

    fn read_world(world: &World) -> PublishedKeys {
        read(
            USER,
            Some(&world.master),
            Some(&world.self_signing),
            None,
            [("DEV", world.device.clone())].into_iter(),
        )
    }

    #[test]
    fn a_sound_chain_holds() {
        let keys = read_world(&sound());
        assert_eq!(keys.identity.self_signing.unwrap().by_master, Signature::Valid);
        assert_eq!(keys.devices["DEV"].keys, DeviceKeys::Signed);
    }

    #[test]
    fn a_self_signing_key_that_the_master_did_not_sign_vouches_for_nobody() {
        let mut world = sound();
        world.self_signing.as_object_mut().unwrap().remove("signatures");
        let keys = read_world(&world);
        assert_eq!(keys.identity.self_signing.unwrap().by_master, Signature::Missing);
        assert_eq!(keys.devices["DEV"].keys, DeviceKeys::Unsigned);
    }

    #[test]
    fn a_device_under_another_id_or_user_is_not_believed() {
        let world = sound();
        let keys = read(
            USER,
            Some(&world.master),
            Some(&world.self_signing),
            None,
            [("OTHER", world.device.clone())].into_iter(),
        );
        assert_eq!(keys.devices["OTHER"].keys, DeviceKeys::Invalid);
        let keys = read(
            "@eve:example.org",
            Some(&world.master),
            None,
            None,
            [("DEV", world.device)].into_iter(),
        );
        assert_eq!(keys.devices["DEV"].keys, DeviceKeys::Invalid);
        assert_eq!(keys.identity.master, None);
    }
}
