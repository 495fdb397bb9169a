//! The restore of matrix-sdk: downloads, decrypts and imports a whole key backup into its SQLite store.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use futures_util::StreamExt as _;
use lifeboat_tests::{canned::Canned, large_backup::LargeBackup, storage_key::StorageKey};
use matrix_sdk::{
    Client, SessionMeta, SessionTokens,
    authentication::matrix::MatrixSession,
    bytes::Bytes,
    encryption::{BackupDownloadStrategy, EncryptionSettings},
    ruma::{RoomId, owned_device_id, owned_user_id},
    store::RoomLoadSettings,
};
use serde_json::{Value, json};

/// Restores `backup`, and returns how long it took from the recovery key to the last room key in the store.
pub(crate) async fn restore(backup: &LargeBackup) -> Result<Duration> {
    let key = StorageKey::random()?;
    let server = serve(backup, &key).await?;
    let store = tempfile::tempdir()?;
    let client = Client::builder()
        .homeserver_url(server.base_url())
        .sqlite_store(store.path(), None)
        .with_encryption_settings(EncryptionSettings {
            backup_download_strategy: BackupDownloadStrategy::OneShot,
            ..EncryptionSettings::default()
        })
        .build()
        .await?;
    let session = MatrixSession {
        meta: SessionMeta {
            user_id: owned_user_id!("@mira:example.org"),
            device_id: owned_device_id!("BENCH"),
        },
        tokens: SessionTokens {
            access_token: "token".to_owned(),
            refresh_token: None,
        },
    };
    client
        .matrix_auth()
        .restore_session(session, RoomLoadSettings::default())
        .await?;
    client.encryption().wait_for_e2ee_initialization_tasks().await;

    let encryption = client.encryption();
    let last = RoomId::parse(backup.generator.room_id(backup.size.rooms - 1))?;
    let mut imported = Box::pin(encryption.backups().room_keys_for_room_stream(&last));
    let start = Instant::now();
    let storage = encryption
        .secret_storage()
        .open_secret_store(&key.recovery_key())
        .await?;
    storage.import_secrets().await?;
    let took = start.elapsed();
    // A download that fails is no error to the SDK.
    let imported = imported.next().await.context("nothing was imported")??;
    let imported: usize = imported.values().map(|sessions| sessions.len()).sum();
    let expected = backup.size.entries / backup.size.rooms;
    ensure!(
        imported as u64 == expected,
        "{imported} room keys of the last room were imported"
    );
    Ok(took)
}

/// Serves the backup, and secret storage with the backup key in it.
async fn serve(backup: &LargeBackup, key: &StorageKey) -> Result<Canned> {
    const SECRET: &str = "m.megolm_backup.v1";
    let private = BASE64_STANDARD_NO_PAD.encode(backup.generator.backup_key_bytes()?);
    let json = |value: Value| Bytes::from(value.to_string());
    let encrypted = json!({"encrypted": {key.id(): key.encrypt(SECRET, private.as_bytes())?}});
    let answers: Vec<(String, Bytes)> = vec![
        ("/_matrix/client/versions".into(), json(json!({"versions": ["v1.11"]}))),
        ("/room_keys/version".into(), backup.version()?),
        ("/room_keys/keys".into(), backup.listing.clone()),
        ("/m.secret_storage.default_key".into(), json(json!({"key": key.id()}))),
        (format!("/m.secret_storage.key.{}", key.id()), json(key.description()?)),
        (format!("/{SECRET}"), json(encrypted)),
        ("/keys/query".into(), json(json!({"device_keys": {}}))),
        (
            "/keys/upload".into(),
            json(json!({"one_time_key_counts": {"signed_curve25519": 50}})),
        ),
    ];
    Canned::start(Arc::new(move |_, path, _| {
        let answer = answers.iter().find(|(end, _)| path.ends_with(end))?;
        Some(answer.1.clone())
    }))
    .await
}
