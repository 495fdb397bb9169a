//! What a Synapse tells its administrator of somebody's account.

use futures_util::join;
use lifeboat_report::{
    Fact, Gap,
    facts::{Account, Administration, Email, Restriction},
};
use matrix_sdk::ruma::UserId;
use serde_json::Value;

use super::{
    devices::{ListedDevice, listed},
    storage::{self, Content, StoredSecrets},
};
use crate::{AdminApi, admin_api::Missing};

/// The parts that no one but the account itself and an administrator can see.
pub(crate) struct Told {
    pub(crate) account: Account,
    pub(crate) devices: Fact<Vec<ListedDevice>>,
    pub(crate) storage: Fact<StoredSecrets>,
}

impl Told {
    /// Returns the same where nobody was asked.
    pub(crate) fn nothing(gap: Gap) -> Self {
        Self {
            account: Account {
                emails: Fact::Unknown(gap),
                administration: None,
            },
            devices: Fact::Unknown(gap),
            storage: Fact::Unknown(gap),
        }
    }
}

/// Asks with the session of an administrator; to anybody else everything is a gap. Changes nothing.
///
/// `GET /_synapse/admin/v2/users/<user>` and `…/devices`, `GET /_synapse/admin/v1/users/<user>/accountdata`
/// ([Admin API](https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html)).
pub(crate) async fn told(api: &AdminApi, user: &UserId) -> Told {
    let devices = ["_synapse", "admin", "v2", "users", user.as_str(), "devices"];
    let data = ["_synapse", "admin", "v1", "users", user.as_str(), "accountdata"];
    let (account, devices, data) = join!(account(api, user), api.get(&devices, &[]), api.get(&data, &[]),);
    Told {
        account: Account {
            administration: account.as_ref().ok().map(administration),
            emails: fact(account, emails),
        },
        devices: fact(devices, |it| listed(it.get("devices")?)),
        storage: fact(data, |it| {
            let content: Content = serde_json::from_value(it.pointer("/account_data/global")?.clone()).ok()?;
            Some(storage::read(&content))
        }),
    }
}

/// Asks for the account alone.
pub(crate) async fn account(api: &AdminApi, user: &UserId) -> Result<Value, Missing> {
    api.get(&["_synapse", "admin", "v2", "users", user.as_str()], &[]).await
}

fn fact<T>(answer: Result<Value, Missing>, read: impl FnOnce(&Value) -> Option<T>) -> Fact<T> {
    match answer {
        Ok(answer) => read(&answer).map_or(Fact::Unknown(Gap::Unreadable), Fact::Known),
        Err(missing) => Fact::Unknown(missing.gap()),
    }
}

/// Reads what administrators have done to an account, and who signs the person in. What a server does not mention it
/// does not know: older ones lock nobody.
pub(crate) fn administration(account: &Value) -> Administration {
    let says = |name: &str| match account.get(name) {
        Some(Value::Bool(it)) => *it,
        // Older versions of the list say it with a number.
        Some(Value::Number(it)) => it.as_u64() == Some(1),
        _ => false,
    };
    let all = [
        (Restriction::Deactivated, says("deactivated")),
        (Restriction::Locked, says("locked")),
        (Restriction::Suspended, says("suspended")),
        (Restriction::ShadowBanned, says("shadow_banned")),
    ];
    let external = account
        .get("external_ids")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut providers: Vec<String> = external
        .filter_map(|it| it.get("auth_provider")?.as_str().map(str::to_owned))
        .collect();
    providers.sort_unstable();
    providers.dedup();
    Administration {
        restrictions: all.into_iter().filter(|(_, is)| *is).map(|(it, _)| it).collect(),
        administrator: says("admin"),
        providers,
        acted_as_person: None,
        account_server: None,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn restrictions_and_providers_are_read_from_old_and_new_servers() {
        let seen = administration(&json!({
            "deactivated": 0, "admin": 1, "locked": true, "suspended": false, "shadow_banned": true,
            "external_ids": [
                {"auth_provider": "oidc-work", "external_id": "1"}, {"auth_provider": "cas", "external_id": "2"},
                {"auth_provider": "oidc-work", "external_id": "3"}, {"external_id": "4"}, 5,
            ],
        }));
        assert_eq!(seen.restrictions, [Restriction::Locked, Restriction::ShadowBanned]);
        assert!(seen.administrator);
        assert_eq!(seen.providers, ["cas", "oidc-work"]);
        assert_eq!(
            administration(&json!({"name": "@mira:example.org"})),
            Administration::default()
        );
    }
}
