//! Lies about the identity, the sessions, the version of the key backup and secret storage.

use anyhow::{Context as _, Result};
use lifeboat_tests::account::{Secret, TestAccount};
use lifeboat_tests::counts;
use lifeboat_tests::proxy::{Exchange, Fault, Reply};
use lifeboat_tests::room_key::{BACKUP_ALGORITHM, BackupKey};
use lifeboat_tests::signing::sign;
use lifeboat_tests::storage_key::StorageKey;
use matrix_sdk::encryption::vodozemac::Ed25519SecretKey;
use matrix_sdk::reqwest::Method;
use serde_json::{Value, json};

use super::{Attack, attack, change};

/// What every quick check of a sound account says.
const KEYS: &str = "/keys/query";
const VERSION: &str = "/room_keys/version";

/// Keys that only the server knows.
#[derive(Clone)]
pub(super) struct Server {
    user: String,
    master: String,
    self_signing: String,
    user_signing: String,
    backup: String,
    device: String,
}

fn public(private: &str) -> Option<String> {
    Some(Ed25519SecretKey::from_base64(private).ok()?.public_key().to_base64())
}

impl Server {
    pub(super) fn of(account: &TestAccount) -> Result<Self> {
        let key = || Ed25519SecretKey::new().to_base64();
        Ok(Self {
            user: account.user_id.to_string(),
            master: key(),
            self_signing: key(),
            user_signing: key(),
            backup: BackupKey::random()?.public(),
            device: key(),
        })
    }

    /// An identity key as it is published, signed by the server's master key.
    fn published(&self, private: &str, usage: &str) -> Option<Value> {
        let key = public(private)?;
        let mut object = json!({"user_id": self.user, "usage": [usage], "keys": {format!("ed25519:{key}"): key}});
        sign(&mut object, &self.user, &self.master).ok()?;
        Some(object)
    }

    /// Puts the server's identity in the place of the account's, and lets it vouch for every session.
    pub(super) fn replace_identity(&self, answer: &mut Value) -> Option<()> {
        let user = self.user.as_str();
        answer["master_keys"][user] = self.published(&self.master, "master")?;
        answer["self_signing_keys"][user] = self.published(&self.self_signing, "self_signing")?;
        answer["user_signing_keys"][user] = self.published(&self.user_signing, "user_signing")?;
        for device in answer["device_keys"][user].as_object_mut()?.values_mut() {
            sign(device, user, &self.self_signing).ok()?;
        }
        Some(())
    }

    /// A session that nobody ever signed in with.
    fn device_of(&self, owner: &str) -> Option<Value> {
        let key = public(&self.device)?;
        let mut device = json!({
            "user_id": owner, "device_id": "GHOST", "algorithms": ["m.olm.v1.curve25519-aes-sha2"],
            "keys": {"ed25519:GHOST": key, "curve25519:GHOST": key},
        });
        let bytes = Ed25519SecretKey::from_base64(&self.device).ok()?;
        let mut bare = device.clone();
        sign(&mut bare, owner, &self.device).ok()?;
        // The same signature, under the name that a session's has.
        let signature = bare["signatures"][owner][format!("ed25519:{}", bytes.public_key().to_base64())].take();
        device["signatures"] = json!({owner: {"ed25519:GHOST": signature}});
        Some(device)
    }

    fn add_device(&self, answer: &mut Value, owner: &str) -> Option<()> {
        let device = self.device_of(owner)?;
        answer["device_keys"][self.user.as_str()]["GHOST"] = device;
        Some(())
    }

    /// The description of a backup whose private key the server has, signed by the session it invented.
    fn backup_version(&self, answer: &mut Value) -> Option<()> {
        let mut auth_data = json!({"public_key": self.backup});
        sign(&mut auth_data, &self.user, &self.device).ok()?;
        let id = format!("ed25519:{}", public(&self.device)?);
        let signature = auth_data["signatures"][self.user.as_str()][id].take();
        auth_data["signatures"] = json!({self.user.as_str(): {"ed25519:GHOST": signature}});
        answer["auth_data"] = auth_data;
        answer["version"] = json!("999999");
        Some(())
    }
}

