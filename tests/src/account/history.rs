//! Rooms, the messages in them, and waiting until every session has what it needs to read them.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use matrix_sdk::deserialized_responses::TimelineEventKind;
use matrix_sdk::ruma::{EventId, OwnedRoomId, RoomId, UserId};
use serde_json::{Value, json};
use tokio::try_join;

use super::{AccountSpec, Defect, History, RoomKind, TestEvent, TestRoom};
use crate::api::{Api, segment};
use crate::room_key::message_index;
use crate::session::Session;
use crate::wait::until;

/// Makes the rooms, writes the messages, and waits until all of the account's `sessions` can read them.
pub(super) async fn write(spec: &AccountSpec, sessions: &[Session], friend: &Session) -> Result<Vec<TestRoom>> {
    let owner = sessions.first().context("nobody to write")?;
    let mut kinds = vec![RoomKind::Plain; spec.history.rooms];
    if spec.has(Defect::RoomJoinedLate) {
        kinds.push(RoomKind::JoinedLate);
    }
    if spec.has(Defect::RoomLeft) {
        kinds.push(RoomKind::Left);
    }
    let mut rooms = Vec::new();
    for kind in kinds {
        let maker = if kind == RoomKind::JoinedLate { friend } else { owner };
        let guest = if kind == RoomKind::JoinedLate { owner } else { friend };
        let room_id = make_room(maker, &spec.history).await?;
        let mut unreadable = 0;
        if kind == RoomKind::JoinedLate {
            // An odd number leaves a room key half used, which the guest then receives from its middle on.
            for number in 0..spec.history.messages_per_key + 1 {
                maker.send(&room_id, &format!("before you came {number}")).await?;
                unreadable += 1;
            }
        }
        talk(&room_id, maker, guest, &spec.history).await?;
        let events = encrypted_events(owner.api(), &room_id).await?;
        for session in sessions {
            wait_to_read(session, &room_id, &events[unreadable..]).await?;
        }
        rooms.push(TestRoom {
            room_id,
            events,
            unreadable,
            kind,
        });
    }
    Ok(rooms)
}

/// Makes an encrypted room with the maker alone in it.
async fn make_room(maker: &Session, history: &History) -> Result<OwnedRoomId> {
    let encryption = json!({
        "algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": history.messages_per_key,
    });
    let request = json!({
        "preset": "private_chat",
        "initial_state": [{"type": "m.room.encryption", "state_key": "", "content": encryption}],
    });
    let answer = maker.api().post("/_matrix/client/v3/createRoom", &request).await?;
    let room_id = RoomId::parse(answer["room_id"].as_str().context("no room id")?)?;
    maker.encrypted_room(&room_id).await?;
    Ok(room_id)
}

/// Brings the guest in and lets both write.
async fn talk(room_id: &RoomId, maker: &Session, guest: &Session, history: &History) -> Result<()> {
    let path = format!("/_matrix/client/v3/rooms/{}", segment(room_id.as_str()));
    maker
        .api()
        .post(&format!("{path}/invite"), &json!({"user_id": guest.user_id()}))
        .await?;
    guest.api().post(&format!("{path}/join"), &json!({})).await?;
    guest.encrypted_room(room_id).await?;
    wait_for_member(maker, room_id, guest.user_id()).await?;
    maker.wait_for_device_of(guest).await?;
    guest.wait_for_device_of(maker).await?;
    for number in 0..history.messages_each {
        let (message, answer) = (format!("message {number}"), format!("answer {number}"));
        if number == 0 {
            // One after the other, so that only one of them begins the conversation between their sessions.
            maker.send(room_id, &message).await?;
            guest.send(room_id, &answer).await?;
        } else {
            try_join!(maker.send(room_id, &message), guest.send(room_id, &answer))?;
        }
    }
    Ok(())
}

async fn wait_for_member(session: &Session, room_id: &RoomId, member: &UserId) -> Result<()> {
    let room = session.encrypted_room(room_id).await?;
    until(&format!("{member} to join {room_id}"), async || {
        let member = room.get_member_no_sync(member).await?;
        let joined = member.is_some_and(|member| {
            *member.membership() == matrix_sdk::ruma::events::room::member::MembershipState::Join
        });
        Ok(joined.then_some(()))
    })
    .await
}

/// Waits until a session can decrypt all of these events, which are in order: the first one of each room key tells.
async fn wait_to_read(session: &Session, room_id: &RoomId, events: &[TestEvent]) -> Result<()> {
    let Some(last) = events.last() else { return Ok(()) };
    session.wait_to_see(&last.event_id).await?;
    let room = session.encrypted_room(room_id).await?;
    let mut keys = BTreeSet::new();
    for TestEvent {
        event_id, session_id, ..
    } in events
    {
        if !keys.insert(session_id) {
            continue;
        }
        let mut reason = None;
        let waited = until("an event to decrypt", async || {
            let event = room.event(event_id, None).await?;
            reason = match &event.kind {
                TimelineEventKind::UnableToDecrypt { utd_info, .. } => Some(utd_info.clone()),
                _ => None,
            };
            Ok(event.encryption_info().map(|_| ()))
        });
        let waited = waited.await;
        waited.with_context(|| format!("{} cannot read {event_id}: {reason:?}", session.device_id()))?;
    }
    Ok(())
}

/// Reads all encrypted events of a room, oldest first. Redacted ones carry no room key and are left out.
///
/// `GET /rooms/{roomId}/messages`, client-server API, "Syncing".
pub(super) async fn encrypted_events(api: &Api, room_id: &RoomId) -> Result<Vec<TestEvent>> {
    let room = segment(room_id.as_str());
    let mut events = Vec::new();
    let mut from = String::new();
    loop {
        let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=f&limit=1000{from}");
        let page = api.get(&path).await?;
        for event in page["chunk"].as_array().context("no chunk")? {
            if event["type"] == "m.room.encrypted" && event["content"]["session_id"].is_string() {
                events.push(read_event(event)?);
            }
        }
        let Some(end) = page["end"].as_str() else {
            return Ok(events);
        };
        let next = format!("&from={}", segment(end));
        ensure!(next != from, "the server pages in circles");
        from = next;
    }
}

fn read_event(event: &Value) -> Result<TestEvent> {
    let field = |value: &Value| value.as_str().map(str::to_owned).context("an odd event");
    Ok(TestEvent {
        event_id: EventId::parse(field(&event["event_id"])?)?,
        sender: UserId::parse(field(&event["sender"])?)?,
        session_id: field(&event["content"]["session_id"])?,
        index: message_index(&field(&event["content"]["ciphertext"])?)?,
    })
}
