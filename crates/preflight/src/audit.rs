//! A look at every account of a server, from outside.

mod pages;
#[cfg(test)]
mod tests;

use futures_util::{Stream, StreamExt as _, stream};
use lifeboat_report::{
    Fact, Facts, Gap,
    facts::{Administration, Restriction, Server},
};
use matrix_sdk::ruma::{OwnedUserId, UserId};
use serde_json::{Map, Value, json};

use crate::{
    AdminApi, Caller, Homeserver,
    admin_api::Missing,
    outside::gathered,
    probe::{
        administrator::{account, administration, told},
        published::PublishedKeys,
        server::server,
    },
};

pub use pages::Pages;

/// Accounts that are asked about in one request for published keys, and listed in one page.
const PAGE: usize = 100;
/// Accounts that are looked at at the same time.
const AT_ONCE: usize = 4;

/// Looks at one account after the other, in the name of an administrator. Changes nothing, and acts as nobody.
#[derive(Debug)]
pub struct Auditor {
    api: AdminApi,
    server: Server,
}

/// An account that is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its user id.
    pub user: OwnedUserId,
    /// What the server tells its administrators of it; a gap when it could not be asked.
    pub administration: Fact<Administration>,
    /// Whether the server has such an account.
    pub there: bool,
}

/// One page of the list of accounts.
#[derive(Clone, Debug)]
pub struct Page {
    /// The accounts on it, in the server's order: by name.
    pub accounts: Vec<Listed>,
    /// Where the next one begins, if there is one.
    pub next: Option<String>,
    /// How many accounts there are in all.
    pub total: Option<u64>,
}

/// What was seen of an account.
#[derive(Clone, Debug)]
pub enum Glance {
    /// There is no such account on this server.
    NotThere,
    /// It is closed; nothing else was asked.
    Closed,
    /// None of its sessions has published a key, and it has no identity; nothing else was asked.
    Keyless,
    /// Everything that can be seen from outside.
    Seen(Box<Facts>),
    /// It could not be asked about.
    NotKnown(Gap),
}

/// Why an audit ends before its end. What was looked at until then holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The administrator's session is over.
    #[error("The administrator’s session was ended by the server or by another session.")]
    SessionEnded,
    /// The server is away.
    #[error("The server did not answer.")]
    Offline,
    /// The list of accounts cannot be had.
    #[error("The server gives no list of its accounts: {}.", .0.words())]
    NoList(Gap),
    /// The list of accounts has no end.
    #[error("The server’s list of its accounts leads in circles.")]
    Endless,
}

impl Auditor {
    /// Asks what the server offers, once for all accounts.
    pub async fn begin(api: AdminApi, caller: &Caller, homeserver: &Homeserver, user: &UserId) -> Self {
        let server = server(caller, homeserver, user).await;
        Self { api, server }
    }

    /// Returns how many accounts are looked at together.
    pub fn page_size() -> usize {
        PAGE
    }

