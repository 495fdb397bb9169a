//! What the service tells of an account.

use futures_util::join;
use jiff::Timestamp;
use lifeboat_report::{
    Fact,
    facts::{Email, Restriction, SignedIn, SignedInKind},
};
use serde_json::Value;

use super::{MasApi, MasError, segment_of};

/// How many of a list come in one answer.
const PAGE: &str = "100";
/// The longest list that is read, in pages: nobody has more sessions than that.
const PAGES: usize = 100;

/// Scopes that name a session at the homeserver
/// ([spec](https://spec.matrix.org/latest/client-server-api/#device-id-allocation)), and as MSC2967 wrote them.
const DEVICE_SCOPES: [&str; 2] = [
    "urn:matrix:client:device:",
    "urn:matrix:org.matrix.msc2967.client:device:",
];

/// An account as the Matrix Authentication Service knows it.
#[derive(Clone, Debug)]
pub struct MasAccount {
    /// Its id there, which is not the user id.
    pub id: String,
    /// Whether it is locked or deactivated there.
    pub restrictions: Vec<Restriction>,
    /// Whether it may ask for an administrator's token.
    pub administrator: bool,
    /// Its confirmed e-mail addresses.
    pub emails: Fact<Vec<Email>>,
    /// The identity providers that sign the person in, by the service's names for them.
    pub providers: Vec<String>,
    /// Whether people sign in with passwords; `None`: it does not say.
    pub passwords: Option<bool>,
    /// Whether a forgotten password can be replaced by a mail; `None`: it does not say.
    pub recovery: Option<bool>,
    /// What is signed in and not over.
    pub signed_in: Vec<SignedIn>,
}

pub(super) async fn account(api: &MasApi, localpart: &str) -> Result<MasAccount, MasError> {
    let answer = api.get(&["users", "by-username", localpart], &[]).await?;
    let unreadable = || MasError::Unreadable;
    let user = answer.get("data").ok_or_else(unreadable)?;
    let id = id_of(user).ok_or_else(unreadable)?;
    let attribute = |name: &str| user.get("attributes").and_then(|it| it.get(name));
    // The service knows names in lower case alone, and may find one that is not the one that was asked for.
    if attribute("username").and_then(Value::as_str) != Some(localpart) {
        return Err(MasError::NotThere);
    }
    let is = |name: &str| attribute(name).is_some_and(|it| !it.is_null());
    let all = [
        (Restriction::Deactivated, is("deactivated_at")),
        (Restriction::Locked, is("locked_at")),
    ];
    let (emails, providers, site, signed_in) = join!(
        emails(api, &id),
        providers(api, &id),
        api.get(&["site-config"], &[]),
        signed_in(api, &id),
    );
    let allows = |name: &str| site.as_ref().ok().and_then(|it| it.get(name)).and_then(Value::as_bool);
    Ok(MasAccount {
        restrictions: all.into_iter().filter(|(_, is)| *is).map(|(it, _)| it).collect(),
        administrator: attribute("admin").and_then(Value::as_bool) == Some(true),
        emails: emails.map_or_else(|error| Fact::Unknown(error.gap()), Fact::Known),
        // Who signs the person in decides nothing, and older versions do not tell it.
        providers: providers.unwrap_or_default(),
        passwords: allows("password_login_enabled"),
        recovery: allows("account_recovery_allowed"),
        signed_in: signed_in?,
        id,
    })
}

async fn emails(api: &MasApi, id: &str) -> Result<Vec<Email>, MasError> {
    let listed = list(api, "user-emails", &[("filter[user]", id)]).await?;
    let email = |it: &Value| {
        let attributes = it.get("attributes")?;
        let confirmed = moment(attributes.get("created_at")).unwrap_or_default();
        Some(Email::masked(attributes.get("email")?.as_str()?, confirmed))
    };
    listed
        .iter()
        .map(email)
        .collect::<Option<_>>()
        .ok_or(MasError::Unreadable)
}