/// Lets `edit` change the content of one piece of account data where it comes with a sync.
fn account_data(
    kind: String,
    edit: impl Fn(&mut Value) + Clone + Send + Sync + 'static,
) -> impl FnMut(&Exchange) -> Option<Fault> + Send {
    change(Method::GET, "/sync", move |answer| {
        for event in answer["account_data"]["events"].as_array_mut().into_iter().flatten() {
            if event["type"].as_str().is_some_and(|it| it.starts_with(&kind)) {
                edit(&mut event["content"]);
            }
        }
    })
}

#[tokio::test]
async fn keys_that_are_not_the_accounts() -> Result<()> {
    let account = super::account().await?;
    let server = Server::of(&account)?;
    let user = account.user_id.to_string();
    let phone = account.sessions.get(1).context("no phone")?.device_id().to_string();
    let attacks = vec![
        Attack::new("nothing", |_| None, &["backup-not-proven", "coverage-unknown"]),
        Attack::new(
            "the server's identity, which vouches for all sessions",
            {
                let server = server.clone();
                change(Method::POST, KEYS, move |it| {
                    let _ = server.replace_identity(it);
                })
            },
            &["backup-not-proven", "coverage-unknown", "secrets-do-not-fit"],
        ),
        Attack::new(
            "the self-signing key is the server's",
            {
                let server = server.clone();
                change(Method::POST, KEYS, move |it| {
                    let user = server.user.as_str();
                    let mut key = server
                        .published(&server.self_signing, "self_signing")
                        .unwrap_or_default();
                    key["signatures"] = it["self_signing_keys"][user]["signatures"].clone();
                    it["self_signing_keys"][user] = key;
                })
            },
            &[
                "backup-not-proven",
                "coverage-unknown",
                "identity-badly-signed",
                "secrets-do-not-fit",
                "session-not-signed",
            ],
        ),
        Attack::new(
            "no identity",
            {
                let user = user.clone();
                change(Method::POST, KEYS, move |it| {
                    for kind in ["master_keys", "self_signing_keys", "user_signing_keys"] {
                        it[kind].as_object_mut().and_then(|it| it.remove(&user));
                    }
                })
            },
            &[
                "backup-not-proven",
                "backup-not-trusted",
                "coverage-unknown",
                "no-identity",
            ],
        ),
        Attack::new(
            "signatures stripped",
            {
                let user = user.clone();
                change(Method::POST, KEYS, move |it| {
                    for device in it["device_keys"][&user]
                        .as_object_mut()
                        .into_iter()
                        .flat_map(|it| it.values_mut())
                    {
                        device["signatures"] = json!({});
                    }
                })
            },
            &["backup-not-proven", "coverage-unknown", "session-not-signed"],
        ),
        Attack::new(
            "identity signatures stripped from sessions",
            {
                let user = user.clone();
                change(Method::POST, KEYS, move |it| {
                    for (id, device) in it["device_keys"][&user].as_object_mut().into_iter().flatten() {
                        let own = format!("ed25519:{id}");
                        if let Some(it) = device["signatures"][&user].as_object_mut() {
                            it.retain(|id, _| *id == own);
                        }
                    }
                })
            },
            &["backup-not-proven", "coverage-unknown", "session-not-signed"],
        ),
        Attack::new(
            "the phone's keys are hidden",
            {
                let (user, phone) = (user.clone(), phone.clone());
                change(Method::POST, KEYS, move |it| {
                    it["device_keys"][&user]
                        .as_object_mut()
                        .and_then(|it| it.remove(&phone));
                })
            },
            &[
                "backup-not-proven",
                "coverage-unknown",
                "only-session",
                "session-keyless",
            ],
        ),
        Attack::new(
            "a session added to the keys",
            {
                let server = server.clone();
                change(Method::POST, KEYS, move |it| {
                    let _ = server.add_device(it, &server.user);
                })
            },
            &["backup-not-proven", "coverage-unknown", "session-not-signed"],
        ),
        Attack::new(
            "another user's session among the keys",
            {
                let server = server.clone();
                change(Method::POST, KEYS, move |it| {
                    let _ = server.add_device(it, "@eve:example.org");
                })
            },
            &["backup-not-proven", "coverage-unknown", "session-not-signed"],
        ),
        Attack::new(
            "another user's keys instead",
            {
                let user = user.clone();
                change(Method::POST, KEYS, move |it| {
                    for part in it.as_object_mut().into_iter().flat_map(|it| it.values_mut()) {
                        if let Some(keys) = part.as_object_mut().and_then(|it| it.remove(&user)) {
                            part["@eve:example.org"] = keys;
                        }
                    }
                })
            },
            &[
                "backup-not-proven",
                "backup-not-trusted",
                "coverage-unknown",
                "no-identity",
                "only-session",
                "session-keyless",
            ],
        ),
        Attack::new(
            "another user's keys under the account's name",
            {
                let user = user.clone();
                change(Method::POST, KEYS, move |it| {
                    let text = it.to_string().replace(&user, "@eve:example.org");
                    let mut eve: Value = serde_json::from_str(&text).unwrap_or_default();
                    for part in eve.as_object_mut().into_iter().flat_map(|it| it.values_mut()) {
                        if let Some(keys) = part.as_object_mut().and_then(|it| it.remove("@eve:example.org")) {
                            part[&user] = keys;
                        }
                    }
                    *it = eve;
                })
            },
            &[
                "backup-not-proven",
                "backup-not-trusted",
                "coverage-unknown",
                "no-identity",
            ],
        ),
        Attack::new(
            "two sessions' keys swapped",
            {
                let user = user.clone();
                change(Method::POST, KEYS, move |it| {
                    let devices = it["device_keys"][&user].as_object_mut().into_iter().flatten();
                    let mut devices: Vec<&mut Value> = devices.map(|(_, it)| it).collect();
                    if let [first, second, ..] = devices.as_mut_slice() {
                        std::mem::swap(*first, *second);
                    }
                })
            },
            &["backup-not-proven", "coverage-unknown", "session-not-signed"],
        ),
        Attack::new(
            "a version with the server's key, unsigned",
            {
                let server = server.clone();
                change(Method::GET, VERSION, move |it| {
                    it["auth_data"] = json!({"public_key": server.backup});
                    it["version"] = json!("999999");
                })
            },
            &["backup-key-of-other-version", "backup-unsigned", "coverage-unknown"],
        ),
        Attack::new(
            "a version with the server's key under the old signatures",
            {
                let server = server.clone();
                change(Method::GET, VERSION, move |it| {
                    it["auth_data"]["public_key"] = json!(server.backup)
                })
            },
            &["backup-key-of-other-version", "backup-not-trusted", "coverage-unknown"],
        ),
        Attack::new(
            "a version with the server's key, signed by a session that only the server vouches for",
            {
                let server = server.clone();
                let mut keys = {
                    let server = server.clone();
                    change(Method::POST, KEYS, move |it| {
                        let _ = server.add_device(it, &server.user);
                    })
                };
                let mut version = change(Method::GET, VERSION, move |it| {
                    let _ = server.backup_version(it);
                });
                move |it: &Exchange| keys(it).or_else(|| version(it))
            },
            &[
                "backup-key-of-other-version",
                "backup-not-trusted",
                "coverage-unknown",
                "session-not-signed",
            ],
        ),
        Attack::new(
            "another algorithm",
            change(Method::GET, VERSION, |it| {
                it["algorithm"] = json!(format!("{BACKUP_ALGORITHM}.none"))
            }),
            &["backup-algorithm-unknown", "coverage-unknown"],
        ),
        Attack::new(
            "the backup is hidden",
            |it: &Exchange| {
                it.is(&Method::GET, VERSION)
                    .then(|| Fault::Answer(Reply::error(404, "M_NOT_FOUND", "No current backup version")))
            },
            &["coverage-unknown", "no-key-backup"],
        ),
    ];
    let number = attack(&account, attacks, &["--quick"]).await?;
    Ok(counts::tell(format_args!("hostile servers: {number} attacks on keys"))?)
}

