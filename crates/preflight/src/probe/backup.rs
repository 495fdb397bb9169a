//! `GET /_matrix/client/v3/room_keys/version`: the key backup, every signature checked and named.

use lifeboat_report::{
    Fact, Gap,
    facts::{BackupAlgorithm, BackupSignature, BackupVersion, DeviceKeys, Signature, Signer},
};
use matrix_sdk::{
    HttpError,
    ruma::{
        UserId,
        api::client::backup::{get_backup_info, get_latest_backup_info},
    },
};
use serde_json::Value;

use super::published::PublishedKeys;
use crate::{
    Caller,
    gap::{gap_of, is_not_found},
    signed_json::check_signature,
};

/// One version of the key backup, as the server tells it.
#[derive(Clone, Debug)]
pub(crate) struct RawBackup {
    pub(crate) version: String,
    pub(crate) algorithm: String,
    pub(crate) auth_data: Value,
    pub(crate) count: u64,
    pub(crate) etag: String,
}

impl RawBackup {
    /// Reads the server's whole answer about a version.
    pub(crate) fn read(answer: &Value) -> Option<Self> {
        let text = |name: &str| Some(answer.get(name)?.as_str()?.to_owned());
        Some(Self {
            version: text("version")?,
            algorithm: text("algorithm")?,
            auth_data: answer.get("auth_data")?.clone(),
            count: answer.get("count")?.as_u64()?,
            etag: text("etag")?,
        })
    }

    /// Returns the public half of the backup key.
    pub(crate) fn public_key(&self) -> Option<&str> {
        self.auth_data.get("public_key").and_then(Value::as_str)
    }

    /// Tells whether its entries can be understood: they are of the specification's algorithm.
    pub(crate) fn is_readable(&self) -> bool {
        self.algorithm == CURVE25519 && self.public_key().is_some()
    }
}

/// Asks for the newest version
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3room_keysversion)); known `None`: there
/// is no backup. Changes nothing.
pub(crate) async fn newest_backup(caller: &Caller) -> Fact<Option<RawBackup>> {
    let request = get_latest_backup_info::v3::Request::new();
    let answer = caller.ask(|| caller.client().send(request.clone())).await;
    fact(answer.map(|it| {
        (
            it.version,
            it.algorithm.json().get().to_owned(),
            it.count.into(),
            it.etag,
        )
    }))
}

/// Asks for an older version
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3room_keysversionversion)); known `None`:
/// the server does not have it any more. Changes nothing.
pub(crate) async fn backup_version(caller: &Caller, version: &str) -> Fact<Option<RawBackup>> {
    let request = get_backup_info::v3::Request::new(version.to_owned());
    let answer = caller.ask(|| caller.client().send(request.clone())).await;
    fact(answer.map(|it| {
        (
            it.version,
            it.algorithm.json().get().to_owned(),
            it.count.into(),
            it.etag,
        )
    }))
}

/// Version, `{"algorithm": …, "auth_data": …}`, count and etag.
type Answer = (String, String, u64, String);

fn fact(answer: Result<Answer, HttpError>) -> Fact<Option<RawBackup>> {
    match answer {
        Ok((version, algorithm, count, etag)) => match serde_json::from_str::<Value>(&algorithm) {
            Ok(mut content) => Fact::Known(Some(RawBackup {
                version,
                algorithm: content
                    .get("algorithm")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                auth_data: content.get_mut("auth_data").map(Value::take).unwrap_or_default(),
                count,
                etag,
            })),
            Err(_) => Fact::Unknown(Gap::Unreadable),
        },
        Err(error) if is_not_found(&error) => Fact::Known(None),
        Err(error) => Fact::Unknown(gap_of(&error)),
    }
}

/// The algorithm of the specification.
const CURVE25519: &str = "m.megolm_backup.v1.curve25519-aes-sha2";

/// Names and checks what a backup version says of itself.
pub(crate) fn describe(backup: &RawBackup, user: &UserId, published: Option<&PublishedKeys>) -> BackupVersion {
    BackupVersion {
        version: backup.version.clone(),
        algorithm: if backup.is_readable() {
            BackupAlgorithm::Curve25519AesSha2
        } else {
            BackupAlgorithm::Unknown(backup.algorithm.clone())
        },
        count: backup.count,
        etag: backup.etag.clone(),
        public_key: backup.public_key().map(|it| it.trim_end_matches('=').to_owned()),
        signatures: signatures(&backup.auth_data, user.as_str(), published),
    }
}

