//! Asks the server for the parts of an ark, as it holds them. Changes nothing.

use std::collections::BTreeMap;

use lifeboat_report::Gap;
use matrix_sdk::ruma::{UserId, api::client::keys::get_keys, serde::Raw};
use serde_json::{Map, Value};

use super::{ArkError, PartName};
use crate::{
    Caller, Homeserver,
    gap::gap_of,
    probe::storage,
    proof::stream::{self, Next, Refusal},
};

/// No part but the entries of a backup is longer.
const LIMIT: usize = 64 << 20;

/// What every request needs.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) caller: &'a Caller,
    pub(super) homeserver: &'a Homeserver,
}

impl Ask<'_> {
    /// `GET /_matrix/client/v3/devices`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3devices)).
    pub(super) async fn devices(self) -> Result<Vec<u8>, ArkError> {
        let answer = self.get(&["devices"]).await;
        answer.map_err(|refusal| self.not_given(&PartName::Devices, refusal.gap))
    }

    /// `POST /_matrix/client/v3/keys/query`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keysquery)).
    pub(super) async fn keys(self, user: &UserId) -> Result<Vec<u8>, ArkError> {
        let mut request = get_keys::v3::Request::new();
        request.device_keys = BTreeMap::from([(user.to_owned(), Vec::new())]);
        let answer = self.caller.ask(|| self.caller.client().send(request.clone())).await;
        let answer = answer.map_err(|error| self.not_given(&PartName::Keys, gap_of(&error)))?;
        let key = |raw: Option<&Raw<_>>| raw.and_then(value).map(|it| json_of(user, it));
        let devices: Map<String, Value> = answer
            .device_keys
            .get(user)
            .into_iter()
            .flatten()
            .filter_map(|(id, raw)| Some((id.to_string(), value(raw)?)))
            .collect();
        let parts = [
            ("device_keys", Some(json_of(user, devices.into()))),
            ("master_keys", key(answer.master_keys.get(user))),
            ("self_signing_keys", key(answer.self_signing_keys.get(user))),
            ("user_signing_keys", key(answer.user_signing_keys.get(user))),
        ];
        let parts = parts.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it?)));
        Ok(Value::Object(parts.collect()).to_string().into_bytes())
    }

    /// All account data that belongs to secret storage or the key backup, and whatever else is encrypted like a secret.
    pub(super) async fn account_data(self, user: &UserId) -> Result<Vec<u8>, ArkError> {
        let all = storage::everything(self.caller, user).await;
        let all = all.map_err(|gap| self.not_given(&PartName::AccountData, gap))?;
        let kept = all.into_iter().filter(|(kind, content)| belongs_here(kind, content));
        let kept: BTreeMap<String, Value> = kept.collect();
        serde_json::to_vec(&kept).map_err(|error| ArkError::Write(error.into()))
    }

    /// `GET /_matrix/client/v3/room_keys/version`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3room_keysversion)): the version and
    /// the whole answer; `None` when there is no backup.
    pub(super) async fn newest_version(self) -> Result<Option<(String, Vec<u8>)>, ArkError> {
        let part = PartName::BackupVersion("newest".to_owned());
        let answer = match self.get(&["room_keys", "version"]).await {
            Ok(answer) => answer,
            Err(refusal) if refusal.not_found => return Ok(None),
            Err(refusal) => return Err(self.not_given(&part, refusal.gap)),
        };
        let named = serde_json::from_slice::<Value>(&answer).ok();
        let version = named.as_ref().and_then(|it| it.get("version")?.as_str());
        match version {
            Some(version) => Ok(Some((version.to_owned(), answer))),
            None => Err(self.not_given(&part, Gap::Unreadable)),
        }
    }

    /// `GET /_matrix/client/v3/room_keys/version/{version}`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3room_keysversionversion)); `None`
    /// when the server does not have it any more.
    pub(super) async fn version(self, version: String) -> Result<Option<(String, Vec<u8>)>, ArkError> {
        match self.get(&["room_keys", "version", &version]).await {
            Ok(answer) => Ok(Some((version, answer))),
            Err(refusal) if refusal.not_found => Ok(None),
            Err(refusal) => Err(self.not_given(&PartName::BackupVersion(version), refusal.gap)),
        }
    }

    /// Says that a part did not come, and whether that is because the session has ended.
    pub(super) fn not_given(self, part: &PartName, gap: Gap) -> ArkError {
        if self.caller.session_ended() {
            return ArkError::SessionEnded;
        }
        let part = part.to_string();
        ArkError::NotGiven { part, gap }
    }

    async fn get(self, path: &[&str]) -> Result<Vec<u8>, Refusal> {
        let mut body = stream::get(self.caller, self.homeserver, path, &[]).await?;
        let mut whole = Vec::new();
        loop {
            match body.next().await {
                Next::Piece(piece) if whole.len() + piece.len() <= LIMIT => whole.extend_from_slice(&piece),
                Next::Piece(_) => return Err(Gap::Unreadable.into()),
                Next::End => break,
                Next::Gap(gap) => return Err(gap.into()),
            }
        }
        match serde_json::from_slice::<serde::de::IgnoredAny>(&whole) {
            Ok(_) => Ok(whole),
            Err(_) => Err(Gap::Unreadable.into()),
        }
    }
}

fn json_of(user: &UserId, content: Value) -> Value {
    Value::Object(Map::from_iter([(user.to_string(), content)]))
}

fn value<T>(raw: &Raw<T>) -> Option<Value> {
    serde_json::from_str(raw.json().get()).ok()
}

/// The account data that a mistake with keys could destroy.
fn belongs_here(kind: &str, content: &Value) -> bool {
    const PREFIXES: [&str; 4] = [
        "m.secret_storage.",
        "m.cross_signing.",
        "m.megolm_backup.",
        "m.org.matrix.custom.backup_",
    ];
    const NAMES: [&str; 2] = ["m.key_backup", "io.element.recovery"];
    PREFIXES.iter().any(|it| kind.starts_with(it))
        || NAMES.contains(&kind)
        || content.get("encrypted").is_some_and(Value::is_object)
}
