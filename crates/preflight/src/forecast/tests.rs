//! The whole forecast against a server of canned answers.

mod again;
mod back;
mod odd;
mod whole;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use lifeboat_backup::generate::{Generator, Session};
use lifeboat_report::{
    Fact,
    forecast::{AtRisk, Forecast},
};
use serde_json::{Value, json};
use vodozemac::megolm::GroupSession;

use super::{ForecastOptions, Ground, Outcome, run};
use crate::{
    older,
    probe::backup::newest_backup,
    testing::{Answer, CannedServer, Request},
};

/// The moment of the first message: 23 November 2026, 10:42 UTC. Each further one is a minute later.
const START: u64 = 1_795_430_520_000;

/// An account with messages and a key backup.
pub(super) struct World {
    generator: Generator,
    /// The events of each room, oldest first.
    rooms: BTreeMap<String, Vec<Value>>,
    /// The entries by room and session.
    backup: BTreeMap<String, BTreeMap<String, Value>>,
    /// The entries of version 2.
    older: BTreeMap<String, BTreeMap<String, Value>>,
    left: Vec<String>,
    events: u64,
}

/// A room key in use.
pub(super) struct Sender {
    session: Session,
    ratchet: GroupSession,
    room: String,
    number: u64,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            generator: Generator::new(7).unwrap(),
            rooms: BTreeMap::new(),
            backup: BTreeMap::new(),
            older: BTreeMap::new(),
            left: Vec::new(),
            events: 0,
        }
    }

    /// Begins a new room key, which is not in the backup.
    pub(super) fn sender(&self, room: u64, number: u64) -> Sender {
        let session = self.generator.session(number).unwrap();
        let ratchet = session.sender().unwrap();
        Sender {
            ratchet,
            session,
            room: self.generator.room_id(room),
            number,
        }
    }

    /// Puts a room key into the backup, from this message on.
    pub(super) fn back_up(&mut self, sender: &Sender, first_index: u32) {
        let exported = sender.session.exported_at(first_index).unwrap();
        let text = self.generator.room_key(&sender.session, &exported);
        let sealed = self.generator.seal(text.as_bytes(), sender.number).unwrap();
        let entry = serde_json::from_str(&sealed.entry(first_index)).unwrap();
        self.backup
            .entry(sender.room.clone())
            .or_default()
            .insert(sender.session.id().to_string(), entry);
    }

    /// Sends a message, and returns its event for spoiling.
    pub(super) fn send(&mut self, sender: &mut Sender) -> &mut Value {
        let text = json!({"type": "m.room.message", "content": {"body": "x"}, "room_id": sender.room}).to_string();
        let content = json!({
            "algorithm": "m.megolm.v1.aes-sha2", "session_id": sender.session.id().to_string(),
            "ciphertext": sender.ratchet.encrypt(text).to_base64(),
        });
        self.push(&sender.room.clone(), content)
    }

    /// Adds an encrypted event with any content.
    pub(super) fn push(&mut self, room: &str, content: Value) -> &mut Value {
        let number = self.events;
        self.events += 1;
        let event = json!({
            "type": "m.room.encrypted", "event_id": format!("${number}"), "sender": "@ben:example.org",
            "origin_server_ts": START + number * 60_000, "content": content, "unsigned": {"membership": "join"},
        });
        let events = self.rooms.entry(room.to_owned()).or_default();
        events.push(event);
        events.last_mut().unwrap()
    }

    /// Answers as a sound server does.
    pub(super) fn answer(&self, request: &Request) -> Option<Answer> {
        let path = request.path.strip_prefix("/_matrix/client/v3/")?;
        if let Some(room) = path.strip_prefix("rooms/").and_then(|it| it.strip_suffix("/messages")) {
            let room = room.replace("%3A", ":").replace("%21", "!");
            return Some(self.page(&room, request).into());
        }
        Some(match path {
            "sync" => self.sync(request.get("filter")?.contains("include_leave")).into(),
            "room_keys/version" => self.version("3").into(),
            "room_keys/version/2" => self.version("2").into(),
            "room_keys/version/1" => Answer::error(404, "M_NOT_FOUND"),
            "room_keys/keys" if request.get("version") == Some("3") => listing(&self.backup).into(),
            "room_keys/keys" if request.get("version") == Some("2") => listing(&self.older).into(),
            _ => return None,
        })
    }

    fn version(&self, version: &str) -> Value {
        json!({
            "algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "version": version, "count": 9, "etag": "e",
            "auth_data": {"public_key": self.generator.backup_key().unwrap().public_key()},
        })
    }

    fn sync(&self, left_rooms: bool) -> Value {
        let state = |room: &str| {
            let event = |event_type: &str, content: Value| {
                json!({"type": event_type, "state_key": "", "content": content, "event_id": "$s",
                       "sender": "@mira:example.org", "origin_server_ts": 1})
            };
            let name = event("m.room.name", json!({"name": format!("Room {room}")}));
            json!({"state": {"events": [event("m.room.encryption", json!({})), name]}})
        };
        let rooms = |left: bool| {
            let some = self.rooms.keys().filter(|room| self.left.contains(room) == left);
            some.map(|room| (room.clone(), state(room)))
                .collect::<serde_json::Map<_, _>>()
        };
        let mut joined = rooms(false);
        joined.insert("!plain:example.org".to_owned(), json!({"state": {"events": []}}));
        let left = if left_rooms {
            rooms(true)
        } else {
            serde_json::Map::new()
        };
        json!({"next_batch": format!("s{}", self.events), "rooms": {"join": joined, "leave": left}})
    }

    /// A page of at most three events. Tokens are places before the numbered event; `sN` is a moment.
    fn page(&self, room: &str, request: &Request) -> Value {
        let events = self.rooms.get(room).map_or(&[][..], Vec::as_slice);
        let number = |event: &Value| event["event_id"].as_str().unwrap()[1..].parse::<u64>().unwrap();
        let from = request
            .get("from")
            .map(|it| it.trim_start_matches('s').parse::<usize>().unwrap());
        if request.get("dir") == Some("f") {
            let from = from.unwrap() as u64;
            let newer: Vec<_> = events.iter().filter(|event| number(event) >= from).take(3).collect();
            let end = newer.last().map(|event| format!("s{}", number(event) + 1));
            return json!({"start": from.to_string(), "end": end, "chunk": newer});
        }
        let upto = from.unwrap_or(events.len()).min(events.len());
        let below = upto.saturating_sub(3);
        let chunk: Vec<_> = events[below..upto].iter().rev().collect();
        let end = (upto > 0).then(|| below.to_string());
        json!({"start": upto.to_string(), "end": end, "chunk": chunk})
    }

    pub(super) async fn serve(self) -> (CannedServer, Arc<Mutex<Self>>) {
        let world = Arc::new(Mutex::new(self));
        let answering = Arc::clone(&world);
        (
            CannedServer::start(move |request| answering.lock().unwrap().answer(request)).await,
            world,
        )
    }
}

