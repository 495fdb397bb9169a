//! A key backup as large as anybody wants: generated from a seed, in memory.

use anyhow::Result;
use lifeboat_backup::generate::{BackupSize, Generator};
use matrix_sdk::bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::{room_key::BACKUP_ALGORITHM, spread::spread};

/// The seed of everything that is generated.
pub const SEED: u64 = 1;

/// Whose account it belongs to.
pub const USER: &str = "@mira:example.org";
/// The moment of the oldest messages in its rooms: 23 November 2026, 10:42 UTC.
pub const START: u64 = 1_795_430_520_000;

/// A key backup as a server lists it.
pub struct LargeBackup {
    /// Makes what is in it, and the messages that it opens.
    pub generator: Generator,
    /// How large it is.
    pub size: BackupSize,
    /// What `GET /_matrix/client/v3/room_keys/keys` answers.
    pub listing: Bytes,
}

impl LargeBackup {
    /// Generates one.
    pub fn generate(size: BackupSize) -> Result<Self> {
        let generator = Generator::new(SEED)?;
        let parts = spread(size.entries, |part| Ok(generator.listing(size, part)?))?;
        let listing = Bytes::from(parts.concat());
        Ok(Self {
            generator,
            size,
            listing,
        })
    }

    /// What `GET /_matrix/client/v3/room_keys/version` answers.
    pub fn version(&self) -> Result<Bytes> {
        let version = json!({
            "algorithm": BACKUP_ALGORITHM, "version": "1", "count": self.size.entries, "etag": "1",
            "auth_data": {"public_key": self.generator.backup_key()?.public_key(), "signatures": {}},
        });
        Ok(version.to_string().into())
    }

    /// Its rooms, as a sync tells them.
    pub fn rooms_in_sync(&self) -> Map<String, Value> {
        let event = |event_type: &str, content: Value| {
            json!({"type": event_type, "state_key": "", "content": content, "event_id": "$state",
                   "sender": USER, "origin_server_ts": START})
        };
        let room = |number: u64| {
            let encryption = event("m.room.encryption", json!({"algorithm": "m.megolm.v1.aes-sha2"}));
            let name = event("m.room.name", json!({"name": format!("Room {number}")}));
            let state = json!({"state": {"events": [encryption, name]}});
            (self.generator.room_id(number), state)
        };
        (0..self.size.rooms).map(room).collect()
    }
}
