//! What the homeserver offers.

use std::time::Duration;

use futures_util::join;
use lifeboat_report::{
    Fact, Gap,
    facts::{OAuth, PasswordChange, Server, Software, Support, SupportContact},
};
use matrix_sdk::{
    reqwest::Url,
    ruma::{
        UserId,
        api::client::{
            discovery::{get_authorization_server_metadata, get_capabilities},
            session::get_login_types,
        },
    },
};
use serde_json::Value;

use crate::{
    Caller, Homeserver,
    discover::{fetch_from_server_name, is_address},
    gap::{gap_of, is_not_found},
    network::{Failure, fetch_json},
};

/// Facts that decide nothing are not waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the homeserver what it is and offers. Changes nothing.
pub(crate) async fn server(caller: &Caller, homeserver: &Homeserver, user: &UserId) -> Server {
    let (software, login_flows, oauth, password_change, support) = join!(
        software(homeserver),
        login_flows(caller),
        oauth_server(caller),
        password_change(caller),
        support(homeserver, user),
    );
    Server {
        base_url: homeserver.base_url.to_string(),
        software,
        spec_versions: Fact::Known(homeserver.spec_versions.clone()),
        login_flows,
        oauth,
        password_change,
        support,
    }
}

/// `GET /_matrix/federation/v1/version`
/// ([spec](https://spec.matrix.org/latest/server-server-api/#get_matrixfederationv1version)).
async fn software(homeserver: &Homeserver) -> Fact<Software> {
    let mut url = homeserver.base_url.clone();
    // Where a server lies below a path, so does all that it answers there.
    let path = format!("{}/_matrix/federation/v1/version", url.path().trim_end_matches('/'));
    url.set_path(&path);
    let answer = tokio::time::timeout(PATIENCE, fetch_json(&homeserver.well_known, url)).await;
    read_plain(answer.unwrap_or(Err(Failure::TimedOut))).and_then(|content| {
        let text = |name: &str| content.pointer(&format!("/server/{name}")).and_then(Value::as_str);
        match (text("name"), text("version")) {
            (Some(name), Some(version)) => Fact::Known(Software {
                name: name.to_owned(),
                version: version.to_owned(),
            }),
            _ => Fact::Unknown(Gap::Unreadable),
        }
    })
}

/// `GET /_matrix/client/v3/login`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3login)).
async fn login_flows(caller: &Caller) -> Fact<Vec<String>> {
    match caller
        .ask(|| caller.client().send(get_login_types::v3::Request::new()))
        .await
    {
        Ok(answer) => Fact::Known(answer.flows.iter().map(|it| it.login_type().to_owned()).collect()),
        Err(error) => Fact::Unknown(gap_of(&error)),
    }
}

/// Asks which OAuth server keeps the accounts, if one does. Changes nothing.
///
/// `GET /_matrix/client/v1/auth_metadata`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv1auth_metadata), MSC2965). A server
/// that does not know the request delegates nothing.
pub async fn oauth_server(caller: &Caller) -> Fact<Option<OAuth>> {
    let request = get_authorization_server_metadata::v1::Request::new();
    match caller.ask(|| caller.client().send(request.clone())).await {
        Ok(answer) => match serde_json::from_str::<Value>(answer.metadata.json().get()) {
            Ok(content) => match content.get("issuer").and_then(Value::as_str) {
                Some(issuer) => Fact::Known(Some(OAuth {
                    issuer: issuer.to_owned(),
                    account_management_uri: content
                        .get("account_management_uri")
                        .and_then(Value::as_str)
                        .and_then(page),
                    account_management_actions: actions(&content),
                })),
                None => Fact::Unknown(Gap::Unreadable),
            },
            Err(_) => Fact::Unknown(Gap::Unreadable),
        },
        Err(error) if is_not_found(&error) => Fact::Known(None),
        Err(error) => match gap_of(&error) {
            Gap::Unsupported => Fact::Known(None),
            gap => Fact::Unknown(gap),
        },
    }
}

