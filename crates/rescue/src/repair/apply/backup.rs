//! The key backup: mined, made, signed, wanted.

use lifeboat_preflight::{BackupAccess, BackupView, LiveError, OwnSession, SecretsAccess};
use lifeboat_report::facts::SecretName;
use matrix_sdk::{
    encryption::vodozemac::{Curve25519PublicKey, Curve25519SecretKey},
    ruma::{
        api::{
            client::backup::{create_backup_version, get_latest_backup_info, update_backup_version},
            error::ErrorKind,
        },
        serde::Raw,
    },
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Bench, RepairError, account_data::write, heard, secrets::store};
use crate::{download, repair::Switch, upload};

pub(super) async fn mine(
    session: &OwnSession,
    bench: &Bench<'_>,
    from: &str,
    to: &str,
    public_key: &str,
) -> Result<(), RepairError> {
    let target = BackupView::of_active(session, bench.homeserver).await?;
    if target.version != to || target.public_key != public_key {
        return Err(RepairError::Changed);
    }
    let older = BackupAccess::open_version(session, bench.homeserver, bench.typed, from).await?;
    let found = download(session, &older, &bench.mining.reading).await?;
    upload(session, &target, &found.keys, &bench.mining.adding).await?;
    // What follows is no part of it.
    bench.mining.clear();
    Ok(())
}

/// `PUT /_matrix/client/v3/room_keys/version/{version}`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3room_keysversionversion)): the same
/// `auth_data` with one more signature.
pub(super) async fn sign(
    session: &OwnSession,
    bench: &Bench<'_>,
    version: &str,
    public_key: &str,
) -> Result<(), RepairError> {
    let backup = BackupAccess::open(session, bench.homeserver, bench.typed).await?;
    if backup.view().version != *version || backup.view().public_key != *public_key {
        return Err(RepairError::Changed);
    }
    let secrets = SecretsAccess::open(session, bench.typed).await?;
    let (caller, client) = (session.caller(), session.caller().client());
    let latest = heard(
        caller
            .ask(|| client.send(get_latest_backup_info::v3::Request::new()))
            .await,
    )?;
    let mut algorithm: Value = serde_json::from_str(latest.algorithm.json().get()).map_err(|_| RepairError::Changed)?;
    let auth_data = algorithm.get_mut("auth_data").ok_or(RepairError::Changed)?;
    let same_key = auth_data
        .get("public_key")
        .and_then(Value::as_str)
        .map(|it| it.trim_end_matches('='));
    if latest.version != version || same_key != Some(public_key) {
        return Err(RepairError::Changed);
    }
    secrets.sign_as_identity(auth_data).ok_or(RepairError::Changed)?;
    let algorithm = Raw::new(&algorithm).map_err(|_| RepairError::Cipher)?.cast_unchecked();
    let request = update_backup_version::v3::Request::new(version.to_owned(), algorithm);
    heard(caller.ask(|| client.send(request.clone())).await).map(drop)
}

/// Stores the key first and makes the backup with it then: stopped in between, the next run finds the key and goes on.
///
/// `POST /_matrix/client/v3/room_keys/version`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3room_keysversion)).
pub(super) async fn create(
    session: &OwnSession,
    bench: &Bench<'_>,
    under: &str,
    beside: Option<&str>,
) -> Result<(), RepairError> {
    let secrets = SecretsAccess::open(session, bench.typed).await?;
    if active(session).await?.as_deref() != beside {
        return Err(RepairError::Changed);
    }
    let begun = secrets.under(under, SecretName::BackupKey);
    let private_key = match begun {
        Some(stored) => Zeroizing::new(*stored),
        None => {
            let mut key = Zeroizing::new([0; 32]);
            aws_lc_rs::rand::fill(&mut key[..]).map_err(|_| RepairError::Cipher)?;
            store(session, &secrets, under, SecretName::BackupKey, &key).await?;
            key
        }
    };
    let public_key = Curve25519PublicKey::from(&Curve25519SecretKey::from_slice(&private_key)).to_base64();
    let mut auth_data = json!({"public_key": public_key});
    secrets.sign_as_identity(&mut auth_data).ok_or(RepairError::Changed)?;
    let algorithm = json!({"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": auth_data});
    let algorithm = Raw::new(&algorithm).map_err(|_| RepairError::Cipher)?.cast_unchecked();
    let request = create_backup_version::v3::Request::new(algorithm);
    let caller = session.caller();
    heard(caller.ask(|| caller.client().send(request.clone())).await).map(drop)
}

async fn active(session: &OwnSession) -> Result<Option<String>, RepairError> {
    let caller = session.caller();
    let ask = || caller.client().send(get_latest_backup_info::v3::Request::new());
    match caller.ask(ask).await {
        Ok(answer) => Ok(Some(answer.version)),
        Err(error) if error.client_api_error_kind() == Some(&ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(LiveError::from(error).into()),
    }
}

/// Account data cannot be deleted, so it says the opposite.
pub(super) async fn switch_on(session: &OwnSession, switch: Switch) -> Result<(), RepairError> {
    match switch {
        Switch::KeyBackup => write(session, "m.key_backup", &json!({"enabled": true})).await,
        Switch::BackupDisabled => {
            write(
                session,
                "m.org.matrix.custom.backup_disabled",
                &json!({"disabled": false}),
            )
            .await
        }
    }
}
