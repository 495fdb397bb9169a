//! A Synapse with as many accounts as anybody wants, from memory: what an administrator's audit asks, as Synapse answers.

use serde_json::{Map, Value, json};

use crate::proxy::Reply;

/// Accounts `@u0:example.org` and so on.
#[derive(Clone, Copy, Debug)]
pub struct LargeServer {
    /// How many there are.
    pub accounts: usize,
    /// Every one of so many has sessions with keys, and no secret storage.
    pub every: usize,
}

/// As long as keys and signatures are.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const SIGNATURE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// Conversations in the account data of somebody.
const CONVERSATIONS: usize = 100;

impl LargeServer {
    /// How many accounts have keys.
    pub fn with_keys(self) -> usize {
        self.accounts.div_ceil(self.every)
    }

    /// Answers a request of an audit.
    pub fn answer(self, path: &str, query: &str, body: &[u8]) -> Reply {
        let segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
        let answer = match segments.as_slice() {
            ["_matrix", "client", "versions"] => json!({"versions": ["v1.11"]}),
            ["_matrix", .., "whoami"] => json!({"user_id": "@admin:example.org", "device_id": "DESK"}),
            ["_matrix", .., "query"] => self.keys(body),
            ["_synapse", "admin", "v1", "server_version"] => json!({"server_version": "1.163.0"}),
            ["_synapse", "admin", "v2", "users"] => self.page(query),
            ["_synapse", "admin", "v2", "users", user] => json!({"name": user, "threepids": [], "external_ids": []}),
            ["_synapse", .., "devices"] => {
                let device = |id: &&str| json!({"device_id": id, "display_name": "Element", "last_seen_ts": 1});
                json!({"devices": DEVICES.iter().map(device).collect::<Vec<_>>(), "total": DEVICES.len()})
            }
            ["_synapse", .., "accountdata"] => {
                let direct = (0..CONVERSATIONS).map(|it| (name(it), json!([format!("!room{it}:example.org")])));
                let direct: Map<_, _> = direct.collect();
                json!({"account_data": {"global": {"m.direct": direct}, "rooms": {}}})
            }
            _ => return Reply::error(404, "M_UNRECOGNIZED", "no"),
        };
        Reply::json(200, &answer)
    }

    /// `GET /_synapse/admin/v2/users`.
    fn page(self, query: &str) -> Value {
        let from = query.split('&').find_map(|it| it.strip_prefix("from=")?.parse().ok());
        let from: usize = from.unwrap_or_default();
        let until = self.accounts.min(from + 100);
        let users: Vec<_> = (from..until)
            .map(|it| json!({"name": name(it), "admin": false, "displayname": "Somebody", "avatar_url": null}))
            .collect();
        let next = (until < self.accounts).then(|| until.to_string());
        json!({"users": users, "total": self.accounts, "next_token": next})
    }

    /// `POST /_matrix/client/v3/keys/query`.
    fn keys(self, body: &[u8]) -> Value {
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let users = asked["device_keys"].as_object().into_iter().flatten();
        let users = users.map(|(user, _)| user).filter(|it| {
            let number = it.trim_start_matches("@u").split(':').next();
            number
                .and_then(|it| it.parse::<usize>().ok())
                .is_some_and(|it| it % self.every == 0)
        });
        let keys = users.map(|user| {
            let devices = DEVICES.iter().map(|id| {
                let keys = json!({
                    "user_id": user, "device_id": id,
                    "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
                    "keys": {format!("ed25519:{id}"): KEY, format!("curve25519:{id}"): KEY},
                    "signatures": {user: {format!("ed25519:{id}"): SIGNATURE}},
                });
                ((*id).to_owned(), keys)
            });
            (user.clone(), Value::from(devices.collect::<Map<_, _>>()))
        });
        json!({"device_keys": keys.collect::<Map<_, _>>()})
    }
}

/// The sessions of everybody who has keys.
const DEVICES: [&str; 3] = ["PHONE", "LAPTOP", "TABLET"];

fn name(number: usize) -> String {
    format!("@u{number}:example.org")
}