async fn providers(api: &MasApi, id: &str) -> Result<Vec<String>, MasError> {
    let links = list(api, "upstream-oauth-links", &[("filter[user]", id)]).await?;
    let mut ids: Vec<&str> = links
        .iter()
        .filter_map(|it| it.pointer("/attributes/provider_id")?.as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut names = Vec::new();
    for id in ids {
        let answer = api.get(&["upstream-oauth-providers", id], &[]).await;
        let attributes = answer.as_ref().ok().and_then(|it| it.pointer("/data/attributes"));
        let text = |name: &str| attributes.and_then(|it| it.get(name)).and_then(Value::as_str);
        let name = text("human_name").or_else(|| text("issuer")).unwrap_or(id);
        names.push(name.to_owned());
    }
    Ok(names)
}

pub(super) async fn signed_in(api: &MasApi, id: &str) -> Result<Vec<SignedIn>, MasError> {
    let mut all = Vec::new();
    for kind in SignedInKind::ALL {
        let user = match kind {
            SignedInKind::Personal => "filter[actor_user]",
            _ => "filter[user]",
        };
        let filter = [(user, id), ("filter[status]", "active")];
        let listed = match list(api, segment_of(kind), &filter).await {
            // Older versions have no such sessions, and so none of this account.
            Err(MasError::NoApi) if kind == SignedInKind::Personal => Vec::new(),
            listed => listed?,
        };
        for it in &listed {
            // A filter that a version does not know it leaves unheard: what acts as somebody else is not to be ended.
            if kind == SignedInKind::Personal && actor_of(it).ok_or(MasError::Unreadable)? != id {
                continue;
            }
            all.push(session(it, kind).ok_or(MasError::Unreadable)?);
        }
    }
    // Ids begin with the moment at which they were made.
    all.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(all)
}

fn session(listed: &Value, kind: SignedInKind) -> Option<SignedIn> {
    let attributes = listed.get("attributes")?;
    let text = |name: &str| attributes.get(name).and_then(Value::as_str).map(str::to_owned);
    let device = text("scope").and_then(|it| it.split(' ').find_map(device_in).map(str::to_owned));
    Some(SignedIn {
        id: id_of(listed)?,
        kind,
        device_id: text("device_id").or(device),
        name: text("human_name").or_else(|| text("user_agent")),
        last_active_at: moment(attributes.get("last_active_at")),
    })
}

/// Returns the id of the user that a personal session acts as.
fn actor_of(listed: &Value) -> Option<&str> {
    listed.pointer("/attributes/actor_user_id")?.as_str()
}

fn device_in(scope: &str) -> Option<&str> {
    DEVICE_SCOPES.iter().find_map(|it| scope.strip_prefix(it))
}

/// Reads a list to its end.
async fn list(api: &MasApi, name: &str, filter: &[(&str, &str)]) -> Result<Vec<Value>, MasError> {
    let mut all: Vec<Value> = Vec::new();
    for _ in 0..PAGES {
        let after = all.last().and_then(id_of);
        let mut query = filter.to_vec();
        query.push(("page[first]", PAGE));
        if let Some(after) = &after {
            query.push(("page[after]", after));
        }
        let answer = api.get(&[name], &query).await?;
        let page = answer.get("data").and_then(Value::as_array);
        let page = page.ok_or(MasError::Unreadable)?;
        all.extend(page.iter().cloned());
        let is_last = answer.pointer("/links/next").is_none_or(Value::is_null);
        if is_last || page.is_empty() {
            return Ok(all);
        }
    }
    Err(MasError::Unreadable)
}

/// Reads the id of a resource. It becomes a part of paths, and nothing else may be in it.
fn id_of(resource: &Value) -> Option<String> {
    let id = resource.get("id")?.as_str()?;
    let is_ulid = !id.is_empty() && id.len() <= 64 && id.chars().all(|it| it.is_ascii_alphanumeric());
    is_ulid.then(|| id.to_owned())
}

fn moment(text: Option<&Value>) -> Option<u64> {
    let moment: Timestamp = text?.as_str()?.parse().ok()?;
    u64::try_from(moment.as_millisecond()).ok()
}
