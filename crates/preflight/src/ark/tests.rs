//! Arks of a canned server: whole, cut, damaged and refused.

mod damage;
mod refusals;
mod whole;

use std::{
    io::{self, Cursor, Write},
    sync::{Arc, Mutex},
};

use lifeboat_backup::generate::{BackupSize, Generator};
use lifeboat_report::{Generator as Program, Report, StatusFile};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;
use crate::{
    Questions, check,
    testing::{Answer, CannedServer, Request, user},
};

/// An account with two versions of the key backup, 1 and 3; version 2 was deleted.
pub(super) struct World {
    generator: Generator,
    listing: String,
}

impl World {
    pub(super) fn new() -> Self {
        let generator = Generator::new(7).unwrap();
        let size = BackupSize { entries: 30, rooms: 3 };
        let listing = generator.listing(size, 0..30).unwrap();
        Self { generator, listing }
    }

    /// The recovery key, which is the backup key itself, as before secret storage.
    pub(super) fn recovery_key(&self) -> SecretString {
        let mut bytes = vec![0x8B, 0x01];
        bytes.extend(self.generator.backup_key_bytes().unwrap());
        bytes.push(bytes.iter().fold(0, |parity, byte| parity ^ byte));
        SecretString::from(bs58::encode(bytes).into_string())
    }

    fn version(&self, version: &str) -> Value {
        let public_key = self.generator.backup_key().unwrap().public_key();
        json!({
            "version": version, "algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "count": 30, "etag": "9",
            "auth_data": {"public_key": public_key, "later": {"field": [1, 2]}},
        })
    }

    pub(super) fn answer(&self, request: &Request) -> Option<Answer> {
        let path = request.path.strip_prefix("/_matrix/client/v3/")?;
        Some(match path {
            "devices" => json!({"devices": [{"device_id": "A"}, {"device_id": "B", "display_name": "Pixel"}]}).into(),
            "keys/query" => json!({"device_keys": {user(): {"A": {"user_id": user(), "odd": [1]}}}}).into(),
            "sync" => json!({"next_batch": "s", "account_data": {"events": account_data()}}).into(),
            "room_keys/version" | "room_keys/version/3" => self.version("3").into(),
            "room_keys/version/1" => self.version("1").into(),
            "room_keys/version/2" => Answer::error(404, "M_NOT_FOUND"),
            "room_keys/keys" => Answer {
                body: match request.get("version")? {
                    "3" => self.listing.clone().into_bytes(),
                    _ => br#"{"rooms":{}}"#.to_vec(),
                },
                ..json!({}).into()
            },
            _ if path.contains("/account_data/") => Answer::error(404, "M_NOT_FOUND"),
            _ => return None,
        })
    }
}

fn account_data() -> Value {
    json!([
        {"type": "m.secret_storage.default_key", "content": {"key": "k"}},
        {"type": "m.secret_storage.key.k", "content": {"algorithm": "m.secret_storage.v1.aes-hmac-sha2"}},
        {"type": "m.cross_signing.master", "content": {"encrypted": {"k": {"iv": "a", "ciphertext": "b", "mac": "c"}}}},
        {"type": "org.example.secret", "content": {"encrypted": {"k": {}}}},
        {"type": "m.key_backup", "content": {"enabled": true}},
        {"type": "m.direct", "content": {"@ben:example.org": ["!private:example.org"]}},
    ])
}

/// A file in memory.
#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Vec<u8>>>);

impl Shelf {
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Shelf {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Checks the account and saves it, as the command does.
pub(super) async fn save_to(server: &CannedServer, out: impl Write + Send + 'static) -> Result<ArkSummary, ArkError> {
    save_watched(server, out, &ArkProgress::default()).await
}

/// The same, watched.
pub(super) async fn save_watched(
    server: &CannedServer,
    out: impl Write + Send + 'static,
    progress: &ArkProgress,
) -> Result<ArkSummary, ArkError> {
    let (homeserver, session) = server.enter().await;
    let facts = check(&session, &homeserver, &Questions::default(), &()).await.unwrap();
    let program = Program {
        name: "lifeboat".to_owned(),
        version: "1".to_owned(),
    };
    let status = StatusFile::of(&Report::of(user().to_string(), 12, facts), program);
    save(&session, &homeserver, out, &status, progress).await
}

/// A whole ark.
pub(super) async fn saved(world: World) -> (Vec<u8>, ArkSummary) {
    let server = CannedServer::start(move |request| world.answer(request)).await;
    let shelf = Shelf::default();
    let summary = save_to(&server, shelf.clone()).await.unwrap();
    (shelf.bytes(), summary)
}

/// Reads an ark in memory.
pub(super) async fn surveyed(bytes: Vec<u8>, candidates: Vec<SecretString>) -> Result<ArkReport, ArkError> {
    survey(Cursor::new(bytes), candidates, &ArkProgress::default()).await
}