fn listing(entries: &BTreeMap<String, BTreeMap<String, Value>>) -> Value {
    let rooms = entries
        .iter()
        .map(|(room, sessions)| (room.clone(), json!({"sessions": sessions})));
    json!({"rooms": rooms.collect::<serde_json::Map<_, _>>()})
}

/// Whether the backup key is there.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Typed,
    NotTyped,
}

/// Makes the forecast with the key that every world has.
pub(super) async fn outcome(server: &CannedServer, key: Key, options: &ForecastOptions) -> Outcome {
    let (homeserver, session) = server.enter().await;
    let caller = session.caller();
    let backup = newest_backup(caller).await;
    let key = match key {
        Key::Typed => Some(Arc::new(Generator::new(7).unwrap().backup_key().unwrap())),
        Key::NotTyped => None,
    };
    let active = backup.known().and_then(Option::as_ref);
    let mut older = older::find(caller, &options.older, active, &[]).await;
    older.iter_mut().for_each(|it| it.key = key.clone());
    run(
        Ground {
            caller,
            homeserver: &homeserver,
            backup: &backup,
            key,
            older,
        },
        options,
    )
    .await
}

/// Unwraps a forecast.
pub(super) fn forecast(outcome: &Outcome) -> &Forecast {
    match &outcome.forecast {
        Fact::Known(forecast) => forecast,
        Fact::Unknown(gap) => panic!("no forecast: {gap:?}"),
    }
}

/// Counts by cause.
pub(super) fn causes(forecast: &Forecast) -> Vec<(AtRisk, u64)> {
    forecast
        .events
        .at_risk_by_cause
        .iter()
        .map(|(cause, count)| (*cause, *count))
        .collect()
}
