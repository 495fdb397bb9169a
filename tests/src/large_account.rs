//! An account that is large in every respect, as a server shows it from memory.

mod look;

use std::sync::Arc;

use anyhow::{Context as _, Result};
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use hyper::Method;
use lifeboat_backup::generate::{BackupSize, Place};
use matrix_sdk::bytes::Bytes;
use serde_json::{Map, Value, json};

pub use self::look::Look;
use crate::{
    canned::{Answering, Canned},
    crowd::{Identity, device_keys},
    large_backup::{LargeBackup, START, USER},
    storage_key::StorageKey,
};

/// How many messages each room has that the key backup covers.
const MESSAGES: u32 = 20;
/// How many rooms have one that it does not cover.
const LOSING: u64 = 40;

/// How large an account is.
#[derive(Clone, Copy, Debug)]
pub struct AccountSize {
    /// Room keys in the key backup.
    pub entries: u64,
    /// Encrypted rooms; no more than there are entries.
    pub rooms: u64,
    /// Sessions, of which every fifth was never verified.
    pub sessions: u64,
    /// Keys of secret storage, of which the first opens everything.
    pub storage_keys: u64,
}

impl AccountSize {
    /// That of the account with which Lifeboat promises to cope.
    pub const PROMISED: Self = Self {
        entries: 1_000_000,
        rooms: 1_000,
        sessions: 200,
        storage_keys: 100,
    };

    /// How many messages there are that the key backup does not cover.
    pub(crate) fn uncovered(self) -> u64 {
        self.rooms.min(LOSING)
    }

    /// How many messages there are.
    pub(crate) fn messages(self) -> u64 {
        self.rooms * u64::from(MESSAGES) + self.uncovered()
    }
}

/// The account, as its server shows it.
pub struct LargeAccount {
    size: AccountSize,
    backup: LargeBackup,
    version: Bytes,
    devices: Bytes,
    keys: Bytes,
    sync: Bytes,
    rooms: Vec<Bytes>,
    recovery_key: String,
}

impl LargeAccount {
    /// Generates it; a million entries take a gigabyte of memory.
    pub fn generate(size: AccountSize) -> Result<Self> {
        let backup = LargeBackup::generate(BackupSize {
            entries: size.entries,
            rooms: size.rooms,
        })?;
        let identity = Identity::new(USER)?;
        let [master, self_signing, user_signing] = &identity.public;
        let [_, signer, _] = &identity.private;
        let mut devices = Vec::new();
        let mut keys = Map::new();
        for session in 0..size.sessions {
            let id = format!("SESSION{session:03}");
            // Some were never verified.
            let signer = (session % 5 > 0).then_some(signer.as_str());
            keys.insert(id.clone(), device_keys(USER, &id, signer)?);
            let seen = START - session * 86_400_000;
            devices.push(json!({"device_id": id, "display_name": format!("Session {session}"), "last_seen_ts": seen}));
        }
        let keys = json!({
            "device_keys": {USER: keys}, "master_keys": {USER: master}, "self_signing_keys": {USER: self_signing},
            "user_signing_keys": {USER: user_signing},
        });
        let storage = StorageKey::random()?;
        let rooms = (0..size.rooms).map(|room| page(&backup, room)).collect::<Result<_>>()?;
        let account_data = account_data(&storage, &identity, &backup, size.storage_keys)?;
        let sync = json!({
            "next_batch": "s1", "rooms": {"join": backup.rooms_in_sync()}, "account_data": {"events": account_data},
        });
        Ok(Self {
            size,
            version: backup.version()?,
            devices: json!({ "devices": devices }).to_string().into(),
            keys: keys.to_string().into(),
            sync: sync.to_string().into(),
            rooms,
            recovery_key: storage.recovery_key(),
            backup,
        })
    }

    /// Serves it.
    async fn serve(self: Arc<Self>) -> Result<Canned> {
        let answering: Arc<Answering> = Arc::new(move |method, path, query| self.answer(method, path, query));
        Canned::start(answering).await
    }

    fn answer(&self, method: &Method, path: &str, query: &str) -> Option<Bytes> {
        let json = |value: Value| Some(Bytes::from(value.to_string()));
        if method != Method::GET {
            return path.ends_with("/keys/query").then(|| self.keys.clone());
        }
        if path.ends_with("/messages") {
            let digits = path.split_once("room0")?.1;
            let room: usize = digits.get(..11)?.parse().ok()?;
            let first = !query.contains("from=end");
            return if first {
                self.rooms.get(room).cloned()
            } else {
                json(json!({"start": "end", "chunk": []}))
            };
        }
        match path.rsplit_once("/_matrix/client/")?.1 {
            "versions" => json(json!({"versions": ["v1.11"]})),
            "v3/account/whoami" => json(json!({"user_id": USER, "device_id": "LENT"})),
            "v3/devices" => Some(self.devices.clone()),
            "v3/sync" => Some(self.sync.clone()),
            "v3/room_keys/version" => Some(self.version.clone()),
            "v3/room_keys/keys" => Some(self.backup.listing.clone()),
            _ => None,
        }
    }
}

/// Secret storage with everything in it, below the first of many keys.
fn account_data(storage: &StorageKey, identity: &Identity, backup: &LargeBackup, keys: u64) -> Result<Vec<Value>> {
    let event = |kind: &str, content: Value| json!({"type": kind, "content": content});
    let mut events = vec![event("m.secret_storage.default_key", json!({"key": storage.id()}))];
    let describe =
        |key: &StorageKey| anyhow::Ok(event(&format!("m.secret_storage.key.{}", key.id()), key.description()?));
    events.push(describe(storage)?);
    for _ in 1..keys {
        events.push(describe(&StorageKey::random()?)?);
    }
    let [master, self_signing, user_signing] = &identity.private;
    let backup_key = BASE64_STANDARD_NO_PAD.encode(backup.generator.backup_key_bytes()?);
    for (name, secret) in [
        ("m.cross_signing.master", master),
        ("m.cross_signing.self_signing", self_signing),
        ("m.cross_signing.user_signing", user_signing),
        ("m.megolm_backup.v1", &backup_key),
    ] {
        let sealed = storage.encrypt(name, secret.as_bytes())?;
        events.push(event(name, json!({"encrypted": {storage.id(): sealed}})));
    }
    Ok(events)
}

/// The messages of a room, in one page; some rooms have one that nobody has the key of.
fn page(backup: &LargeBackup, room: u64) -> Result<Bytes> {
    let room_id = backup.generator.room_id(room);
    let BackupSize { entries, rooms } = backup.size;
    let place = |start: u64| Place {
        room_id: &room_id,
        start,
    };
    let events = |start: u64, key: u64, count: u32| backup.generator.events(place(start), key, count).context("events");
    let mut all = events(START, room * (entries / rooms), MESSAGES)?;
    if room < LOSING {
        all.extend(events(START + 3_600_000, entries + room, 1)?);
    }
    all.reverse();
    Ok(Bytes::from(format!(
        r#"{{"start":"t0","chunk":[{}],"end":"end"}}"#,
        all.join(",")
    )))
}