fn signatures(auth_data: &Value, user: &str, published: Option<&PublishedKeys>) -> Vec<BackupSignature> {
    let users = auth_data
        .get("signatures")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let mut all: Vec<BackupSignature> = users
        .flat_map(|(signing_user, keys)| {
            keys.as_object()
                .into_iter()
                .flatten()
                .map(move |(key_id, _)| (signing_user, key_id))
        })
        .map(|(signing_user, key_id)| {
            let id = key_id.strip_prefix("ed25519:").unwrap_or(key_id);
            let named = published.filter(|_| signing_user == user).and_then(|it| signer(it, id));
            match named {
                Some((signer, key)) => BackupSignature {
                    signer,
                    signature: check_signature(auth_data, user, id, &key),
                },
                None => BackupSignature {
                    signer: Signer::Stranger(key_id.clone()),
                    signature: Signature::UnknownKey,
                },
            }
        })
        .collect();
    all.sort_by(|a, b| a.signer.cmp(&b.signer));
    all
}

/// Returns whose key `id` is, and the key.
fn signer(published: &PublishedKeys, id: &str) -> Option<(Signer, String)> {
    if published.identity.master.as_deref() == Some(id) {
        return Some((Signer::Master, id.to_owned()));
    }
    let device = published.devices.get(id)?;
    let key = device.ed25519.clone()?;
    let signer = match device.keys {
        DeviceKeys::Signed => Signer::SignedSession(id.to_owned()),
        _ => Signer::UnsignedSession(id.to_owned()),
    };
    Some((signer, key))
}

#[cfg(test)]
mod tests {
    use matrix_sdk::ruma::user_id;
    use serde_json::json;
    use vodozemac::Ed25519Keypair;

    use super::*;
    use crate::probe::published::PublishedDevice;

    fn backup(auth_data: Value) -> RawBackup {
        RawBackup {
            version: "1".to_owned(),
            algorithm: CURVE25519.to_owned(),
            auth_data,
            count: 3,
            etag: "e".to_owned(),
        }
    }

    #[test]
    fn every_signature_is_checked_and_named() {
        let user = user_id!("@mira:example.org");
        let (master, device) = (Ed25519Keypair::new(), Ed25519Keypair::new());
        let text = r#"{"public_key":"abc"}"#;
        let master_key = master.public_key().to_base64();
        let mut published = PublishedKeys::default();
        published.identity.master = Some(master_key.clone());
        let keys = PublishedDevice {
            keys: DeviceKeys::Unsigned,
            dehydrated: false,
            ed25519: Some(device.public_key().to_base64()),
        };
        published.devices.insert("DEV".to_owned(), keys);
        let auth_data = json!({"public_key": "abc", "signatures": {
            "@mira:example.org": {
                format!("ed25519:{master_key}"): master.sign(text.as_bytes()).to_base64(),
                "ed25519:DEV": device.sign(b"something else").to_base64(),
                "ed25519:GONE": "x",
            },
            "@eve:example.org": {"ed25519:DEV": "x"},
        }});
        let described = describe(&backup(auth_data), user, Some(&published));
        let seen: Vec<_> = described
            .signatures
            .iter()
            .map(|it| (it.signer.clone(), it.signature))
            .collect();
        assert_eq!(
            seen,
            [
                (Signer::Master, Signature::Valid),
                (Signer::UnsignedSession("DEV".to_owned()), Signature::Invalid),
                (Signer::Stranger("ed25519:DEV".to_owned()), Signature::UnknownKey),
                (Signer::Stranger("ed25519:GONE".to_owned()), Signature::UnknownKey),
            ]
        );
        assert!(described.is_trusted());
    }

    #[test]
    fn an_algorithm_nobody_knows_or_without_a_public_key_is_named() {
        let user = user_id!("@mira:example.org");
        let mut odd = backup(json!({"public_key": "abc"}));
        odd.algorithm = "org.example.rot13".to_owned();
        assert_eq!(
            describe(&odd, user, None).algorithm,
            BackupAlgorithm::Unknown("org.example.rot13".to_owned())
        );
        let bare = backup(json!({}));
        assert_eq!(
            describe(&bare, user, None).algorithm,
            BackupAlgorithm::Unknown(CURVE25519.to_owned())
        );
    }
}
