//! The account whose messages are counted: a long history in many rooms, generated, in memory.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use hyper::Method;
use lifeboat_backup::generate::Place;
use lifeboat_tests::{
    canned::{Answering, Canned},
    large_backup::{LargeBackup, START, USER},
    spread::spread,
};
use matrix_sdk::bytes::Bytes;
use serde_json::{Value, json};

use crate::extent::Extent;

/// How many room keys the account has.
const KEYS: u64 = 10_000;
const ROOMS: u64 = 500;
/// How many messages each room key encrypts: as many as Element lets it.
const MESSAGES_PER_KEY: u32 = 100;
/// As many as a server gives at a time.
const PAGE: usize = 1_000;
const MINUTE: u64 = 60_000;

/// The account, as its server shows it.
pub(crate) struct History {
    backup: LargeBackup,
    version: Bytes,
    sync: Bytes,
    /// The pages of each room, the newest first.
    rooms: Vec<Vec<Bytes>>,
}

impl History {
    /// Generates it, in some gigabytes of memory.
    pub(crate) fn generate(extent: Extent) -> Result<Self> {
        let backup = LargeBackup::generate(extent.backup(KEYS, ROOMS))?;
        let rooms = spread(backup.size.rooms, |part| {
            part.map(|room| pages(&backup, room)).collect::<Result<Vec<_>>>()
        })?;
        Ok(Self {
            version: backup.version()?,
            sync: sync(&backup),
            rooms: rooms.into_iter().flatten().collect(),
            backup,
        })
    }

    /// How many room keys it has.
    pub(crate) fn keys(&self) -> u64 {
        self.backup.size.entries
    }

    /// In how many rooms.
    pub(crate) fn room_count(&self) -> u64 {
        self.backup.size.rooms
    }

    /// How many messages.
    pub(crate) fn events(&self) -> u64 {
        self.keys() * u64::from(MESSAGES_PER_KEY)
    }

    /// Bytes of all pages together.
    pub(crate) fn bytes(&self) -> usize {
        self.rooms.iter().flatten().map(Bytes::len).sum()
    }

    /// Serves it.
    pub(crate) async fn serve(self: Arc<Self>) -> Result<Canned> {
        let answering: Arc<Answering> = Arc::new(move |method, path, query| self.answer(method, path, query));
        Canned::start(answering).await
    }

    fn answer(&self, method: &Method, path: &str, query: &str) -> Option<Bytes> {
        let json = |value: Value| Some(Bytes::from(value.to_string()));
        if method != Method::GET {
            return path
                .ends_with("/keys/query")
                .then(|| json(json!({"device_keys": {}})))?;
        }
        if path.ends_with("/messages") {
            return self.page(path, query);
        }
        match path.rsplit_once("/_matrix/client/")?.1 {
            "versions" => json(json!({"versions": ["v1.11"]})),
            "v3/account/whoami" => json(json!({"user_id": USER, "device_id": "LENT"})),
            "v3/sync" => Some(self.sync.clone()),
            "v3/room_keys/version" => Some(self.version.clone()),
            "v3/room_keys/keys" => Some(self.backup.listing.clone()),
            _ => None,
        }
    }

    /// Tokens are the numbers of pages.
    fn page(&self, path: &str, query: &str) -> Option<Bytes> {
        let digits = path.split_once("room0")?.1;
        let room: usize = digits.get(..11)?.parse().ok()?;
        let from = query.split('&').find_map(|it| it.strip_prefix("from=t"));
        let page: usize = from.map_or(Some(0), |it| it.parse().ok())?;
        self.rooms.get(room)?.get(page).cloned()
    }
}

/// Generates the messages of a room, page by page; after the last message comes an empty page, as from Synapse.
fn pages(backup: &LargeBackup, room: u64) -> Result<Vec<Bytes>> {
    let room_id = backup.generator.room_id(room);
    let mut events = Vec::new();
    let keys = backup.size.entries / backup.size.rooms;
    for key in 0..keys {
        let place = Place {
            room_id: &room_id,
            start: START + key * u64::from(MESSAGES_PER_KEY) * MINUTE,
        };
        events.extend(
            backup
                .generator
                .events(place, room * keys + key, MESSAGES_PER_KEY)
                .context("events")?,
        );
    }
    events.reverse();
    let full = events.chunks(PAGE).enumerate().map(|(number, chunk)| {
        let (events, next) = (chunk.join(","), number + 1);
        Bytes::from(format!(r#"{{"start":"t{number}","chunk":[{events}],"end":"t{next}"}}"#))
    });
    let last = Bytes::from_static(br#"{"start":"end","chunk":[]}"#);
    Ok(full.chain([last]).collect())
}

fn sync(backup: &LargeBackup) -> Bytes {
    json!({"next_batch": "s1", "rooms": {"join": backup.rooms_in_sync()}})
        .to_string()
        .into()
}
