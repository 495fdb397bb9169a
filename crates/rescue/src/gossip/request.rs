//! Questions for one room key.

use std::sync::LazyLock;

use lifeboat_preflight::LiveSession;
use matrix_sdk::ruma::{RoomId, TransactionId, events::room::encrypted::OriginalSyncRoomEncryptedEvent, serde::Raw};
use serde_json::json;
use vodozemac::megolm::{GroupSession, SessionConfig};

use super::GossipError;
use crate::own_devices::send_to_all;

/// A lawful Megolm message that nobody can read: it stands for the first message of any room key.
static ANY_MESSAGE: LazyLock<String> =
    LazyLock::new(|| GroupSession::new(SessionConfig::version_1()).encrypt("").to_base64());

/// Makes the SDK want a room key, so that it asks for it at the next turn of a sync and takes it when it comes.
///
/// The SDK asks when it fails to decrypt, and offers no other way: it is given the first message of that room key. Its
/// store on disk takes an answer only for the same `sender_key` as that message has, which nobody knows at first.
pub(super) async fn want(
    live: &LiveSession,
    room_id: &RoomId,
    session_id: &str,
    sender_key: Option<&str>,
) -> Result<(), GossipError> {
    let Some(room) = live.client().get_room(room_id) else {
        return Ok(());
    };
    let mut event = json!({
        "type": "m.room.encrypted",
        "event_id": "$lifeboat",
        "sender": live.own().user_id(),
        "origin_server_ts": 0,
        "content": {
            "algorithm": "m.megolm.v1.aes-sha2",
            "ciphertext": ANY_MESSAGE.as_str(),
            "session_id": session_id,
        },
    });
    if let Some(sender_key) = sender_key {
        event["content"]["sender_key"] = sender_key.into();
    }
    let event: Raw<OriginalSyncRoomEncryptedEvent> = Raw::new(&event)
        .map_err(|error| GossipError::Store(error.to_string()))?
        .cast_unchecked();
    let tried = room.decrypt_event(&event, None).await;
    tried.map(drop).map_err(|error| GossipError::Store(error.to_string()))
}

/// Asks every session of the account for a room key that the SDK already wants.
pub(super) async fn ask_again(
    live: &LiveSession,
    room_id: &RoomId,
    session_id: &str,
    request_id: &TransactionId,
) -> Result<(), GossipError> {
    let content = json!({
        "action": "request",
        "body": {"algorithm": "m.megolm.v1.aes-sha2", "room_id": room_id, "session_id": session_id},
        "request_id": request_id,
        "requesting_device_id": live.own().device_id(),
    });
    Ok(send_to_all(live, "m.room_key_request", &content).await?)
}
