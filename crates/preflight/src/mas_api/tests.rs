//! The service at its own examples (`docs/api/spec.json` and `docs/topics/admin-api.md` of
//! element-hq/matrix-authentication-service), and at answers that are none of its.

use lifeboat_report::{
    Fact,
    facts::{Email, Restriction},
};
use serde_json::json;

use super::*;
use crate::testing::{Answer, CannedServer, Request};

const USER: &str = "01040G2081040G2081040G2081";
const OTHER: &str = "02081040G2081040G2081040G2";

async fn api(answers: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> (CannedServer, MasApi) {
    let server = CannedServer::start(answers).await;
    let (homeserver, _) = server.enter().await;
    let place = MasPlace {
        http: homeserver.http().clone(),
        base_url: homeserver.base_url().clone(),
        waiting: Waiting::default(),
    };
    let api = place.with_token("mpt_token".to_owned().into());
    (server, api)
}

fn errors(status: u16, title: &str) -> Answer {
    Answer {
        status,
        ..Answer::from(json!({"errors": [{"title": title}]}))
    }
}

#[tokio::test]
async fn debug_does_not_show_the_token() {
    let (_server, api) = api(|_| None).await;
    let told = format!("{api:?}");
    assert!(!told.contains("mpt_token"), "{told}");
    assert!(told.ends_with("token: SecretBox<str>([REDACTED]) }"), "{told}");
}

/// The answers of the examples.
fn example(request: &Request) -> Option<Answer> {
    let path = request.path.strip_prefix("/api/admin/v1/")?;
    Some(match path {
        "users/by-username/alice" => json!({"data": {"type": "user", "id": USER, "attributes": {
            "username": "alice", "created_at": "1970-01-01T00:00:00Z", "locked_at": null, "deactivated_at": null,
            "admin": false, "legacy_guest": false,
        }}})
        .into(),
        "users/by-username/charlie" => json!({"data": {"type": "user", "id": USER, "attributes": {
            "username": "charlie", "created_at": "1970-01-01T00:00:00Z", "locked_at": "1970-01-01T00:00:00Z",
            "deactivated_at": "1970-01-01T00:00:00Z", "admin": true, "legacy_guest": false,
        }}})
        .into(),
        "user-emails" => json!({"meta": {"count": 1}, "data": [{"type": "user-email", "id": USER, "attributes": {
            "created_at": "1970-01-01T00:00:01Z", "user_id": USER, "email": "alice@example.com",
        }}]})
        .into(),
        "upstream-oauth-links" => json!({"data": [{"type": "upstream-oauth-link", "id": USER, "attributes": {
            "created_at": "1970-01-01T00:00:00Z", "provider_id": USER, "subject": "john-42", "user_id": USER,
            "human_account_name": "john.doe@example.com",
        }}]})
        .into(),
        "upstream-oauth-providers/01040G2081040G2081040G2081" => json!({"data": {"id": USER, "attributes": {
            "issuer": "https://accounts.google.com", "human_name": "Google", "brand_name": "google",
        }}})
        .into(),
        "site-config" => json!({"server_name": "example.com", "password_login_enabled": true,
            "account_recovery_allowed": false, "minimum_password_complexity": 3})
        .into(),
        // Three in pages of two.
        "compat-sessions" => match request.get("page[after]") {
            None => json!({"data": [
                {"type": "compat-session", "id": USER, "attributes": {
                    "user_id": USER, "device_id": "AABBCCDDEE", "user_agent": "Mozilla/5.0", "human_name": "Laptop",
                    "last_active_at": "1970-01-01T00:00:02.5Z", "finished_at": null}},
                {"type": "compat-session", "id": "02081040G2081040G2081040G2", "attributes": {
                    "user_id": USER, "device_id": "FFGGHHIIJJ", "user_agent": "Mozilla/5.0", "human_name": null}},
            ], "links": {"next": "/api/admin/v1/compat-sessions?page[after]=02081040G2081040G2081040G2"}})
            .into(),
            Some("02081040G2081040G2081040G2") => json!({"data": [
                {"type": "compat-session", "id": "030C1G60R30C1G60R30C1G60R3", "attributes": {
                    "user_id": USER, "device_id": null, "user_agent": null, "last_active_at": null}},
            ], "links": {}})
            .into(),
            _ => return None,
        },
        "oauth2-sessions" => json!({"data": [{"type": "oauth2-session", "id": "00040G2081040G2081040G2081",
            "attributes": {"user_id": USER, "scope": "openid urn:matrix:org.matrix.msc2967.client:device:PHONE"}}]})
        .into(),
        "user-sessions" => json!({"data": []}).into(),
        "personal-sessions" => json!({"data": [
            {"type": "personal-session", "id": "040G2081040G2081040G208104", "attributes": {
                "created_at": "2022-01-16T14:40:00Z", "revoked_at": null, "owner_user_id": OTHER,
                "owner_client_id": null, "actor_user_id": USER, "human_name": "Archive", "scope": "openid",
                "last_active_at": null, "last_active_ip": null, "expires_at": "2022-02-27T14:40:00Z"}},
            {"type": "personal-session", "id": "050M2GA1850M2GA1850M2GA185", "attributes": {
                "owner_user_id": USER, "actor_user_id": OTHER, "human_name": "Of somebody else", "scope": "openid"}},
        ]})
        .into(),
        _ => return None,
    })
}

#[tokio::test]
async fn an_account_is_read_with_everything_that_is_signed_in() {
    let (server, api) = api(example).await;
    let alice = api.account("alice").await.unwrap();
    assert_eq!((alice.id.as_str(), alice.administrator), (USER, false));
    assert!(alice.restrictions.is_empty());
    assert_eq!(
        alice.emails,
        Fact::Known(vec![Email::masked("alice@example.com", 1000)])
    );
    assert_eq!(alice.providers, ["Google"]);
    assert_eq!((alice.passwords, alice.recovery), (Some(true), Some(false)));
    let signed_in: Vec<_> = alice
        .signed_in
        .iter()
        .map(|it| (it.kind, it.device_id.as_deref(), it.name.as_deref(), it.last_active_at))
        .collect();
    assert_eq!(
        signed_in,
        [
            (SignedInKind::Oauth2, Some("PHONE"), None, None),
            (SignedInKind::Compat, Some("AABBCCDDEE"), Some("Laptop"), Some(2500)),
            (SignedInKind::Compat, Some("FFGGHHIIJJ"), Some("Mozilla/5.0"), None),
            (SignedInKind::Compat, None, None, None),
            (SignedInKind::Personal, None, Some("Archive"), None),
        ]
    );
    let asked = server.asked("/api/admin/v1/personal-sessions");
    assert_eq!(asked.len(), 1);
    let asked = &asked[0];
    assert_eq!(asked.get("filter[actor_user]"), Some(USER));
    assert_eq!(asked.get("filter[status]"), Some("active"));
    for asked in server.asked("/api/admin/v1/compat-sessions") {
        assert_eq!(asked.get("filter[user]"), Some(USER));
        assert_eq!(asked.get("filter[status]"), Some("active"));
    }
    let charlie = api.account("charlie").await.unwrap();
    assert_eq!(charlie.restrictions, [Restriction::Deactivated, Restriction::Locked]);
    assert!(charlie.administrator);
}

#[tokio::test]
async fn refusals_are_told_apart_and_nothing_else_is_believed() {
    let account = async |answer: fn() -> Answer| {
        let (_server, api) = api(move |it| it.path.contains("by-username").then(answer)).await;
        api.account("alice").await.unwrap_err()
    };
    let not_admin = account(|| errors(401, "Missing urn:mas:admin scope.")).await;
    let words = "Missing urn:mas:admin scope".to_owned();
    assert_eq!(not_admin, MasError::NotAdmin { words });
    let unknown = account(|| errors(404, "User with username \"alice\" not found")).await;
    assert_eq!(unknown, MasError::NotThere);
    assert_eq!(account(|| Answer::error(404, "M_UNRECOGNIZED")).await, MasError::NoApi);
    assert_eq!(account(|| errors(500, "no")).await, MasError::Failed { status: 500 });
    assert_eq!(account(|| json!([]).into()).await, MasError::Unreadable);
    // Somebody else, and an id that would lead elsewhere.
    for (name, id) in [("alicia", USER), ("alice", "../../x"), ("alice", "")] {
        let (_server, api) = api(move |it| {
            let asked = it.path.contains("by-username");
            asked.then(|| json!({"data": {"id": id, "attributes": {"username": name}}}).into())
        })
        .await;
        let error = api.account("alice").await.unwrap_err();
        assert!(matches!(error, MasError::NotThere | MasError::Unreadable), "{error:?}");
    }
}

#[tokio::test]
async fn a_version_without_personal_sessions_has_none_and_every_other_failure_is_one() {
    let kinds = async |answer: fn() -> Option<Answer>| {
        let (_server, api) = api(move |it| match it.path.as_str() {
            "/api/admin/v1/personal-sessions" => answer(),
            _ => example(it),
        })
        .await;
        let signed_in = api.signed_in(USER).await;
        signed_in.map(|all| all.iter().filter(|it| it.kind == SignedInKind::Personal).count())
    };
    assert_eq!(kinds(|| None).await, Ok(0));
    assert_eq!(
        kinds(|| Some(errors(404, "User ID not found"))).await,
        Err(MasError::NotThere)
    );
    let failed = MasError::Failed { status: 500 };
    assert_eq!(kinds(|| Some(errors(500, "no"))).await, Err(failed));
    // Whom it acts as is not known.
    let nameless = kinds(|| Some(json!({"data": [{"id": USER, "attributes": {"human_name": "Archive"}}]}).into()));
    assert_eq!(nameless.await, Err(MasError::Unreadable));
}

#[tokio::test]
async fn a_list_without_an_end_is_none() {
    let (_server, api) = api(|it| match it.path.as_str() {
        "/api/admin/v1/compat-sessions" => {
            Some(json!({"data": [{"id": USER, "attributes": {}}], "links": {"next": "/again"}}).into())
        }
        _ => example(it),
    })
    .await;
    assert_eq!(api.signed_in(USER).await.unwrap_err(), MasError::Unreadable);
}

#[tokio::test]
async fn the_api_is_found_by_what_answers() {
    let find = async |answer: fn() -> Option<Answer>| {
        let server = CannedServer::start(move |it| (it.path == "/auth/api/admin/v1/site-config").then(answer)?).await;
        let (homeserver, _) = server.enter().await;
        let url = format!("{}auth/", homeserver.base_url());
        MasPlace::find(&homeserver, &url).await.map(|it| it.url().to_owned())
    };
    assert!(find(|| Some(errors(400, "Missing authorization header"))).await.is_ok());
    assert_eq!(find(|| None).await, Err(NoMas::NotThere));
    assert_eq!(
        find(|| Some(Answer::error(401, "M_MISSING_TOKEN"))).await,
        Err(NoMas::NotThere)
    );
    let server = CannedServer::start(|_| None).await;
    let (homeserver, _) = server.enter().await;
    for (url, why) in [
        ("http://mas.example.org/", NoMas::NotProtected),
        ("mailto:me", NoMas::BadUrl),
        ("no", NoMas::BadUrl),
        ("http://127.0.0.1:9/", NoMas::Offline),
    ] {
        assert_eq!(MasPlace::find(&homeserver, url).await.unwrap_err(), why, "{url}");
    }
}
