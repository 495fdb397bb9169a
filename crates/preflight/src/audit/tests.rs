//! Audits at servers that do not answer as they should.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::TryStreamExt as _;
use lifeboat_report::Light;

use super::*;
use crate::{
    Pace,
    testing::{Answer, CannedServer, Request, user},
};

const USERS: &str = "/_synapse/admin/v2/users";

async fn auditor(server: &CannedServer) -> Auditor {
    let (homeserver, session) = server.enter().await;
    let api = AdminApi::of(&session, &homeserver, Pace::at_once());
    Auditor::begin(api, session.caller(), &homeserver, &user()).await
}

fn listed() -> Listed {
    Listed {
        user: user(),
        administration: Fact::Known(Administration::default()),
        there: true,
    }
}

async fn glances(auditor: &Auditor, accounts: &[Listed]) -> Result<Vec<Glance>, AuditError> {
    let seen: Vec<(&Listed, Glance)> = auditor.look(accounts).await?.try_collect().await?;
    Ok(seen.into_iter().map(|(_, glance)| glance).collect())
}

/// Somebody with one session that has keys.
fn usual(request: &Request) -> Option<Answer> {
    Some(match request.path.as_str() {
        "/_matrix/client/v3/keys/query" => {
            json!({"device_keys": {(user().to_string()): {"PHONE": {"device_id": "PHONE"}}}}).into()
        }
        path if path.ends_with("/devices") => json!({"devices": [{"device_id": "PHONE"}]}).into(),
        path if path.ends_with("/accountdata") => json!({"account_data": {"global": {}}}).into(),
        path if path.starts_with(USERS) => json!({"threepids": []}).into(),
        _ => return None,
    })
}

#[tokio::test]
async fn a_server_that_wants_to_be_spared_is_asked_again() {
    let tries = AtomicUsize::new(0);
    let server = CannedServer::start(move |request| match request.path.as_str() {
        USERS if tries.fetch_add(1, Ordering::SeqCst) < 2 => Some(Answer {
            retry_after: Some(0),
            ..Answer::error(429, "M_LIMIT_EXCEEDED")
        }),
        // The next page by a number, as older servers name it.
        USERS => Some(json!({"users": [{"name": user(), "locked": true}], "next_token": 100, "total": 101}).into()),
        _ => None,
    })
    .await;
    let page = auditor(&server).await.page(None).await.unwrap();
    assert_eq!((page.next.as_deref(), page.total), (Some("100"), Some(101)));
    let restrictions = &page.accounts[0].administration.known().unwrap().restrictions;
    assert_eq!(restrictions, &[Restriction::Locked]);
    let asked = server.asked(USERS);
    assert_eq!(asked.len(), 3);
    for (name, value) in [
        ("deactivated", "true"),
        ("locked", "true"),
        ("guests", "false"),
        ("from", "0"),
    ] {
        assert_eq!(asked[2].get(name), Some(value));
    }
}

/// Reads a list whose page `number` holds these accounts and this token for the next one. Returns how many pages were
/// read, and whether that was all of them.
async fn walk(pages: impl Fn(u32) -> (std::ops::Range<u32>, Option<String>) + Send + Sync + 'static) -> (usize, bool) {
    let number = AtomicUsize::new(0);
    let server = CannedServer::start(move |request| {
        let listed = request.path == USERS;
        listed.then(|| {
            let (users, next) = pages(number.fetch_add(1, Ordering::SeqCst).try_into().unwrap());
            let users: Vec<_> = users.map(|it| json!({"name": format!("@u{it}:example.org")})).collect();
            json!({"users": users, "next_token": next}).into()
        })
    })
    .await;
    let auditor = auditor(&server).await;
    let mut pages = auditor.pages();
    let mut count = 0;
    loop {
        match pages.next().await {
            Ok(Some(_)) => count += 1,
            Ok(None) => return (count, true),
            Err(error) => {
                assert_eq!(error, AuditError::Endless);
                return (count, false);
            }
        }
    }
}