    /// Lists the accounts of the server, page after page.
    pub fn pages(&self) -> Pages<'_> {
        Pages::of(self)
    }

    /// Lists the accounts of the server from `from` on, closed and locked ones included, guests left out. Changes
    /// nothing.
    ///
    /// `GET /_synapse/admin/v2/users`
    /// ([Admin API](https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#list-accounts)).
    pub async fn page(&self, from: Option<&str>) -> Result<Page, AuditError> {
        let limit = PAGE.to_string();
        let query = [
            ("from", from.unwrap_or(pages::START)),
            ("limit", &limit),
            ("guests", "false"),
            ("deactivated", "true"),
            ("locked", "true"),
        ];
        let answer = self.api.get(&["_synapse", "admin", "v2", "users"], &query).await;
        let answer = answer.map_err(no_list)?;
        let unreadable = AuditError::NoList(Gap::Unreadable);
        let users = answer.get("users").and_then(Value::as_array).ok_or(unreadable)?;
        let listed = |it: &Value| {
            Some(Listed {
                user: UserId::parse(it.get("name")?.as_str()?).ok()?,
                administration: Fact::Known(administration(it)),
                there: true,
            })
        };
        // A number in older versions, a text in newer ones.
        let next = answer.get("next_token").and_then(|it| match it {
            Value::String(it) => Some(it.clone()),
            Value::Number(it) => Some(it.to_string()),
            _ => None,
        });
        Ok(Page {
            accounts: users.iter().map(listed).collect::<Option<_>>().ok_or(unreadable)?,
            next,
            total: answer.get("total").and_then(Value::as_u64),
        })
    }

    /// Asks about these accounts by name. Changes nothing.
    ///
    /// `GET /_synapse/admin/v2/users/<user>`
    /// ([Admin API](https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#query-user-account)).
    pub async fn named(&self, users: Vec<OwnedUserId>) -> Result<Vec<Listed>, AuditError> {
        let ask = |user: OwnedUserId| async move {
            let (administration, there) = match account(&self.api, &user).await {
                Ok(account) => (Fact::Known(administration(&account)), true),
                Err(Missing::NotThere) => (Fact::Unknown(Gap::Unsupported), false),
                Err(missing) => (Fact::Unknown(self.goes_on(missing)?), true),
            };
            Ok(Listed {
                user,
                administration,
                there,
            })
        };
        let asked: Vec<Result<Listed, AuditError>> = stream::iter(users).map(ask).buffered(AT_ONCE).collect().await;
        asked.into_iter().collect()
    }

    /// Looks at these accounts and returns what was seen of each, in their order. Changes nothing.
    ///
    /// `POST /_matrix/client/v3/keys/query` for all of them
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keysquery)); then for each that has
    /// keys what the Admin API tells of it.
    pub async fn look<'a>(
        &'a self,
        accounts: &'a [Listed],
    ) -> Result<impl Stream<Item = Result<(&'a Listed, Glance), AuditError>> + 'a, AuditError> {
        let open = accounts.iter().filter(|it| it.there && !is_closed(it));
        let asked: Map<String, Value> = open.map(|it| (it.user.to_string(), json!([]))).collect();
        let published = match asked.is_empty() {
            true => Ok(Value::Null),
            false => {
                let segments = ["_matrix", "client", "v3", "keys", "query"];
                let answer = self.api.post(&segments, &json!({"device_keys": asked})).await;
                answer.map_or_else(|missing| self.goes_on(missing).map(Err), |it| Ok(Ok(it)))?
            }
        };
        let each = accounts.iter().map(move |listed| {
            let published = match &published {
                Ok(answer) => Fact::Known(PublishedKeys::read_answer(&listed.user, answer)),
                Err(gap) => Fact::Unknown(*gap),
            };
            (listed, published)
        });
        let look = move |(listed, published): (&'a Listed, Fact<PublishedKeys>)| async move {
            Ok((listed, self.glance(listed, published).await?))
        };
        // The answer about all of them is not kept while each is looked at.
        let each: Vec<_> = each.collect();
        Ok(stream::iter(each).map(look).buffered(AT_ONCE))
    }

    async fn glance(&self, listed: &Listed, published: Fact<PublishedKeys>) -> Result<Glance, AuditError> {
        if !listed.there {
            return Ok(Glance::NotThere);
        }
        if is_closed(listed) {
            return Ok(Glance::Closed);
        }
        match &published {
            Fact::Unknown(gap) => return Ok(Glance::NotKnown(*gap)),
            Fact::Known(keys) if keys.devices.is_empty() && keys.identity.master.is_none() => {
                return Ok(Glance::Keyless);
            }
            Fact::Known(_) => {}
        }
        let told = told(&self.api, &listed.user).await;
        let facts = gathered(self.server.clone(), told, published);
        // Without the line to the server every later account would look the same.
        match facts.sessions.gap() {
            Some(Gap::Offline) => Err(AuditError::Offline),
            Some(Gap::Refused) => self.still_there(facts).await,
            _ => Ok(Glance::Seen(Box::new(facts))),
        }
    }

    /// Tells an account that may not be asked about from a session that is over.
    async fn still_there(&self, facts: Facts) -> Result<Glance, AuditError> {
        let asked = self
            .api
            .get(&["_matrix", "client", "v3", "account", "whoami"], &[])
            .await;
        match asked {
            Err(missing) => self.goes_on(missing).map(Glance::NotKnown),
            Ok(_) => Ok(Glance::Seen(Box::new(facts))),
        }
    }

    /// Tells what ends the audit from what is a gap of one account.
    fn goes_on(&self, missing: Missing) -> Result<Gap, AuditError> {
        match missing {
            Missing::SessionEnded => Err(AuditError::SessionEnded),
            Missing::Gap(Gap::Offline) => Err(AuditError::Offline),
            Missing::NotThere => Ok(Gap::Unsupported),
            Missing::Gap(gap) => Ok(gap),
        }
    }
}

fn is_closed(listed: &Listed) -> bool {
    let administration = listed.administration.known();
    administration.is_some_and(|it| it.restrictions.contains(&Restriction::Deactivated))
}

fn no_list(missing: Missing) -> AuditError {
    match missing {
        Missing::SessionEnded => AuditError::SessionEnded,
        Missing::Gap(Gap::Offline) => AuditError::Offline,
        other => AuditError::NoList(other.gap()),
    }
}