#[tokio::test]
async fn secret_storage_that_is_not_what_it_was() -> Result<()> {
    let account = super::account().await?;
    let stranger = StorageKey::random()?;
    let description = stranger.description()?;
    let secret = |kind: Secret| kind.event_type().to_owned();
    let key = || "m.secret_storage.key.".to_owned();
    let attacks = vec![
        Attack::new(
            "no check data",
            account_data(key(), |it| {
                it.as_object_mut().map(|it| (it.remove("iv"), it.remove("mac")));
            }),
            &["backup-not-proven", "coverage-unknown", "storage-key-unchecked"],
        ),
        Attack::new(
            "check data for another key",
            account_data(key(), move |it| {
                it["iv"] = description["iv"].clone();
                it["mac"] = description["mac"].clone();
            }),
            &["coverage-unknown", "recovery-key-opens-nothing"],
        ),
        Attack::new(
            "check data that is none",
            account_data(key(), |it| it["mac"] = json!("AAAA")),
            &["backup-not-proven", "coverage-unknown", "storage-key-unchecked"],
        ),
        Attack::new(
            "2^31 rounds",
            account_data(key(), |it| {
                it["passphrase"] =
                    json!({"algorithm": "m.pbkdf2", "salt": "salt", "iterations": 2_147_483_648_u64, "bits": 256});
            }),
            &["backup-not-proven", "coverage-unknown", "passphrase-parameters-absurd"],
        ),
        Attack::new(
            "an algorithm nobody knows",
            account_data(key(), |it| it["algorithm"] = json!("org.example.rot13")),
            &["coverage-unknown", "recovery-key-opens-nothing"],
        ),
        Attack::new(
            "no check data and secrets for another key",
            {
                let sealed = stranger.encrypt(Secret::BackupKey.event_type(), &[b'A'; 43])?;
                change(Method::GET, "/sync", move |answer| {
                    for event in answer["account_data"]["events"].as_array_mut().into_iter().flatten() {
                        let kind = event["type"].as_str().unwrap_or_default().to_owned();
                        let content = &mut event["content"];
                        if kind.starts_with("m.secret_storage.key.") {
                            content.as_object_mut().map(|it| (it.remove("iv"), it.remove("mac")));
                        } else if let Some(under) = content["encrypted"].as_object_mut() {
                            under.values_mut().for_each(|it| *it = sealed.clone());
                        }
                    }
                })
            },
            &[
                "coverage-unknown",
                "recovery-key-opens-nothing",
                "storage-key-unchecked",
            ],
        ),
        Attack::new(
            "secrets swapped between names",
            change(Method::GET, "/sync", |answer| {
                let events = answer["account_data"]["events"].as_array_mut().into_iter().flatten();
                let mut sealed: Vec<&mut Value> = events
                    .filter(|it| it["content"]["encrypted"].is_object())
                    .map(|it| &mut it["content"])
                    .collect();
                if let [first, second, third, fourth] = sealed.as_mut_slice() {
                    std::mem::swap(*first, *second);
                    std::mem::swap(*third, *fourth);
                }
            }),
            &["backup-key-of-other-version", "coverage-unknown", "secrets-do-not-fit"],
        ),
        Attack::new(
            "a secret's ciphertext changed",
            account_data(secret(Secret::BackupKey), |it| {
                for sealed in it["encrypted"]
                    .as_object_mut()
                    .into_iter()
                    .flat_map(|it| it.values_mut())
                {
                    sealed["ciphertext"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
                }
            }),
            &["backup-key-of-other-version", "coverage-unknown"],
        ),
        Attack::new(
            "another default key",
            account_data("m.secret_storage.default_key".to_owned(), |it| {
                it["key"] = json!("NOBODY")
            }),
            &[
                "backup-not-proven",
                "coverage-unknown",
                "no-default-key",
                "recovery-key-opens-other-key",
            ],
        ),
        Attack::new(
            "a default key that is no text",
            account_data("m.secret_storage.default_key".to_owned(), |it| {
                it["key"] = json!({"a": [1]})
            }),
            &[
                "backup-not-proven",
                "coverage-unknown",
                "no-default-key",
                "recovery-key-opens-other-key",
            ],
        ),
    ];
    let number = attack(&account, attacks, &["--quick"]).await?;
    Ok(counts::tell(format_args!(
        "hostile servers: {number} attacks on secret storage"
    ))?)
}
