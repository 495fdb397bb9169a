//! `GET /_matrix/client/v3/devices`: the account's sessions.

use std::collections::BTreeMap;

use lifeboat_report::{
    Fact,
    facts::{BackupKeyAnswer, DeviceKeys, Session},
};
use matrix_sdk::ruma::api::client::device::get_devices;
use serde_json::Value;

use super::published::PublishedDevice;
use crate::{Caller, gap_of};

/// What the device list says of one session.
#[derive(Clone, Debug)]
pub(crate) struct ListedDevice {
    device_id: String,
    name: Option<String>,
    last_seen_at: Option<u64>,
}

/// Asks for the device list ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3devices)).
/// Changes nothing.
pub(crate) async fn devices(caller: &Caller) -> Fact<Vec<ListedDevice>> {
    match caller
        .ask(|| caller.client().send(get_devices::v3::Request::new()))
        .await
    {
        Ok(answer) => Fact::Known(
            answer
                .devices
                .into_iter()
                .map(|it| ListedDevice {
                    device_id: it.device_id.to_string(),
                    name: it.display_name,
                    last_seen_at: it.last_seen_ts.map(|ts| ts.0.into()),
                })
                .collect(),
        ),
        Err(error) => Fact::Unknown(gap_of(&error)),
    }
}

/// Reads the list of devices as a Synapse gives it to its administrator.
pub(crate) fn listed(devices: &Value) -> Option<Vec<ListedDevice>> {
    let device = |it: &Value| {
        let text = |name: &str| it.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(ListedDevice {
            device_id: text("device_id")?,
            name: text("display_name"),
            last_seen_at: it.get("last_seen_ts").and_then(Value::as_u64),
        })
    };
    devices.as_array()?.iter().map(device).collect()
}

/// Joins the device list with the published keys: one row for each session, the newest first.
///
/// A device with published keys that the list does not show is added: it can hold and receive keys all the same.
pub(crate) fn sessions(
    listed: Fact<Vec<ListedDevice>>,
    published: Fact<&BTreeMap<String, PublishedDevice>>,
    this: Option<&str>,
) -> Fact<Vec<Session>> {
    listed.map(|listed| {
        let known = published.known();
        let keys_of = |id: &str| {
            published
                .as_ref()
                .map(|devices| devices.get(id).map_or(DeviceKeys::None, |it| it.keys))
        };
        let dehydrated = |id: &str| known.is_some_and(|it| it.get(id).is_some_and(|it| it.dehydrated));
        let session = |id: &str, name: Option<String>, last_seen_at: Option<u64>| Session {
            device_id: id.to_owned(),
            name,
            last_seen_at,
            keys: keys_of(id),
            dehydrated: dehydrated(id),
            backup_key: BackupKeyAnswer::NotAsked,
            this: this == Some(id),
        };
        let mut sessions: Vec<Session> = listed
            .iter()
            .map(|it| session(&it.device_id, it.name.clone(), it.last_seen_at))
            .collect();
        let hidden = known.into_iter().flat_map(|it| it.keys());
        let hidden = hidden.filter(|id| !listed.iter().any(|it| it.device_id == **id));
        sessions.extend(hidden.map(|id| session(id, None, None)));
        sessions.sort_by(|a, b| (b.this, b.last_seen_at, &a.device_id).cmp(&(a.this, a.last_seen_at, &b.device_id)));
        sessions
    })
}

#[cfg(test)]
mod tests {
    use lifeboat_report::Gap;

    use super::*;

    fn listed(id: &str, seen: Option<u64>) -> ListedDevice {
        ListedDevice {
            device_id: id.to_owned(),
            name: None,
            last_seen_at: seen,
        }
    }

    #[test]
    fn this_session_first_then_by_last_seen_and_hidden_ones_are_shown() {
        let published = BTreeMap::from([
            (
                "A".to_owned(),
                PublishedDevice {
                    keys: DeviceKeys::Signed,
                    dehydrated: false,
                    ed25519: None,
                },
            ),
            (
                "H".to_owned(),
                PublishedDevice {
                    keys: DeviceKeys::Unsigned,
                    dehydrated: true,
                    ed25519: None,
                },
            ),
        ]);
        let list = vec![listed("A", Some(1)), listed("B", Some(2)), listed("T", None)];
        let sessions = sessions(Fact::Known(list), Fact::Known(&published), Some("T"));
        let sessions = sessions.known().unwrap();
        let ids: Vec<&str> = sessions.iter().map(|it| it.device_id.as_str()).collect();
        assert_eq!(ids, ["T", "B", "A", "H"]);
        assert_eq!(sessions[1].keys, Fact::Known(DeviceKeys::None));
        assert_eq!(sessions[2].keys, Fact::Known(DeviceKeys::Signed));
        assert!(sessions[3].dehydrated && sessions[0].this);
    }

    #[test]
    fn without_published_keys_no_session_counts_as_keyless() {
        let sessions = sessions(Fact::Known(vec![listed("A", None)]), Fact::Unknown(Gap::Offline), None);
        assert_eq!(sessions.known().unwrap()[0].keys, Fact::Unknown(Gap::Offline));
        assert!(sessions.known().unwrap()[0].may_hold_room_keys());
    }
}
