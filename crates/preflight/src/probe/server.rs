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
    network::{Failure, fetch_answer, fetch_json},
};

/// Facts that decide no verdict are not waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the homeserver what it is and offers. Changes nothing.
pub(crate) async fn server(caller: &Caller, homeserver: &Homeserver, user: &UserId) -> Server {
    let (software, admin_api, login_flows, oauth, password_change, support) = join!(
        software(homeserver),
        admin_api(homeserver),
        login_flows(caller),
        oauth_server(caller),
        password_change(caller),
        support(homeserver, user),
    );
    Server {
        base_url: homeserver.base_url.to_string(),
        software,
        admin_api,
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
    let url = address(homeserver, "/_matrix/federation/v1/version");
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

/// Asks, as anybody may, whether Synapse's Admin API is there. Changes nothing.
///
/// `GET /_synapse/admin/v1/server_version`
/// ([Admin API](https://element-hq.github.io/synapse/latest/admin_api/version_api.html)), without a token. Follows no
/// redirect: it is asked whether the API is here.
async fn admin_api(homeserver: &Homeserver) -> Fact<bool> {
    let url = address(homeserver, "/_synapse/admin/v1/server_version");
    let answer = tokio::time::timeout(PATIENCE, fetch_answer(&homeserver.http, url)).await;
    match answer.unwrap_or(Err(Failure::TimedOut)) {
        Ok((status, content)) => read_admin_api(status, content.as_ref()),
        Err(failure) => Fact::Unknown(plain_gap(&failure)),
    }
}

/// Only the server's own word counts against it, an errcode of Matrix. Whatever else is said in its place may come from
/// a reverse proxy, which keeps the API from the internet and not from those who run the server
/// ([Synapse](https://element-hq.github.io/synapse/latest/reverse_proxy.html)).
fn read_admin_api(status: u16, content: Option<&Value>) -> Fact<bool> {
    let text = |name: &str| content.and_then(|it| it.get(name)).and_then(Value::as_str);
    match (status, text("errcode")) {
        (200, _) if text("server_version").is_some() => Fact::Known(true),
        (200..=299, _) => Fact::Unknown(Gap::Unreadable),
        (400 | 404 | 405, Some("M_UNRECOGNIZED")) | (404, Some("M_NOT_FOUND")) => Fact::Known(false),
        (404 | 405, _) => Fact::Unknown(Gap::Refused),
        _ => Fact::Unknown(plain_gap(&Failure::Status(status))),
    }
}

/// Where a server lies below a path, so does all that it answers there.
fn address(homeserver: &Homeserver, path: &str) -> Url {
    let mut url = homeserver.base_url.clone();
    let path = format!("{}{path}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url
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
        Err(failure) => Fact::Unknown(plain_gap(&failure)),
    }
}

fn plain_gap(failure: &Failure) -> Gap {
    match failure {
        Failure::Status(429) => Gap::RateLimited,
        Failure::Status(404) => Gap::Unsupported,
        Failure::Status(500..) => Gap::Failed,
        Failure::Status(_) => Gap::Refused,
        Failure::TooLong | Failure::NotJson(_) => Gap::Unreadable,
        Failure::NoSuchName | Failure::TimedOut | Failure::Certificate(_) | Failure::Unreachable(_) => Gap::Offline,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Answer, CannedServer};

    /// What a reverse proxy says where it leads nowhere.
    fn web_page(status: u16) -> Answer {
        Answer {
            status,
            body: b"<h1>Not here</h1>".to_vec(),
            ..json!({}).into()
        }
    }

    #[tokio::test]
    async fn whether_the_admin_api_is_there_is_the_servers_own_word() {
        type Case = (&'static str, fn() -> Answer, Fact<bool>);
        let cases: [Case; 12] = [
            (
                "Synapse",
                || json!({"server_version": "1.163.0"}).into(),
                Fact::Known(true),
            ),
            (
                "not known there",
                || Answer::error(404, "M_UNRECOGNIZED"),
                Fact::Known(false),
            ),
            (
                "not known to older ones",
                || Answer::error(400, "M_UNRECOGNIZED"),
                Fact::Known(false),
            ),
            (
                "another method",
                || Answer::error(405, "M_UNRECOGNIZED"),
                Fact::Known(false),
            ),
            (
                "nothing there",
                || Answer::error(404, "M_NOT_FOUND"),
                Fact::Known(false),
            ),
            ("a page", || web_page(404), Fact::Unknown(Gap::Refused)),
            ("forbidden", || web_page(403), Fact::Unknown(Gap::Refused)),
            ("a redirect", || web_page(302), Fact::Unknown(Gap::Refused)),
            ("nobody behind it", || web_page(502), Fact::Unknown(Gap::Failed)),
            (
                "too often",
                || Answer::error(429, "M_LIMIT_EXCEEDED"),
                Fact::Unknown(Gap::RateLimited),
            ),
            ("a page of its own", || web_page(200), Fact::Unknown(Gap::Unreadable)),
            (
                "another shape",
                || json!([{"server_version": 1}]).into(),
                Fact::Unknown(Gap::Unreadable),
            ),
        ];
        for (name, answer, fact) in cases {
            let server = CannedServer::start(move |request| {
                let asked = request.path == "/_synapse/admin/v1/server_version";
                asked.then(answer)
            })
            .await;
            let (homeserver, _) = server.enter().await;
            assert_eq!(admin_api(&homeserver).await, fact, "{name}");
            assert_eq!(server.asked("/server_version").len(), 1, "{name}");
        }
    }

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
