//! What a sign-in that came to nothing leaves noted of a session that was to be kept.

use matrix_sdk::SqliteCryptoStore;
use serde_json::json;

use super::*;
use crate::{
    OAuthWay, Shown,
    testing::{Answer, CannedServer, Request, user},
};

/// The session of an earlier attempt, which may be in the account.
const EARLIER: &str = "ABCDEFGHIJ";

fn place(home: &Path) -> KeepIn {
    KeepIn {
        folder: home.to_owned(),
        passphrase: "a".repeat(43).into(),
    }
}

/// How a server answers a sign-in.
#[derive(Clone, Copy, Debug)]
enum Login {
    Refused(u16, &'static str),
    CutOff,
    OfAnother,
}

impl Login {
    fn answer(self, request: &Request) -> Option<Answer> {
        match (request.path.as_str(), self) {
            ("/_matrix/client/v3/login", Self::Refused(status, code)) => Some(Answer::error(status, code)),
            ("/_matrix/client/v3/login", Self::CutOff) => Some(Answer {
                promised: Some(1000),
                ..json!({}).into()
            }),
            ("/_matrix/client/v3/login", Self::OfAnother) => {
                let session = json!({"user_id": "@other:example.org", "access_token": "token", "device_id": EARLIER});
                Some(session.into())
            }
            ("/_matrix/client/v3/logout", _) => Some(json!({}).into()),
            _ => None,
        }
    }
}

/// Fails to sign in; returns what is noted then of a session that may be in the account.
async fn left_by(login: Login, earlier: Option<&str>) -> Option<String> {
    let server = CannedServer::start(move |request| login.answer(request)).await;
    let (homeserver, _) = server.enter().await;
    let home = tempfile::tempdir().unwrap();
    if let Some(device) = earlier {
        std::fs::write(home.path().join("begun"), device).unwrap();
    }
    let keeping = Keeping::Keep(place(home.path()));
    let credentials = Credentials::Password("hunter2".into());
    let entered = OwnSession::sign_in(&homeserver, &user(), credentials, keeping).await;
    assert!(entered.is_err(), "{login:?}");
    KeepIn::begun(home.path())
}

#[tokio::test]
async fn a_refusal_says_nothing_of_an_earlier_attempt() {
    for login in [
        Login::Refused(403, "M_FORBIDDEN"),
        Login::Refused(429, "M_LIMIT_EXCEEDED"),
        Login::OfAnother,
    ] {
        let left = left_by(login, Some(EARLIER)).await;
        assert_eq!(left.as_deref(), Some(EARLIER), "{login:?}");
        assert_eq!(left_by(login, None).await, None, "{login:?}");
    }
}

#[tokio::test]
async fn what_is_no_refusal_may_have_made_a_session() {
    for login in [
        Login::Refused(408, "M_UNKNOWN"),
        Login::Refused(502, "M_UNKNOWN"),
        Login::CutOff,
    ] {
        let left = left_by(login, Some(EARLIER)).await;
        assert_eq!(left.as_deref(), Some(EARLIER), "{login:?}");
        assert!(left_by(login, None).await.is_some(), "{login:?}");
    }
}

/// A store that nothing is noted of is taken for a kept session's, and nothing takes the place of that.
#[tokio::test]
async fn where_nothing_can_be_noted_there_is_no_store() {
    let server = CannedServer::start(|_| None).await;
    let (homeserver, _) = server.enter().await;
    for by_oauth in [false, true] {
        let home = tempfile::tempdir().unwrap();
        // No file can take its place.
        std::fs::create_dir(home.path().join("begun")).unwrap();
        let keeping = Keeping::Keep(place(home.path()));
        let entered = if by_oauth {
            let (show, stop) = (|_: Shown<'_>| (), std::future::pending::<()>());
            OwnSession::sign_in_by_oauth(&homeserver, &user(), OAuthWay::Browser, keeping, NAME, show, stop).await
        } else {
            let credentials = Credentials::Password("hunter2".into());
            OwnSession::sign_in(&homeserver, &user(), credentials, keeping).await
        };
        assert!(matches!(entered, Err(SignInError::Store(_))), "{by_oauth}: {entered:?}");
        assert!(!place(home.path()).exists(), "{by_oauth}");
    }
}

#[tokio::test]
async fn nothing_is_noted_of_a_session_that_nobody_was_asked_for() {
    // There is no authorization server.
    let server = CannedServer::start(|_| None).await;
    let (homeserver, _) = server.enter().await;
    for earlier in [None, Some(EARLIER)] {
        let home = tempfile::tempdir().unwrap();
        if let Some(device) = earlier {
            std::fs::write(home.path().join("begun"), device).unwrap();
        }
        let (keeping, show) = (Keeping::Keep(place(home.path())), |_: Shown<'_>| ());
        let stop = std::future::pending::<()>();
        let entered =
            OwnSession::sign_in_by_oauth(&homeserver, &user(), OAuthWay::Browser, keeping, NAME, show, stop).await;
        assert!(entered.is_err());
        assert_eq!(KeepIn::begun(home.path()).as_deref(), earlier);
        // The store cannot be made.
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("store"), "").unwrap();
        if let Some(device) = earlier {
            std::fs::write(home.path().join("begun"), device).unwrap();
        }
        let credentials = Credentials::Password("hunter2".into());
        let keeping = Keeping::Keep(place(home.path()));
        let entered = OwnSession::sign_in(&homeserver, &user(), credentials, keeping).await;
        assert!(matches!(entered, Err(SignInError::Store(_))), "{entered:?}");
        assert_eq!(KeepIn::begun(home.path()).as_deref(), earlier);
    }
    assert!(server.asked("/login").is_empty());
}

/// Opens the session that is kept in `home`.
async fn reopened(home: &Path) -> Result<Option<OwnSession>, SignInError> {
    let server = CannedServer::start(|_| None).await;
    let (homeserver, _) = server.enter().await;
    OwnSession::reopen(&homeserver, &user(), place(home)).await
}

#[tokio::test]
async fn a_store_that_was_sealed_in_another_way_can_be_opened_never_again() {
    let home = tempfile::tempdir().unwrap();
    let store = SqliteCryptoStore::open(home.path().join("store"), Some("a passphrase"));
    drop(store.await.unwrap());
    let reopened = reopened(home.path()).await;
    assert!(matches!(reopened, Err(SignInError::NotOpened)), "{reopened:?}");
}

#[tokio::test]
async fn a_damaged_store_can_be_opened_never_again() {
    let home = tempfile::tempdir().unwrap();
    let store = home.path().join("store");
    std::fs::create_dir(&store).unwrap();
    std::fs::write(
        store.join("matrix-sdk-state.sqlite3"),
        "nothing of a database".repeat(1000),
    )
    .unwrap();
    let damaged = reopened(home.path()).await;
    assert!(matches!(damaged, Err(SignInError::NotOpened)), "{damaged:?}");
}

#[test]
fn what_may_be_mended_is_not_given_up() {
    for words in [
        "database is locked",
        "Failed to run migrations: database or disk is full",
        "attempt to write a readonly database",
        "Failed to save the store cipher to the DB: disk I/O error",
    ] {
        let error = SignInError::Store(words.to_owned()).or_not_opened();
        assert!(matches!(error, SignInError::Store(_)), "{words}");
    }
}