fn actions(metadata: &Value) -> Vec<String> {
    let listed = metadata
        .get("account_management_actions_supported")
        .and_then(Value::as_array);
    let names = listed.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

/// `GET /_matrix/client/v3/capabilities`, `m.change_password`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#mchange_password-capability)): absent means allowed.
async fn password_change(caller: &Caller) -> Fact<PasswordChange> {
    // It is told to nobody who is not signed in.
    if caller.client().user_id().is_none() {
        return Fact::Unknown(Gap::NotAsked);
    }
    match caller
        .ask(|| caller.client().send(get_capabilities::v3::Request::new()))
        .await
    {
        Ok(answer) if answer.capabilities.change_password.enabled => Fact::Known(PasswordChange::Allowed),
        Ok(_) => Fact::Known(PasswordChange::Disabled),
        Err(error) => Fact::Unknown(gap_of(&error)),
    }
}

/// `GET /.well-known/matrix/support`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#getwell-knownmatrixsupport), MSC1929).
async fn support(homeserver: &Homeserver, user: &UserId) -> Fact<Option<Support>> {
    let asked = fetch_from_server_name(homeserver, user, "/.well-known/matrix/support");
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Err(Failure::Status(404))) => Fact::Known(None),
        Ok(answer) => read_plain(answer).map(|content| Some(read_support(&content))),
        Err(_) => Fact::Unknown(Gap::Offline),
    }
}

/// Returns an address that a browser may be sent to: a server could name a script, a file, or what looks like another server.
fn page(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    is_address(&url).then(|| text.to_owned())
}

fn is_email(text: &str) -> bool {
    let odd = |it: char| it.is_whitespace() || it.is_control() || matches!(it, ':' | '"' | '<' | '>' | '(' | ')' | ',');
    text.split_once('@')
        .is_some_and(|(who, at)| !who.is_empty() && at.contains('.') && !at.contains('@'))
        && !text.contains(odd)
}

fn read_support(content: &Value) -> Support {
    let text = |it: &Value, name: &str| it.get(name).and_then(Value::as_str).map(str::to_owned);
    let contacts = content.get("contacts").and_then(Value::as_array).into_iter().flatten();
    Support {
        contacts: contacts
            .map(|it| SupportContact {
                role: text(it, "role").unwrap_or_default(),
                matrix_id: text(it, "matrix_id").filter(|it| UserId::parse(it).is_ok()),
                email_address: text(it, "email_address").filter(|it| is_email(it)),
            })
            .collect(),
        support_page: text(content, "support_page").and_then(|it| page(&it)),
    }
}

fn read_plain(answer: Result<Value, Failure>) -> Fact<Value> {
    match answer {
        Ok(content) => Fact::Known(content),
        Err(failure) => Fact::Unknown(match failure {
            Failure::Status(429) => Gap::RateLimited,
            Failure::Status(404) => Gap::Unsupported,
            Failure::Status(500..) => Gap::Failed,
            Failure::Status(_) => Gap::Refused,
            Failure::TooLong | Failure::NotJson(_) => Gap::Unreadable,
            Failure::NoSuchName | Failure::TimedOut | Failure::Certificate(_) | Failure::Unreachable(_) => Gap::Offline,
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_contact_is_left_out() {
        let support = read_support(&json!({
            "contacts": [
                {"role": "m.role.admin", "matrix_id": "@help:example.org", "email_address": "help@example.org"},
                {"role": "m.role.security", "matrix_id": "data:text/html,x", "email_address": "javascript:alert(1)"},
                {"role": "x", "matrix_id": "help", "email_address": "a@b.example\" onclick=\"x"},
            ],
            "support_page": "javascript:alert(1)",
        }));
        let named = |it: &SupportContact| (it.matrix_id.clone(), it.email_address.clone());
        let help = (
            Some("@help:example.org".to_owned()),
            Some("help@example.org".to_owned()),
        );
        assert_eq!(
            support.contacts.iter().map(named).collect::<Vec<_>>(),
            [help, (None, None), (None, None)]
        );
        assert_eq!(support.support_page, None);
    }

    #[test]
    fn a_browser_is_sent_to_web_pages_alone() {
        assert!(page("https://example.org/help").is_some() && page("http://localhost:8080/account").is_some());
        for odd in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://example.org@evil.example/",
            "help",
            "mailto:a@b",
        ] {
            assert_eq!(page(odd), None, "{odd}");
        }
    }
}
