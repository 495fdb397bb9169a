//! Carries a repair out. Each looks again before it writes: the account may have changed since the plan.

use lifeboat_preflight::{
    BackupAccess, BackupAccessError, BackupView, Homeserver, LiveError, OwnSession, SecretsAccess, SecretsAccessError,
};
use lifeboat_report::facts::SecretName;
use matrix_sdk::{
    HttpError,
    encryption::vodozemac::{Curve25519PublicKey, Curve25519SecretKey},
    ruma::{
        api::{
            client::{
                backup::{create_backup_version, get_latest_backup_info, update_backup_version},
                config::{get_global_account_data, set_global_account_data},
            },
            error::ErrorKind,
        },
        events::GlobalAccountDataEventType,
        serde::Raw,
    },
};
use secrecy::SecretString;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Repair;
use crate::{UploadError, download, upload};

/// Why a repair was not carried out. Each leaves the account as it was, or with entries or secrets added.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The account is not as it was when the plan was made.
    #[error("the account has changed since the plan was made.")]
    Changed,
    /// Secret storage does not open.
    #[error(transparent)]
    Secrets(#[from] SecretsAccessError),
    /// The key backup does not open.
    #[error(transparent)]
    Backup(#[from] BackupAccessError),
    /// Entries could not be added.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// This machine's cryptography failed.
    #[error("this machine cannot encrypt or sign.")]
    Cipher,
    /// The session is over, or the server could not be asked.
    #[error(transparent)]
    Live(#[from] LiveError),
}

/// Carries `repair` out with the keys that were `typed`.
pub async fn apply(
    repair: &Repair,
    session: &OwnSession,
    homeserver: &Homeserver,
    typed: &[SecretString],
) -> Result<(), RepairError> {
    match repair {
        Repair::MineBackup { from, to, public_key } => mine(session, homeserver, typed, from, to, public_key).await,
        Repair::SignBackup { version, public_key } => {
            let backup = BackupAccess::open(session, homeserver, typed).await?;
            if backup.view().version != *version || backup.view().public_key != *public_key {
                return Err(RepairError::Changed);
            }
            sign(session, typed, version, public_key).await
        }
        Repair::StoreBackupKey { version, under } => {
            let backup = BackupAccess::open(session, homeserver, typed).await?;
            if backup.view().version != *version {
                return Err(RepairError::Changed);
            }
            let secrets = SecretsAccess::open(session, typed).await?;
            store(session, &secrets, under, SecretName::BackupKey, backup.private_key()).await
        }
        Repair::SetDefaultKey { to, .. } => {
            if !SecretsAccess::open(session, typed).await?.opens(to) {
                return Err(RepairError::Changed);
            }
            write(session, "m.secret_storage.default_key", &json!({"key": to})).await
        }
        Repair::CreateBackup { under } => create(session, typed, under).await,
    }
}

async fn mine(
    session: &OwnSession,
    homeserver: &Homeserver,
    typed: &[SecretString],
    from: &str,
    to: &str,
    public_key: &str,
) -> Result<(), RepairError> {
    let target = BackupView::of_active(session, homeserver).await?;
    if target.version != to || target.public_key != public_key {
        return Err(RepairError::Changed);
    }
    let older = BackupAccess::open_version(session, homeserver, typed, from).await?;
    let found = download(session, &older).await?;
    upload(session, &target, &found.keys).await?;
    Ok(())
}

/// `PUT /_matrix/client/v3/room_keys/version/{version}`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3room_keysversionversion)): the same
/// `auth_data` with one more signature.
async fn sign(
    session: &OwnSession,
    typed: &[SecretString],
    version: &str,
    public_key: &str,
) -> Result<(), RepairError> {
    let secrets = SecretsAccess::open(session, typed).await?;
    let (caller, client) = (session.caller(), session.caller().client());
    let latest = heard(
        caller
            .hear(client.send(get_latest_backup_info::v3::Request::new()))
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
    heard(caller.hear(client.send(request)).await).map(drop)
}

/// Stores the key first and makes the backup with it then: stopped in between, the next run finds the key and goes on.
///
/// `POST /_matrix/client/v3/room_keys/version`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3room_keysversion)).
async fn create(session: &OwnSession, typed: &[SecretString], under: &str) -> Result<(), RepairError> {
    let secrets = SecretsAccess::open(session, typed).await?;
    if exists(session).await? {
        return Err(RepairError::Changed);
    }
    let private_key = match secrets.without_counterpart(SecretName::BackupKey) {
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
    heard(session.caller().hear(session.caller().client().send(request)).await).map(drop)
}

async fn exists(session: &OwnSession) -> Result<bool, RepairError> {
    let asked = session
        .caller()
        .client()
        .send(get_latest_backup_info::v3::Request::new());
    match session.caller().hear(asked).await {
        Ok(_) => Ok(true),
        Err(error) if error.client_api_error_kind() == Some(&ErrorKind::NotFound) => Ok(false),
        Err(error) => Err(LiveError::from(error).into()),
    }
}

/// Adds a secret under one storage key; what is stored under others stays.
async fn store(
    session: &OwnSession,
    secrets: &SecretsAccess,
    under: &str,
    name: SecretName,
    secret: &[u8; 32],
) -> Result<(), RepairError> {
    if !secrets.opens(under) {
        return Err(RepairError::Changed);
    }
    let sealed = secrets.seal(under, name, secret).ok_or(RepairError::Cipher)?;
    let mut content = read(session, name.event_type()).await?.unwrap_or_else(|| json!({}));
    if !content.get("encrypted").is_some_and(Value::is_object) {
        content = json!({"encrypted": {}});
    }
    content["encrypted"][under] = sealed;
    write(session, name.event_type(), &content).await
}

/// `GET /_matrix/client/v3/user/{userId}/account_data/{type}`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3useruseridaccount_datatype)).
async fn read(session: &OwnSession, kind: &str) -> Result<Option<Value>, RepairError> {
    let request =
        get_global_account_data::v3::Request::new(session.user_id().to_owned(), GlobalAccountDataEventType::from(kind));
    let answer = session.caller().hear(session.caller().client().send(request)).await;
    match answer {
        Ok(answer) => Ok(serde_json::from_str(answer.account_data.json().get()).ok()),
        Err(error) if error.client_api_error_kind() == Some(&ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(LiveError::from(error).into()),
    }
}

/// `PUT /_matrix/client/v3/user/{userId}/account_data/{type}`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3useruseridaccount_datatype)).
async fn write(session: &OwnSession, kind: &str, content: &Value) -> Result<(), RepairError> {
    let content = Raw::new(content).map_err(|_| RepairError::Cipher)?.cast_unchecked();
    let request = set_global_account_data::v3::Request::new_raw(
        session.user_id().to_owned(),
        GlobalAccountDataEventType::from(kind),
        content,
    );
    heard(session.caller().hear(session.caller().client().send(request)).await).map(drop)
}

fn heard<T>(answer: Result<T, HttpError>) -> Result<T, RepairError> {
    Ok(answer.map_err(LiveError::from)?)
}
