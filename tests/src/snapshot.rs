//! Everything of an account that others can see or that a client could change, to compare before and after.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::account::TestAccount;
use crate::api::segment;
use crate::name;

/// What the server says about an account, part by part.
///
/// Left out is what changes by itself: when and from where a session was last seen, and how many one-time keys are left.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    parts: BTreeMap<String, Value>,
}

/// Takes a snapshot, as the account's first session.
pub async fn snapshot_of(account: &TestAccount) -> Result<Snapshot> {
    let (api, user_id) = (account.api()?, account.user_id.as_str());
    let mut parts = BTreeMap::new();

    let devices = api.get("/_matrix/client/v3/devices").await?;
    for device in devices["devices"].as_array().context("no devices")? {
        let id = device["device_id"].as_str().context("a device without id")?;
        parts.insert(format!("device {id}"), device["display_name"].clone());
    }

    // Another filter each time: Synapse answers the same first sync from memory for two minutes.
    let unheard_of = [name::fresh("org.lifeboat.tests")?];
    let filter = json!({
        "room": {"rooms": []}, "presence": {"types": []}, "account_data": {"limit": 1000, "not_types": unheard_of},
    });
    let filter = segment(&filter.to_string());
    let sync = api
        .get(&format!("/_matrix/client/v3/sync?timeout=0&filter={filter}"))
        .await?;
    for event in sync["account_data"]["events"].as_array().into_iter().flatten() {
        let event_type = event["type"].as_str().context("account data without type")?;
        parts.insert(format!("account data {event_type}"), event["content"].clone());
    }

    let keys = api
        .post("/_matrix/client/v3/keys/query", &json!({"device_keys": {user_id: []}}))
        .await?;
    for kind in ["device_keys", "master_keys", "self_signing_keys", "user_signing_keys"] {
        parts.insert(kind.to_owned(), keys[kind][user_id].clone());
    }

    let version = api.try_get("/_matrix/client/v3/room_keys/version").await?;
    parts.insert("backup".to_owned(), version.body);
    for (name, path) in [
        ("addresses", "/_matrix/client/v3/account/3pid"),
        ("pushers", "/_matrix/client/v3/pushers"),
        ("rooms", "/_matrix/client/v3/joined_rooms"),
    ] {
        parts.insert(name.to_owned(), api.get(path).await?);
    }
    let profile = api
        .try_get(&format!("/_matrix/client/v3/profile/{}", segment(user_id)))
        .await?;
    parts.insert("profile".to_owned(), profile.body);
    Ok(Snapshot { parts })
}

impl Snapshot {
    /// The names of the parts that differ, each with both values.
    pub fn differences(&self, later: &Self) -> Vec<String> {
        let mut names: Vec<&String> = self.parts.keys().chain(later.parts.keys()).collect();
        names.sort();
        names.dedup();
        let differs = |name: &&String| self.parts.get(*name) != later.parts.get(*name);
        let show = |part: Option<&Value>| part.map_or_else(|| "nothing".to_owned(), Value::to_string);
        names
            .into_iter()
            .filter(differs)
            .map(|name| {
                format!(
                    "{name}: {} became {}",
                    show(self.parts.get(name)),
                    show(later.parts.get(name))
                )
            })
            .collect()
    }

    /// One part, by its name: `backup`, `device_keys`, `account data m.direct`.
    pub fn part(&self, name: &str) -> Option<&Value> {
        self.parts.get(name)
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts
            .iter()
            .try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))
    }
}
