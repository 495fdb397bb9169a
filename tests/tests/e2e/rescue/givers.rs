//! From whom room keys are taken: from verified sessions of the account that were asked, and from nobody else.

use anyhow::{Context, Result, ensure};
use lifeboat_rescue::{gather, held_room_keys};
use lifeboat_tests::account::{AccountSpec, Defect, ServerBackup, Way};
use lifeboat_tests::forger::Forger;

use super::{at_risk, options};
use crate::live::{enter, typed};

#[tokio::test]
async fn only_verified_sessions_of_the_account_that_were_asked_are_heard() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).with(Defect::OneSession).build().await?;
    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let secrets = account.secrets.as_ref().context("no secrets")?;
    let room = &account.rooms[0];
    let mut ids = room.session_ids().into_iter();
    let (lost, kept) = (ids.next().context("no key")?, ids.next().context("no other key")?);
    let open = async |id: &str| {
        let entry = backup.entry(&room.room_id, id).await?;
        secrets.backup_key()?.open(&entry["session_data"])
    };
    let (lost_key, kept_key) = (open(lost).await?, open(kept).await?);
    backup.delete(&room.room_id, lost).await?;
    account.first()?.stop();

    let unverified = Forger::within(&account, None).await?;
    let stranger = Forger::stranger(&account.homeserver).await?;
    let verified = Forger::within(&account, Some(secrets)).await?;
    let (homeserver, live) = enter(&account).await?;
    let missing = at_risk(&homeserver, &live).await?;
    assert_eq!(missing.len(), 1);
    live.open(&typed(&account)?).await?;
    let (user, device) = (account.user_id.as_str(), live.own().device_id().context("no device")?);
    let room_id = room.room_id.as_str();
    let asking = options(60);
    let answering = async {
        verified.wait_to_be_asked(lost).await?;
        // What is sent one after the other is heard in this order: the last one ends the waiting.
        unverified.forward(user, device, (room_id, lost), &lost_key).await?;
        stranger.forward(user, device, (room_id, lost), &lost_key).await?;
        verified.forward(user, device, (room_id, kept), &kept_key).await?;
        verified.forward(user, device, (room_id, lost), &lost_key).await
    };
    let (gathered, answered) = tokio::join!(gather(&live, missing, &asking), answering);
    answered?;
    let gathered = gathered?;
    assert_eq!(gathered.arrived.len(), 1);
    let from = gathered.arrived[0].from.as_ref().map(|it| it.as_str());
    ensure!(from == Some(verified.device_id()), "it was taken from {from:?}");
    // What nobody asked for was not taken, though a verified session sent it.
    let folder = tempfile::tempdir()?;
    assert_eq!(held_room_keys(live.own(), folder.path()).await?.len(), 1);
    assert_eq!(at_risk(&homeserver, &live).await?, []);
    live.end().await.leave().await?;
    Ok(())
}
