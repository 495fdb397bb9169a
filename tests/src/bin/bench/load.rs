//! An account that is large in every respect: it is checked within bounds, and its screen can still be read.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use hyper::Method;
use lifeboat_backup::generate::{BackupSize, Place};
use lifeboat_tests::{
    crowd::{Identity, device_keys},
    lifeboat::{Lifeboat, Outcome},
    storage_key::StorageKey,
};
use matrix_sdk::bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use crate::{
    backup::Backup,
    canned::{Answering, Canned},
    extent::Extent,
    history::{START, USER, joined},
    peak::peak_of,
    table::{Bound, Table, mebibytes, number},
};

const ENTRIES: u64 = 1_000_000;
const ROOMS: u64 = 1_000;
const SESSIONS: u64 = 200;
const STORAGE_KEYS: u64 = 100;
/// How many messages each room has that the key backup covers.
const MESSAGES: u32 = 20;
/// How many rooms have one that it does not cover.
const LOSING: u64 = 40;
/// How often the growing peak is looked at.
const GLANCE: Duration = Duration::from_millis(10);
/// Half an hour of a machine that does nothing else.
const DEADLINE: Duration = Duration::from_secs(1800);
/// Name of the status file.
const STATUS: &str = "status.json";
/// A file is not a terminal: lines are as long as on one that is wide.
const COLUMNS: usize = 100;

/// The account, as its server shows it.
struct Account {
    backup: Backup,
    version: Bytes,
    devices: Bytes,
    keys: Bytes,
    sync: Bytes,
    rooms: Vec<Bytes>,
    recovery_key: String,
}

pub(crate) async fn measure(extent: Extent) -> Result<Table> {
    let account = Arc::new(Account::generate(extent)?);
    let BackupSize { entries, rooms } = account.backup.size;
    let (sessions, keys) = (extent.of(SESSIONS), extent.of(STORAGE_KEYS));
    let mut table = Table::new(
        "Load",
        extent,
        format!(
            "`lifeboat check` with a recovery key, from the start of the program to its end, against a server in another \
             process of the same machine that answers at once from memory: {rooms} rooms, {sessions} sessions, {entries} \
             entries in the key backup, each opened, and {keys} keys of secret storage. One run."
        ),
    );
    let answering: Arc<Answering> = {
        let account = Arc::clone(&account);
        Arc::new(move |method, path, query| account.answer(method, path, query))
    };
    let server = Canned::start(answering).await?;
    let (outcome, peak) = check(&server.base_url(), &account.recovery_key).await?;
    ensure_all_seen(&outcome, entries)?;
    let screen: Vec<&str> = outcome.stdout.lines().collect();
    let widest = screen
        .iter()
        .filter(|it| !it.contains("lifeboat "))
        .map(|it| it.chars().count())
        .max();
    table.row("from start to end", format!("{:.1} s", outcome.took.as_secs_f64()));
    table.promise("peak memory of the program", &[peak], mebibytes, Bound::AtMost(250.0))?;
    table.promise(
        "lines on the screen",
        &[screen.len() as f64],
        number,
        Bound::AtMost(150.0),
    )?;
    let widest = widest.context("an empty screen")? as f64;
    table.promise(
        "letters in the longest of them",
        &[widest],
        number,
        Bound::AtMost(COLUMNS as f64),
    )?;
    Ok(table)
}

/// Checks the account and returns what was said, and how much memory that took.
async fn check(base_url: &str, recovery_key: &str) -> Result<(Outcome, f64)> {
    let arguments = [
        "check",
        USER,
        "--homeserver",
        base_url,
        "--no-cache",
        "--status-file",
        STATUS,
    ];
    let lifeboat = Lifeboat::new(arguments)?
        .secret("--access-token-file", "token")?
        .secret("--recovery-key-file", recovery_key)?
        .deadline(DEADLINE);
    let mut running = lifeboat.start()?;
    let (process, mut peak) = (running.id().to_string(), 0.0_f64);
    while running.runs()? {
        // Between the look and this one it may have ended.
        peak = peak.max(peak_of(&process).unwrap_or(0.0));
        sleep(GLANCE).await;
    }
    let outcome = running.outcome().await?;
    Ok((outcome, peak))
}

/// That everything was there to be seen, and was looked at.
fn ensure_all_seen(outcome: &Outcome, entries: u64) -> Result<()> {
    ensure!(outcome.code()? == 10, "{outcome}");
    ensure!(outcome.stdout.contains("would be lost"), "{outcome}");
    let status: Value = serde_json::from_slice(&std::fs::read(outcome.home().join(STATUS))?)?;
    let proof = &status["facts"]["proof"]["known"];
    ensure!(proof["open"] == entries && proof["complete"] == true, "{proof:#}");
    Ok(())
}

impl Account {
    /// Generates it, in a gigabyte of memory.
    fn generate(extent: Extent) -> Result<Self> {
        let backup = Backup::generate(extent.backup(ENTRIES, ROOMS))?;
        let identity = Identity::new(USER)?;
        let [master, self_signing, user_signing] = &identity.public;
        let [_, signer, _] = &identity.private;
        let mut devices = Vec::new();
        let mut keys = Map::new();
        for session in 0..extent.of(SESSIONS) {
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
        let rooms = (0..backup.size.rooms)
            .map(|room| page(&backup, room))
            .collect::<Result<_>>()?;
        let account_data = account_data(&storage, &identity, &backup, extent.of(STORAGE_KEYS))?;
        let sync = json!({
            "next_batch": "s1", "rooms": {"join": joined(&backup)}, "account_data": {"events": account_data},
        });
        Ok(Self {
            version: backup.version()?,
            devices: json!({ "devices": devices }).to_string().into(),
            keys: keys.to_string().into(),
            sync: sync.to_string().into(),
            rooms,
            recovery_key: storage.recovery_key(),
            backup,
        })
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
fn account_data(storage: &StorageKey, identity: &Identity, backup: &Backup, keys: u64) -> Result<Vec<Value>> {
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
fn page(backup: &Backup, room: u64) -> Result<Bytes> {
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
