//! Makes accounts: first a healthy one, or as healthy as the defects let it become, then what is to be spoiled.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use matrix_sdk::ruma::OwnedRoomId;

use super::{
    AccountSpec, Dating, Defect, RoomKind, Secrets, ServerBackup, TestAccount, TestRoom, history, keys, spoil,
};
use crate::name;
use crate::server::{EARLIER_DAYS, Homeserver, Rank};
use crate::session::Session;
use crate::wait::until;

/// Makes the account.
pub(super) async fn build(spec: &AccountSpec) -> Result<TestAccount> {
    let mut homeserver = Homeserver::find(spec.profile)?;
    let dating = match spec.dates {
        Some(dates) => Some(Dating::in_front_of(&mut homeserver, dates).await?),
        None => None,
    };
    // Satisfies every password policy of the profiles.
    let (localpart, password) = (name_of(spec, "mira")?, name::fresh("Old-Password-1")?);
    let registered = homeserver
        .register_with_session(&localpart, &password, Rank::User, "Laptop")
        .await?;
    let user_id = registered.user_id.clone();
    // An OAuth server keeps addresses too, and tells the homeserver nothing of them.
    let email = if spec.has(Defect::NoEmail) || homeserver.delegates() {
        None
    } else {
        Some(format!("{localpart}@mail.lifeboat.localhost"))
    };
    if let Some(email) = &email {
        homeserver.set_email(user_id.as_str(), email).await?;
    }
    let first = Session::first_of(&homeserver.base_url, registered).await?;
    let has_identity = !spec.has(Defect::NoIdentity) && !spec.has(Defect::BrandNew);
    if has_identity {
        first
            .client()
            .encryption()
            .bootstrap_cross_signing(None)
            .await
            .context("no identity could be made")?;
    }
    let recovery = keys::make(spec, &first).await.context("no keys could be made")?;
    let secrets = if has_identity {
        Some(Secrets::of(&first).await?)
    } else {
        None
    };
    let mut account = TestAccount {
        homeserver,
        user_id,
        password,
        email,
        recovery,
        new_recovery_key: None,
        sessions: vec![first],
        friend: None,
        rooms: Vec::new(),
        secrets,
        dating,
    };
    if !spec.has(Defect::BrandNew) && !spec.has(Defect::OneSession) {
        add_second_session(spec, &mut account)
            .await
            .context("no second session")?;
    }
    if !spec.has(Defect::BrandNew) && spec.history.rooms > 0 {
        live(spec, &mut account).await.context("no messages")?;
    }
    spoil::spoil(spec, &mut account)
        .await
        .context("the defect could not be made")?;
    Ok(account)
}

/// Makes a name for a user; one with messages of earlier days is called so that these can be sent.
fn name_of(spec: &AccountSpec, usual: &str) -> Result<String> {
    name::fresh(if spec.dates.is_some() { EARLIER_DAYS } else { usual })
}

/// Signs in a second time and verifies that session as its owner would: with the recovery key where there is one.
async fn add_second_session(spec: &AccountSpec, account: &mut TestAccount) -> Result<()> {
    let (base_url, localpart) = (&account.homeserver.base_url, account.user_id.localpart());
    let without_storage = [
        Defect::NoSecretStorage,
        Defect::LegacyBackupKey,
        Defect::LegacyPassphrase,
    ];
    let has_storage = !without_storage.into_iter().any(|defect| spec.has(defect));
    let second = match &account.secrets {
        Some(secrets) if !has_storage => {
            Session::log_in_trusted(base_url, localpart, &account.password, "Phone", secrets).await?
        }
        _ if account.homeserver.delegates() => {
            let begun = account.homeserver.oauth()?.begin(localpart, "Phone").await?;
            Session::first_of(base_url, begun).await?
        }
        _ => Session::log_in(base_url, localpart, &account.password, "Phone").await?,
    };
    if let Some(text) = account.recovery.text().filter(|_| has_storage) {
        second.client().encryption().recovery().recover(text).await?;
    }
    account.first()?.wait_for_device_of(&second).await?;
    account.sessions.push(second);
    Ok(())
}

/// Fills the rooms, and waits until the backup holds all room keys and no session has anything left to do.
async fn live(spec: &AccountSpec, account: &mut TestAccount) -> Result<()> {
    let (localpart, password) = (name_of(spec, "friend")?, name::fresh("Password-1")?);
    let friend = account
        .homeserver
        .register_with_session(&localpart, &password, Rank::User, "Tablet")
        .await?;
    let friend = Session::first_of(&account.homeserver.base_url, friend).await?;
    if let Some(dating) = &account.dating {
        dating.begin(account.sessions.iter().chain([&friend]))?;
    }
    account.rooms = history::write(spec, &account.sessions, &friend).await?;
    if let Some(dating) = &account.dating {
        dating.end();
    }
    account.friend = Some(friend);
    settle(account).await?;
    for room in account.rooms.iter().filter(|room| room.kind == RoomKind::Left) {
        let path = format!(
            "/_matrix/client/v3/rooms/{}/leave",
            crate::api::segment(room.room_id.as_str())
        );
        account.api()?.post(&path, &serde_json::json!({})).await?;
    }
    Ok(())
}

/// Waits until the active backup, if there is one, holds the key of every event that the account can read.
pub(super) async fn settle(account: &TestAccount) -> Result<()> {
    let Some(backup) = ServerBackup::active(account.api()?).await? else {
        return Ok(());
    };
    for session in &account.sessions {
        if session.client().encryption().backups().are_enabled().await {
            session.upload_room_keys().await?;
        }
    }
    let wanted: BTreeSet<(OwnedRoomId, String)> = account.rooms.iter().flat_map(readable_keys).collect();
    until("the backup to hold every room key", async || {
        let entries = backup.entries().await?;
        let held =
            |(room_id, id): &(OwnedRoomId, String)| entries.get(room_id).is_some_and(|room| room.contains_key(id));
        Ok(wanted.iter().all(held).then_some(()))
    })
    .await
}

/// The room keys that the account has: in a room joined late those of the messages since then.
fn readable_keys(room: &TestRoom) -> impl Iterator<Item = (OwnedRoomId, String)> {
    room.readable()
        .map(|event| (room.room_id.clone(), event.session_id.clone()))
}
