//! Defects of the identity and of sessions.

use anyhow::{Context, Result};
use lifeboat_tests::account::{Defect, Recovery, Secret, ServerBackup};

use super::{account_data, backup_of, default_key_id, identity_signatures, own_keys, spoiled};

#[tokio::test]
async fn no_identity() -> Result<()> {
    let account = spoiled(Defect::NoIdentity).await?;
    let keys = own_keys(&account).await?;
    assert!(keys["master_keys"][account.user_id.as_str()].is_null(), "{keys}");
    assert_eq!(identity_signatures(&account).await?, [0, 0]);
    assert_eq!(account_data(&account, Secret::Master.event_type()).await?.status, 404);
    let key_id = default_key_id(&account).await?;
    let content = account_data(&account, Secret::BackupKey.event_type()).await?.body;
    assert!(content["encrypted"][key_id].is_object(), "{content}");
    assert_eq!(backup_of(&account).await?.count(), 8);
    Ok(())
}

#[tokio::test]
async fn a_brand_new_account() -> Result<()> {
    let account = spoiled(Defect::BrandNew).await?;
    assert_eq!((account.sessions.len(), account.rooms.len()), (1, 0));
    assert_eq!(account.recovery, Recovery::None);
    assert!(own_keys(&account).await?["master_keys"][account.user_id.as_str()].is_null());
    assert!(ServerBackup::active(account.api()?).await?.is_none());
    assert_eq!(
        account_data(&account, "m.secret_storage.default_key").await?.status,
        404
    );
    Ok(())
}

#[tokio::test]
async fn a_session_never_verified_and_one_without_keys() -> Result<()> {
    let account = spoiled(Defect::UnverifiedSession).await?;
    assert_eq!(identity_signatures(&account).await?, [1, 1, 0]);

    let account = spoiled(Defect::KeylessSession).await?;
    let devices = account.api()?.get("/_matrix/client/v3/devices").await?;
    let keys = own_keys(&account).await?;
    let with_keys = keys["device_keys"][account.user_id.as_str()]
        .as_object()
        .context("no keys")?;
    let devices = devices["devices"].as_array().context("no devices")?;
    assert_eq!((devices.len(), with_keys.len()), (3, 2));
    Ok(())
}

#[tokio::test]
async fn a_dehydrated_device() -> Result<()> {
    let account = spoiled(Defect::DehydratedDevice).await?;
    let path = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device";
    let device = account.api()?.get(path).await?;
    let id = device["device_id"].as_str().context("no device")?;
    let keys = own_keys(&account).await?;
    let user_id = account.user_id.as_str();
    let device = &keys["device_keys"][user_id][id];
    assert_eq!(device["dehydrated"], true);
    assert_eq!(
        device["signatures"][user_id]
            .as_object()
            .context("no signatures")?
            .len(),
        2
    );

    // The signature by the identity is one that other clients accept.
    let session = account.first()?;
    session
        .wait_until("a dehydrated device signed by the identity", async |client| {
            let device = client.encryption().get_device(&account.user_id, id.into()).await?;
            if device.is_none() {
                client.encryption().request_user_identity(&account.user_id).await?;
            }
            Ok(device.is_some_and(|device| device.is_dehydrated() && device.is_cross_signed_by_owner()))
        })
        .await
}

#[tokio::test]
async fn one_session() -> Result<()> {
    let account = spoiled(Defect::OneSession).await?;
    let devices = account.api()?.get("/_matrix/client/v3/devices").await?;
    assert_eq!(devices["devices"].as_array().context("no devices")?.len(), 1);
    assert_eq!(identity_signatures(&account).await?, [1]);
    assert_eq!(backup_of(&account).await?.count(), 8);
    Ok(())
}