#[tokio::test]
async fn a_list_that_leads_in_circles_is_left_and_a_long_one_is_not() {
    let token = |number: u32| Some(format!("t{number}"));
    assert_eq!(walk(|_| (0..2, None)).await, (1, true));
    // Tokens that were followed already, the beginning included.
    assert_eq!(walk(move |it| (it..it + 1, token(it % 3))).await, (4, false));
    assert_eq!(walk(|it| (it..it + 1, Some("0".to_owned()))).await, (1, false));
    // Ever new tokens: the first page names somebody new, and then nobody does.
    let most = usize::try_from(pages::MAX_FRUITLESS).unwrap();
    assert_eq!(walk(move |it| (0..2, token(it))).await, (most + 2, false));
    assert_eq!(walk(move |it| (0..0, token(it))).await, (most + 1, false));
    // One new account in a while is enough, however long it takes.
    let rarely = move |it: u32| {
        let new = it / (pages::MAX_FRUITLESS + 1);
        (new..new + 1, token(it).filter(|_| it < 3 * pages::MAX_FRUITLESS))
    };
    assert_eq!(walk(rarely).await, (3 * most + 1, true));
}

#[tokio::test]
async fn what_is_a_gap_of_one_account_does_not_end_the_audit() {
    for (broken, status, code) in [
        ("/devices", 500, "M_UNKNOWN"),
        ("/devices", 403, "M_FORBIDDEN"),
        ("/accountdata", 500, "M_UNKNOWN"),
        ("/keys/query", 500, "M_UNKNOWN"),
    ] {
        let server = CannedServer::start(move |request| {
            let broken = request.path.ends_with(broken);
            if broken {
                Some(Answer::error(status, code))
            } else {
                usual(request)
            }
        })
        .await;
        let accounts = [listed()];
        let seen = glances(&auditor(&server).await, &accounts).await.unwrap();
        let light = match &seen[0] {
            Glance::Seen(facts) => Light::of(&lifeboat_report::Report::of(user().to_string(), 0, (**facts).clone())),
            Glance::NotKnown(_) => Light::Unknown,
            other => panic!("{other:?}"),
        };
        assert_eq!(light, Light::Unknown, "{broken} {status}");
    }
}

#[tokio::test]
async fn closed_and_missing_accounts_are_asked_nothing_more() {
    let server = CannedServer::start(usual).await;
    let closed = Listed {
        administration: Fact::Known(Administration {
            restrictions: vec![Restriction::Deactivated],
            ..Administration::default()
        }),
        ..listed()
    };
    let missing = Listed {
        there: false,
        ..listed()
    };
    let accounts = [closed, missing];
    let seen = glances(&auditor(&server).await, &accounts).await.unwrap();
    assert!(matches!(seen[..], [Glance::Closed, Glance::NotThere]), "{seen:?}");
    assert!(server.asked("/keys/query").is_empty() && server.asked("/devices").is_empty());
}

#[tokio::test]
async fn a_session_that_is_over_and_a_server_that_is_away_end_it() {
    let server = CannedServer::start(|request| {
        let over = request.path.starts_with(USERS);
        over.then(|| Answer::error(401, "M_UNKNOWN_TOKEN"))
    })
    .await;
    let auditor = auditor(&server).await;
    assert_eq!(auditor.page(None).await.unwrap_err(), AuditError::SessionEnded);
    assert_eq!(auditor.named(vec![user()]).await.unwrap_err(), AuditError::SessionEnded);
    // It goes away in the middle of its answer.
    let server = CannedServer::start(|request| {
        let cut = request.path.starts_with(USERS);
        cut.then(|| Answer {
            promised: Some(1_000),
            ..json!({"users": []}).into()
        })
    })
    .await;
    let auditor = self::auditor(&server).await;
    assert_eq!(auditor.page(None).await.unwrap_err(), AuditError::Offline);
    let accounts = [listed()];
    let server = CannedServer::start(|request| match request.path.as_str() {
        path if path.ends_with("/devices") => Some(Answer {
            promised: Some(1_000),
            ..json!({"devices": []}).into()
        }),
        _ => usual(request),
    })
    .await;
    let ended = glances(&self::auditor(&server).await, &accounts).await;
    assert_eq!(ended.unwrap_err(), AuditError::Offline);
}
