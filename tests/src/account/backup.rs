//! The key backup as the server holds it, read and changed by hand.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use matrix_sdk::ruma::{OwnedRoomId, RoomId};
use serde_json::Value;

use crate::api::{Api, segment};

const PATH: &str = "/_matrix/client/v3/room_keys";

/// One version of the key backup.
#[derive(Clone, Debug)]
pub struct ServerBackup {
    api: Api,
    /// Its version.
    pub version: String,
    /// What the server says of it: `algorithm`, `auth_data`, `count`, `etag`.
    pub info: Value,
}

impl ServerBackup {
    /// Asks for the active version; `None` when there is no backup.
    pub async fn active(api: &Api) -> Result<Option<Self>> {
        let answer = api.try_get(&format!("{PATH}/version")).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        let info = answer.ok("the backup version")?;
        let version = info["version"].as_str().context("no version")?.to_owned();
        Ok(Some(Self {
            api: api.clone(),
            version,
            info,
        }))
    }

    /// How many entries the server counted when this was asked.
    pub fn count(&self) -> u64 {
        self.info["count"].as_u64().unwrap_or_default()
    }

    /// All entries, by room and session id.
    pub async fn entries(&self) -> Result<BTreeMap<OwnedRoomId, BTreeMap<String, Value>>> {
        let answer = self.api.get(&self.path("")).await?;
        let mut entries = BTreeMap::new();
        for (room_id, room) in answer["rooms"].as_object().context("no rooms")? {
            let sessions = room["sessions"].as_object().into_iter().flatten();
            let sessions = sessions.map(|(id, entry)| (id.clone(), entry.clone())).collect();
            entries.insert(RoomId::parse(room_id)?, sessions);
        }
        Ok(entries)
    }

    /// Reads one entry.
    pub async fn entry(&self, room_id: &RoomId, session_id: &str) -> Result<Value> {
        self.api.get(&self.path(&entry_path(room_id, session_id))).await
    }

    /// Replaces one entry. It is deleted first: the server keeps the better of two.
    pub async fn replace(&self, room_id: &RoomId, session_id: &str, entry: &Value) -> Result<()> {
        self.delete(room_id, session_id).await?;
        self.api
            .put(&self.path(&entry_path(room_id, session_id)), entry)
            .await?;
        Ok(())
    }

    /// Deletes one entry.
    pub async fn delete(&self, room_id: &RoomId, session_id: &str) -> Result<()> {
        self.api.delete(&self.path(&entry_path(room_id, session_id))).await?;
        Ok(())
    }

    /// Deletes all entries of a room.
    pub async fn delete_room(&self, room_id: &RoomId) -> Result<()> {
        self.api
            .delete(&self.path(&format!("/{}", segment(room_id.as_str()))))
            .await?;
        Ok(())
    }

    /// Replaces the `auth_data`, which leaves everything else as it is.
    pub async fn set_auth_data(&self, auth_data: &Value) -> Result<()> {
        let mut info = self.info.clone();
        info["auth_data"] = auth_data.clone();
        self.api
            .put(&format!("{PATH}/version/{}", segment(&self.version)), &info)
            .await?;
        Ok(())
    }

    fn path(&self, rest: &str) -> String {
        format!("{PATH}/keys{rest}?version={}", segment(&self.version))
    }
}

fn entry_path(room_id: &RoomId, session_id: &str) -> String {
    format!("/{}/{}", segment(room_id.as_str()), segment(session_id))
}
