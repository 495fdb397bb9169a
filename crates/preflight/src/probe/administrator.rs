//! What a Synapse tells its administrator of somebody's account.

use std::time::Duration;

use futures_util::join;
use lifeboat_report::{
    Fact, Gap,
    facts::{Account, Email},
};
use matrix_sdk::ruma::UserId;
use serde_json::Value;

use super::{
    devices::{ListedDevice, listed},
    storage::{self, Content, StoredSecrets},
};
use crate::{Caller, Homeserver};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The parts that no one but the account itself and an administrator can see.
pub(crate) struct Told {
    pub(crate) account: Account,
    pub(crate) devices: Fact<Vec<ListedDevice>>,
    pub(crate) storage: Fact<StoredSecrets>,
}

/// Asks with the session of an administrator; to anybody else everything is a gap. Changes nothing.
///
/// `GET /_synapse/admin/v2/users/<user>` and `…/devices`, `GET /_synapse/admin/v1/users/<user>/accountdata`
/// ([Admin API](https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html)).
pub(crate) async fn told(caller: &Caller, homeserver: &Homeserver, user: &UserId) -> Told {
    let ask = async |version: &str, more: &[&str]| get(caller, homeserver, version, user, more).await;
    let (account, devices, data) = join!(ask("v2", &[]), ask("v2", &["devices"]), ask("v1", &["accountdata"]));
    Told {
        account: Account {
            emails: fact(account, emails),
        },
        devices: fact(devices, |it| listed(it.get("devices")?)),
        storage: fact(data, |it| {
            let content: Content = serde_json::from_value(it.pointer("/account_data/global")?.clone()).ok()?;
            Some(storage::read(&content))
        }),
    }
}

fn fact<T>(answer: Result<Value, Gap>, read: impl FnOnce(&Value) -> Option<T>) -> Fact<T> {
    match answer {
        Ok(answer) => read(&answer).map_or(Fact::Unknown(Gap::Unreadable), Fact::Known),
        Err(gap) => Fact::Unknown(gap),
    }
}

fn emails(account: &Value) -> Option<Vec<Email>> {
    let all = account.get("threepids")?.as_array()?.iter();
    let emails = all.filter(|it| it.get("medium").and_then(Value::as_str) == Some("email"));
    let email = |it: &Value| {
        let validated_at = it.get("validated_at").and_then(Value::as_u64).unwrap_or_default();
        Some(Email::masked(it.get("address")?.as_str()?, validated_at))
    };
    emails.map(email).collect()
}

async fn get(
    caller: &Caller,
    homeserver: &Homeserver,
    version: &str,
    user: &UserId,
    more: &[&str],
) -> Result<Value, Gap> {
    let mut url = homeserver.base_url().clone();
    url.path_segments_mut()
        .map_err(|()| Gap::Unreadable)?
        .pop_if_empty()
        .extend(
            ["_synapse", "admin", version, "users", user.as_str()]
                .iter()
                .chain(more),
        );
    let token = caller.client().access_token().unwrap_or_default();
    let asked = homeserver.http().get(url).bearer_auth(token).timeout(PATIENCE).send();
    let answer = asked.await.map_err(|_| Gap::Offline)?;
    match answer.status().as_u16() {
        200 => {}
        404 | 405 => return Err(Gap::Unsupported),
        429 => return Err(Gap::RateLimited),
        500.. => return Err(Gap::Failed),
        _ => return Err(Gap::Refused),
    }
    let body = answer.bytes().await.map_err(|_| Gap::Offline)?;
    serde_json::from_slice(&body).map_err(|_| Gap::Unreadable)
}
