//! What a sign-in that came to nothing leaves noted of a session that was to be kept.

use serde_json::json;

use super::*;
use crate::testing::{Answer, CannedServer, Request, user};

/// The session of an earlier attempt, which may be in the account.
const EARLIER: &str = "ABCDEFGHIJ";

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
    let keeping = Keeping::Keep(KeepIn {
        folder: home.path().to_owned(),
        passphrase: "a".repeat(43).into(),
    });
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
