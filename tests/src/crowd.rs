//! Many accounts, cheaply made: each is what its standing says, without a client that ever ran.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use matrix_sdk::encryption::vodozemac::{Ed25519SecretKey, olm};
use serde_json::{Value, json};

use crate::api::{Api, segment};
use crate::name;
use crate::server::{Homeserver, Rank};
use crate::signing::{add_signature, canonical, sign};

/// Accounts that are made at the same time.
const AT_ONCE: usize = 8;
/// The id of the storage key that is the default one.
const KEY: &str = "KEYone";

/// How an account stands, and so what an administrator can see of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nobody has ever signed in.
    Bare,
    /// One session, which never uploaded keys.
    Keyless,
    /// One verified session, and everything in secret storage.
    Whole,
    /// The same, locked by an administrator.
    Locked,
    /// The same, with a private key of the identity below another storage key.
    MasterElsewhere,
    /// The same, but the session was never verified.
    Unverified,
    /// The same, but the backup key was never stored.
    BackupKeyMissing,
    /// The same, but the backup key is below another storage key.
    BackupKeyElsewhere,
    /// The same, but no storage key is the default one.
    NoDefaultKey,
    /// One session with keys, and nothing else.
    NoStorage,
    /// The same, closed by an administrator.
    Deactivated,
}

/// One of the crowd.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    /// The full user id.
    pub user_id: String,
    /// How the account stands.
    pub standing: Standing,
}

/// Makes accounts of these standings, as many of each as it says.
pub async fn crowd(homeserver: &Homeserver, standings: &[(Standing, usize)]) -> Result<Vec<Person>> {
    let admin = homeserver.admin().await?;
    let wanted = standings
        .iter()
        .flat_map(|(standing, number)| std::iter::repeat_n(*standing, *number));
    let making = stream::iter(wanted).map(|standing| make(homeserver, &admin, standing));
    let mut people: Vec<Person> = making.buffer_unordered(AT_ONCE).try_collect().await?;
    people.sort();
    Ok(people)
}

async fn make(homeserver: &Homeserver, admin: &Api, standing: Standing) -> Result<Person> {
    let localpart = name::fresh("crowd")?;
    let user_id = homeserver.user_id(&localpart);
    let person = Person {
        user_id: user_id.clone(),
        standing,
    };
    if standing == Standing::Bare {
        homeserver.register(&localpart, "Crowd-Password-1", Rank::User).await?;
        return Ok(person);
    }
    let registered = homeserver
        .register_with_session(&localpart, "Crowd-Password-1", Rank::User, "Phone")
        .await?;
    if standing == Standing::Keyless {
        return Ok(person);
    }
    let api = homeserver.api().with_token(&registered.access_token);
    let alone = matches!(standing, Standing::NoStorage | Standing::Deactivated);
    let self_signing = match alone {
        true => None,
        false => Some(publish_identity(&api, &user_id).await?),
    };
    let signer = self_signing.filter(|_| standing != Standing::Unverified);
    upload_keys(&api, &user_id, registered.device_id.as_str(), signer.as_deref()).await?;
    if !alone {
        store(&api, &user_id, standing).await?;
    }
    let path = segment(&user_id);
    match standing {
        Standing::Locked => {
            let path = format!("/_synapse/admin/v2/users/{path}");
            admin.put(&path, &json!({"locked": true})).await?;
        }
        Standing::Deactivated => {
            let path = format!("/_synapse/admin/v1/deactivate/{path}");
            admin.post(&path, &json!({"erase": false})).await?;
        }
        _ => {}
    }
    Ok(person)
}

/// Publishes an identity and returns its private self-signing key. The first one needs no proof.
///
/// `POST /_matrix/client/v3/keys/device_signing/upload`.
async fn publish_identity(api: &Api, user_id: &str) -> Result<String> {
    let identity = Identity::new(user_id)?;
    let request = json!({
        "master_key": identity.public[0], "self_signing_key": identity.public[1],
        "user_signing_key": identity.public[2],
    });
    api.post("/_matrix/client/v3/keys/device_signing/upload", &request)
        .await?;
    let [_, self_signing, _] = identity.private;
    Ok(self_signing)
}

