//! The old password as the proof.

use lifeboat_report::Fate;
use serde_json::json;

use super::{challenge, common};
use crate::{
    Answer, Refusal,
    route::old_password::change,
    testing::{Reply, ScriptedServer, refused},
};

async fn run(script: impl IntoIterator<Item = Reply>, fate: Fate) -> (Answer, ScriptedServer) {
    let server = ScriptedServer::start(script).await;
    let session = server.enter().await;
    let answer = change(session.caller(), &"old".into(), &"new".into(), fate).await;
    (answer, server)
}

#[tokio::test]
async fn one_request_says_everything() {
    for (fate, logout_devices) in [(Fate::SessionsKept, false), (Fate::SessionsEnded, true)] {
        let (answer, server) = run([Reply::Json(200, json!({}))], fate).await;
        assert_eq!(answer, Answer::Changed);
        let [request] = &server.asked()[..] else {
            panic!("more than one request")
        };
        assert!(request.token);
        assert_eq!(request.path, "/_matrix/client/v3/account/password");
        assert_eq!(
            request.body,
            json!({
                "new_password": "new", "logout_devices": logout_devices,
                "auth": {
                    "type": "m.login.password", "password": "old",
                    "identifier": {"type": "m.id.user", "user": "@mira:example.org"},
                },
            })
        );
    }
}

#[tokio::test]
async fn a_server_that_wants_a_session_gets_everything_again() {
    let script = [
        challenge(&["m.login.password"], json!({"session": "s1"})),
        Reply::Json(200, json!({})),
    ];
    let (answer, server) = run(script, Fate::SessionsKept).await;
    assert_eq!(answer, Answer::Changed);
    let asked = server.asked();
    let mut expected = asked[0].body.clone();
    expected["auth"]["session"] = "s1".into();
    assert_eq!((asked.len(), &asked[1].body), (2, &expected));
}

#[tokio::test]
async fn every_answer_is_told_apart() {
    let wrong = || Answer::Refused(Refusal::WrongOldPassword);
    let own = [
        // Synapse, the specification's example, and servers that say it plainly.
        (
            challenge(
                &["m.login.password"],
                json!({"session": "s1", "errcode": "M_FORBIDDEN", "error": "Invalid password"}),
            ),
            wrong(),
        ),
        (refused(401, "M_FORBIDDEN"), wrong()),
        (refused(403, "M_FORBIDDEN"), wrong()),
        (challenge(&["m.login.password"], json!({})), wrong()),
        (
            challenge(&["m.login.sso"], json!({"session": "s1"})),
            Answer::Refused(Refusal::NoPassword),
        ),
        // Synapse, of an account that somebody else signs in.
        (
            challenge(
                &["m.login.sso"],
                json!({"session": "s1", "errcode": "M_FORBIDDEN", "error": "Invalid username or password"}),
            ),
            Answer::Refused(Refusal::NoPassword),
        ),
        (
            challenge(&["m.login.password", "m.login.recaptcha"], json!({"session": "s1"})),
            Answer::Refused(Refusal::NotOffered),
        ),
        (refused(401, "M_MISSING_TOKEN"), Answer::Refused(Refusal::SessionEnded)),
    ];
    for (reply, expected) in common().into_iter().chain(own) {
        let (answer, _) = run([reply.clone()], Fate::SessionsKept).await;
        assert_eq!(answer, expected, "{reply:?}");
    }
}

#[tokio::test]
async fn the_second_request_is_read_like_the_first() {
    for (reply, expected) in common() {
        let first = challenge(&["m.login.password"], json!({"session": "s1"}));
        let (answer, _) = run([first, reply.clone()], Fate::SessionsKept).await;
        assert_eq!(answer, expected, "{reply:?}");
    }
    let again = || challenge(&["m.login.password"], json!({"session": "s1"}));
    let (answer, server) = run([again(), again(), again()], Fate::SessionsKept).await;
    assert_eq!(answer, Answer::Refused(Refusal::WrongOldPassword));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn an_ended_session_is_noted() {
    let server = ScriptedServer::start([refused(401, "M_UNKNOWN_TOKEN")]).await;
    let session = server.enter().await;
    change(session.caller(), &"old".into(), &"new".into(), Fate::SessionsKept).await;
    assert!(session.caller().session_ended());
}

#[tokio::test]
async fn a_connection_that_never_came_changes_nothing() {
    let mut server = ScriptedServer::start([]).await;
    let session = server.enter().await;
    server.stop().await;
    let answer = change(session.caller(), &"old".into(), &"new".into(), Fate::SessionsKept).await;
    assert_eq!(answer, Answer::Refused(Refusal::Unreachable));
}
