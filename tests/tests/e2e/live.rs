//! A session that takes part in encryption, on real accounts: it opens, fetches, reads, and leaves nothing behind.

use anyhow::{Context, Result, ensure};
use lifeboat_preflight::{
    BackupConnection, Credentials, FetchProgress, Homeserver, Keeping, Left, LiveSession, NetworkOptions, OwnSession,
    OwnSignature, SettleProgress, UnlockError, discover,
};
use lifeboat_tests::account::{AccountSpec, Defect, RoomKind, Secret, ServerBackup, TestAccount, Way};
use lifeboat_tests::api::segment;
use secrecy::SecretString;

/// What the session is called.
const NAME: &str = "Lifeboat rescue (removes itself)";

async fn homeserver(account: &TestAccount) -> Result<Homeserver> {
    let url = &account.homeserver.base_url;
    Ok(discover(&account.user_id, Some(url), NetworkOptions::default()).await?)
}

pub(crate) async fn enter(account: &TestAccount) -> Result<(Homeserver, LiveSession)> {
    enter_keeping(account, Keeping::RemoveAtEnd).await
}

pub(crate) async fn enter_keeping(account: &TestAccount, keeping: Keeping) -> Result<(Homeserver, LiveSession)> {
    let homeserver = homeserver(account).await?;
    let password = Credentials::Password(SecretString::from(account.password.clone()));
    let own = OwnSession::sign_in_as(&homeserver, &account.user_id, password, keeping, NAME).await?;
    Ok((homeserver, LiveSession::begin(own).await?))
}

pub(crate) fn typed(account: &TestAccount) -> Result<SecretString> {
    Ok(SecretString::from(account.recovery.text().context("nothing to type")?))
}

pub(crate) async fn devices(account: &TestAccount) -> Result<Vec<(String, Option<String>)>> {
    let answer = account.api()?.get("/_matrix/client/v3/devices").await?;
    let text = |device: &serde_json::Value, name: &str| device[name].as_str().map(str::to_owned);
    let devices = answer["devices"].as_array().context("no devices")?;
    Ok(devices
        .iter()
        .map(|it| (text(it, "device_id").unwrap_or_default(), text(it, "display_name")))
        .collect())
}

/// Ends the sessions that killed or disturbed runs left behind, as their owner would; no other one is called so.
pub(crate) async fn end_what_is_left_behind(account: &TestAccount) -> Result<()> {
    let admin = account.homeserver.admin().await?;
    for (device, name) in devices(account).await? {
        if name.is_some_and(|it| it.starts_with("Lifeboat")) {
            let user = segment(account.user_id.as_str());
            let path = format!("/_synapse/admin/v2/users/{user}/devices/{}", segment(&device));
            admin.delete(&path).await.context("a session is left behind")?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_new_session_opens_fetches_reads_and_leaves() -> Result<()> {
    let account = AccountSpec::healthy(Way::Passphrase)
        .with(Defect::RoomLeft)
        .build()
        .await?;
    let (homeserver, live) = enter(&account).await?;
    let named = devices(&account).await?;
    let own = live.own().device_id().context("no device")?.to_owned();
    ensure!(
        named.contains(&(own, Some(NAME.to_owned()))),
        "the session is not called as asked: {named:?}"
    );

    let unlocked = live.open(&typed(&account)?).await?;
    assert_eq!(unlocked.identity.len(), 3);
    assert_eq!(unlocked.signature, OwnSignature::Signed);
    assert_eq!(unlocked.backup, BackupConnection::Connected);
    assert_eq!(live.holdings().await?, unlocked);

    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let progress = FetchProgress::default();
    let fetched = live.fetch_room_keys(&homeserver, &progress).await?;
    assert_eq!(fetched.listed, backup.count());
    assert_eq!(fetched.taken, backup.count());
    assert_eq!(
        (progress.keys_done(), progress.rooms_done()),
        (fetched.listed, fetched.rooms)
    );

    for room in account.rooms.iter().filter(|it| it.kind != RoomKind::Left) {
        let seen = live.client().get_room(&room.room_id).context("the room is not known")?;
        for event in &room.events {
            let read = seen.event(&event.event_id, None).await?;
            ensure!(read.encryption_info().is_some(), "{} is not readable", event.event_id);
        }
    }
    live.settle_backup(&SettleProgress::default()).await?;
    assert_eq!(live.end().await.leave().await?, Left::Removed);
    assert_eq!(devices(&account).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_wrong_key_and_a_missing_storage_are_told_apart() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let (_, live) = enter(&account).await?;
    let refused = live.open(&SecretString::from("not the passphrase")).await;
    assert!(matches!(refused, Err(UnlockError::WrongKey)), "{refused:?}");
    live.end().await.leave().await?;

    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::NoSecretStorage)
        .build()
        .await?;
    let (_, live) = enter(&account).await?;
    let refused = live.open(&SecretString::from("anything")).await;
    assert!(matches!(refused, Err(UnlockError::NoSecretStorage)), "{refused:?}");
    live.end().await.leave().await?;
    Ok(())
}

#[tokio::test]
async fn a_backup_that_does_not_fit_is_told_and_stays() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::BackupKeyOfOlderVersion)
        .build()
        .await?;
    let before = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let (_, live) = enter(&account).await?;
    let unlocked = live.open(&typed(&account)?).await?;
    assert_eq!(unlocked.backup, BackupConnection::KeyDoesNotFit);
    assert_eq!(unlocked.signature, OwnSignature::Signed);
    live.end().await.leave().await?;
    let after = ServerBackup::active(account.api()?)
        .await?
        .context("no backup any more")?;
    assert_eq!((after.version, after.info), (before.version, before.info));

    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::SecretBlanked(Secret::BackupKey))
        .build()
        .await?;
    let (_, live) = enter(&account).await?;
    let unlocked = live.open(&typed(&account)?).await?;
    assert_eq!(unlocked.backup, BackupConnection::KeyNotStored);
    live.end().await.leave().await?;

    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::SecretBlanked(Secret::UserSigning))
        .build()
        .await?;
    let (_, live) = enter(&account).await?;
    let refused = live.open(&typed(&account)?).await;
    let blank = matches!(&refused, Err(UnlockError::SecretBlank(name)) if name.event_type() == Secret::UserSigning.event_type());
    ensure!(blank, "{refused:?}");
    live.end().await.leave().await?;
    Ok(())
}

#[tokio::test]
async fn a_session_that_is_ended_says_so() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key).build().await?;
    let (homeserver, live) = enter(&account).await?;
    live.open(&typed(&account)?).await?;
    account.end_all_sessions().await?;
    let refused = live.fetch_room_keys(&homeserver, &FetchProgress::default()).await;
    ensure!(refused.is_err(), "the server still answered");
    assert!(live.session_ended());
    assert_eq!(live.end().await.leave().await?, Left::Removed);
    Ok(())
}
