//! Many messages in one room.

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lifeboat_tests::{
    account::{AccountSpec, ServerBackup, TestAccount, Way},
    api::segment,
};
use matrix_sdk::encryption::vodozemac::megolm::{GroupSession, InboundGroupSession, SessionConfig};
use serde_json::json;

use super::{check, compare, truth_after_the_end};

/// How many messages are sent with one room key.
const MESSAGES: usize = 3_000;
/// From which one on the backup has the key.
const FIRST_INDEX: u32 = 100;

/// Sends the messages by plain requests, and puts their room key into the backup.
async fn send_many(account: &TestAccount) -> Result<()> {
    // The sessions would ask each other for the key of every message.
    account.sessions.iter().chain(&account.friend).for_each(|it| it.stop());
    let room = account.rooms.first().context("rooms")?;
    let (api, room_id) = (account.api()?, segment(room.room_id.as_str()));
    let mut session = GroupSession::new(SessionConfig::version_1());
    let mut receiver = InboundGroupSession::new(&session.session_key(), SessionConfig::version_1());
    let messages: Vec<_> = (0..MESSAGES)
        .map(|number| {
            let text = json!({
                "type": "m.room.message", "room_id": room.room_id,
                "content": {"msgtype": "m.text", "body": number.to_string()},
            });
            let ciphertext = session.encrypt(text.to_string()).to_base64();
            json!({
                "algorithm": "m.megolm.v1.aes-sha2", "session_id": session.session_id(), "ciphertext": ciphertext,
            })
        })
        .collect();
    stream::iter(messages.iter().enumerate())
        .map(|(number, content)| {
            let path = format!("/_matrix/client/v3/rooms/{room_id}/send/m.room.encrypted/many{number}");
            async move { api.put(&path, content).await }
        })
        .buffer_unordered(8)
        .try_collect::<Vec<_>>()
        .await?;

    let backup = ServerBackup::active(api).await?.context("no backup")?;
    let key = account.secrets.as_ref().context("no secrets")?.backup_key()?;
    let some = room.events.first().context("events")?;
    let mut entry = backup.entry(&room.room_id, &some.session_id).await?;
    let mut room_key = key.open(&entry["session_data"])?;
    let exported = receiver.export_at(FIRST_INDEX).context("no such index")?;
    room_key["session_key"] = json!(exported.to_base64());
    entry["session_data"] = key.close(&room_key)?;
    entry["first_message_index"] = json!(FIRST_INDEX);
    backup.replace(&room.room_id, &session.session_id(), &entry).await
}

#[tokio::test]
async fn three_thousand_messages_in_one_room_are_forecast_one_by_one() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key).build().await?;
    send_many(&account).await?;
    let outcome = check(&account)?.run().await?;
    let truth = truth_after_the_end(&mut account).await?;
    let document = compare(&outcome, &truth)?;
    let events = &document["forecast"]["events"];
    ensure!(events["total"] == MESSAGES + 16, "{events:#}");
    ensure!(
        events["at_risk_by_cause"] == json!({"starts-too-late": FIRST_INDEX}),
        "{events:#}"
    );
    ensure!(events["starts_late_by"] == FIRST_INDEX, "{events:#}");
    Ok(())
}