/// An identity that was made a moment ago: its master, self-signing and user-signing key.
#[derive(Debug)]
pub struct Identity {
    /// As they are published, signed.
    pub public: [Value; 3],
    /// As they stand in secret storage, in base64.
    pub private: [String; 3],
}

impl Identity {
    /// Makes one for a user.
    pub fn new(user_id: &str) -> Result<Self> {
        let (master, self_signing, user_signing) = (
            Ed25519SecretKey::new(),
            Ed25519SecretKey::new(),
            Ed25519SecretKey::new(),
        );
        let public = |usage: &str, key: &Ed25519SecretKey| {
            let key = key.public_key().to_base64();
            json!({"user_id": user_id, "usage": [usage], "keys": {format!("ed25519:{key}"): key}})
        };
        let mut below = [
            public("self_signing", &self_signing),
            public("user_signing", &user_signing),
        ];
        for key in &mut below {
            sign(key, user_id, &master.to_base64())?;
        }
        let [self_signing_key, user_signing_key] = below;
        Ok(Self {
            public: [public("master", &master), self_signing_key, user_signing_key],
            private: [master, self_signing, user_signing].map(|it| it.to_base64()),
        })
    }
}

/// Uploads a session's keys, signed by the identity if there is a `signer`.
async fn upload_keys(api: &Api, user_id: &str, device_id: &str, signer: Option<&str>) -> Result<()> {
    let keys = device_keys(user_id, device_id, signer)?;
    api.post("/_matrix/client/v3/keys/upload", &json!({"device_keys": keys}))
        .await?;
    Ok(())
}

/// Makes a session's keys, signed by the identity if there is a `signer`, its private self-signing key.
pub fn device_keys(user_id: &str, device_id: &str, signer: Option<&str>) -> Result<Value> {
    let olm = olm::Account::new();
    let ed25519_id = format!("ed25519:{device_id}");
    let mut keys = json!({
        "user_id": user_id, "device_id": device_id,
        "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
        "keys": {
            format!("curve25519:{device_id}"): olm.curve25519_key().to_base64(),
            &ed25519_id: olm.ed25519_key().to_base64(),
        },
    });
    let signature = olm.sign(canonical(&keys)?.as_bytes()).to_base64();
    add_signature(&mut keys, user_id, &ed25519_id, &signature)?;
    if let Some(signer) = signer {
        sign(&mut keys, user_id, signer)?;
    }
    Ok(keys)
}

/// Fills secret storage with what looks like secrets: nobody will open them.
async fn store(api: &Api, user_id: &str, standing: Standing) -> Result<()> {
    let text = |length: usize| BASE64_STANDARD_NO_PAD.encode(vec![7; length]);
    let described = json!({"algorithm": "m.secret_storage.v1.aes-hmac-sha2", "iv": text(16), "mac": text(32)});
    let sealed = json!({"iv": text(16), "ciphertext": text(32), "mac": text(32)});
    let below = |id: &str| json!({"encrypted": {id: sealed}});
    let mut contents: Vec<(String, Value)> = vec![(format!("m.secret_storage.key.{KEY}"), described)];
    if standing != Standing::NoDefaultKey {
        contents.push(("m.secret_storage.default_key".into(), json!({"key": KEY})));
    }
    for name in ["master", "self_signing", "user_signing"] {
        let elsewhere = name == "master" && standing == Standing::MasterElsewhere;
        contents.push((
            format!("m.cross_signing.{name}"),
            below(if elsewhere { "KEYother" } else { KEY }),
        ));
    }
    match standing {
        Standing::BackupKeyMissing => {}
        Standing::BackupKeyElsewhere => contents.push(("m.megolm_backup.v1".into(), below("KEYother"))),
        _ => contents.push(("m.megolm_backup.v1".into(), below(KEY))),
    }
    for (kind, content) in contents {
        let path = format!("/_matrix/client/v3/user/{}/account_data/{kind}", segment(user_id));
        api.put(&path, &content).await.with_context(|| kind)?;
    }
    Ok(())
}
