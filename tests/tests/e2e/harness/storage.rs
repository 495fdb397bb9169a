//! Defects of secret storage.

use anyhow::{Context, Result};
use lifeboat_tests::account::{Defect, Recovery, Secret};
use lifeboat_tests::storage_key::StorageKey;

use super::{account_data, backup_of, default_key_id, identity_signatures, spoiled};

#[tokio::test]
async fn no_secret_storage() -> Result<()> {
    let account = spoiled(Defect::NoSecretStorage).await?;
    assert_eq!(
        account_data(&account, "m.secret_storage.default_key").await?.status,
        404
    );
    for secret in Secret::ALL {
        assert_eq!(
            account_data(&account, secret.event_type()).await?.status,
            404,
            "{secret:?}"
        );
    }
    assert_eq!(account.recovery, Recovery::None);
    assert_eq!(backup_of(&account).await?.count(), 8);
    assert_eq!(identity_signatures(&account).await?, [1, 1]);
    Ok(())
}

#[tokio::test]
async fn a_blanked_secret() -> Result<()> {
    let account = spoiled(Defect::SecretBlanked(Secret::BackupKey)).await?;
    let content = account_data(&account, Secret::BackupKey.event_type()).await?;
    assert_eq!((content.status, content.body), (200, serde_json::json!({})));
    let content = account_data(&account, Secret::SelfSigning.event_type()).await?.body;
    assert!(content["encrypted"].is_object());
    Ok(())
}

#[tokio::test]
async fn secrets_under_the_old_key() -> Result<()> {
    let account = spoiled(Defect::SecretsUnderOldKey).await?;
    let default = default_key_id(&account).await?;
    let content = account_data(&account, Secret::Master.event_type()).await?.body;
    let under: Vec<&String> = content["encrypted"].as_object().context("no secret")?.keys().collect();
    assert_eq!(under.len(), 1);
    assert_ne!(*under[0], default);

    let old = StorageKey::from_recovery_key(under[0], account.recovery.key().context("no old key")?)?;
    let master = old.decrypt(Secret::Master.event_type(), &content["encrypted"][under[0]])?;
    let secrets = account.secrets.as_ref().context("no secrets")?;
    assert_eq!(Some(std::str::from_utf8(&master)?), secrets.get(Secret::Master));

    let new = StorageKey::from_recovery_key(&default, account.new_recovery_key.as_deref().context("no new key")?)?;
    let description = account_data(&account, &format!("m.secret_storage.key.{default}"))
        .await?
        .body;
    assert!(new.fits(&description)? && !old.fits(&description)?);
    Ok(())
}

#[tokio::test]
async fn a_storage_key_without_check_data() -> Result<()> {
    let account = spoiled(Defect::StorageKeyUnchecked).await?;
    let id = default_key_id(&account).await?;
    let description = account_data(&account, &format!("m.secret_storage.key.{id}"))
        .await?
        .body;
    assert_eq!(description["algorithm"], "m.secret_storage.v1.aes-hmac-sha2");
    assert!(
        description["iv"].is_null() && description["mac"].is_null(),
        "{description}"
    );
    Ok(())
}
