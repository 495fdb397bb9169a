//! A confirmed address as the proof.
//!
//! Words in quotes at an answer are what the project's facts state of that server, for Conduit 0.10.12 (seen) and
//! tuwunel 1.9 (read) under "Conduit family, seen (Conduit 0.10.12) or read (tuwunel 1.9)".

use std::time::Duration;

use lifeboat_report::Fate;
use matrix_sdk::reqwest::Url;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{challenge, common};
use crate::{
    Answer, Refusal,
    route::email::{Asked, MailProof, MailRequest, ask, change, new_client_secret, submit_code},
    testing::{Reply, ScriptedServer, refused},
};

fn proof() -> MailProof {
    MailProof {
        sid: "sid1".to_owned(),
        client_secret: "secret".into(),
    }
}

async fn run(script: impl IntoIterator<Item = Reply>, fate: Fate) -> (Answer, ScriptedServer) {
    let server = ScriptedServer::start(script).await;
    let client = server.homeserver().await.anonymous().await.unwrap();
    (change(&client, &proof(), &"new".into(), fate).await, server)
}

#[tokio::test]
async fn one_request_says_everything() {
    for (fate, logout_devices) in [(Fate::SessionsKept, false), (Fate::SessionsEnded, true)] {
        let (answer, server) = run([Reply::Json(200, json!({}))], fate).await;
        assert_eq!(answer, Answer::Changed);
        let [request] = &server.asked()[..] else {
            panic!("more than one request")
        };
        assert!(!request.token);
        assert_eq!(
            request.body,
            json!({
                "new_password": "new", "logout_devices": logout_devices,
                "auth": {
                    "type": "m.login.email.identity",
                    "threepid_creds": {"sid": "sid1", "client_secret": "secret"},
                },
            })
        );
    }
}

#[tokio::test]
async fn a_server_that_wants_a_session_gets_everything_again() {
    let script = [
        challenge(&["m.login.email.identity"], json!({"session": "s1"})),
        Reply::Json(200, json!({})),
    ];
    let (answer, server) = run(script, Fate::SessionsEnded).await;
    assert_eq!(answer, Answer::Changed);
    let mut expected = server.asked()[0].body.clone();
    expected["auth"]["session"] = "s1".into();
    assert_eq!(server.asked()[1].body, expected);
}

#[tokio::test]
async fn every_answer_is_told_apart() {
    let stage = "m.login.email.identity";
    let own = [
        // Synapse.
        (
            challenge(
                &[stage],
                json!({"session": "s1", "errcode": "M_UNAUTHORIZED", "error": "Unable to get validated threepid"}),
            ),
            Answer::NotConfirmed,
        ),
        (refused(401, "M_UNAUTHORIZED"), Answer::NotConfirmed),
        // tuwunel: "not confirmed, expired and used all 403 `M_FORBIDDEN`".
        (refused(403, "M_FORBIDDEN"), Answer::NotConfirmed),
        (refused(400, "M_SESSION_NOT_VALIDATED"), Answer::NotConfirmed),
        (refused(401, "M_THREEPID_AUTH_FAILED"), Answer::NotConfirmed),
        (challenge(&[stage], json!({})), Answer::NotConfirmed),
        (
            challenge(&["m.login.password"], json!({"session": "s1"})),
            Answer::Refused(Refusal::NotOffered),
        ),
        (refused(400, "M_SESSION_EXPIRED"), Answer::Refused(Refusal::ProofSpent)),
        (refused(404, "M_NO_VALID_SESSION"), Answer::Refused(Refusal::ProofSpent)),
        (refused(404, "M_NOT_FOUND"), Answer::Refused(Refusal::AddressRemoved)),
        // Conduit: "`/account/password` without token 401 `M_MISSING_TOKEN`".
        (refused(401, "M_MISSING_TOKEN"), Answer::Refused(Refusal::NotOffered)),
    ];
    for (reply, expected) in common().into_iter().chain(own) {
        let (answer, _) = run([reply.clone()], Fate::SessionsKept).await;
        assert_eq!(answer, expected, "{reply:?}");
    }
}

async fn ask_once(reply: Reply) -> (Result<Asked, Refusal>, ScriptedServer) {
    let server = ScriptedServer::start([reply]).await;
    let client = server.homeserver().await.anonymous().await.unwrap();
    let mail = MailRequest {
        address: "mira@example.org".to_owned(),
        client_secret: "secret".into(),
        attempt: 2,
    };
    (ask(&client, &mail).await, server)
}

#[tokio::test]
async fn a_mail_is_asked_for() {
    let (asked, server) = ask_once(Reply::Json(200, json!({"sid": "sid1"}))).await;
    assert_eq!(
        asked,
        Ok(Asked {
            sid: "sid1".to_owned(),
            submit_url: None
        })
    );
    let [request] = &server.asked()[..] else {
        panic!("more than one request")
    };
    assert_eq!(request.path, "/_matrix/client/v3/account/password/email/requestToken");
    assert_eq!(
        request.body,
        json!({"client_secret": "secret", "email": "mira@example.org", "send_attempt": 2})
    );
    let url = "https://example.org/submit";
    let (asked, _) = ask_once(Reply::Json(200, json!({"sid": "sid1", "submit_url": url}))).await;
    assert_eq!(asked.unwrap().submit_url, Some(Url::parse(url).unwrap()));
}

#[tokio::test]
async fn every_refusal_of_a_mail_is_told_apart() {
    let other = |words: &str| Refusal::Other {
        words: words.to_owned(),
    };
    let limited = |wait| Refusal::RateLimited { wait };
    let slow_down = json!({"errcode": "M_LIMIT_EXCEEDED", "error": "Slow down."});
    for (reply, expected) in [
        (refused(400, "M_THREEPID_NOT_FOUND"), Refusal::AddressUnknown),
        // tuwunel: "e-mail reset when SMTP is configured (else 403 `M_THREEPID_DENIED`)".
        (refused(403, "M_THREEPID_DENIED"), Refusal::NotOffered),
        // Conduit: "`requestToken` 404".
        (refused(404, "M_UNRECOGNIZED"), Refusal::NotOffered),
        (refused(401, "M_MISSING_TOKEN"), Refusal::NotOffered),
        (
            Reply::Json(
                400,
                json!({"errcode": "M_UNKNOWN", "error": "Email-based password resets have been disabled on this server"}),
            ),
            Refusal::NotOffered,
        ),
        (
            Reply::After(429, "333", slow_down),
            limited(Some(Duration::from_secs(333))),
        ),
        (Reply::Raw(429, ""), limited(None)),
        (refused(400, "M_SERVER_NOT_TRUSTED"), other("No")),
        (refused(500, "M_UNKNOWN"), other("the server failed (status 500)")),
        (Reply::Silence, other("the server did not answer in time")),
        (
            Reply::Json(200, json!({"sid": "s", "submit_url": "no address"})),
            other("the address for the code is not one"),
        ),
    ] {
        let (asked, _) = ask_once(reply.clone()).await;
        assert_eq!(asked, Err(expected), "{reply:?}");
    }
}

#[tokio::test]
async fn the_code_goes_where_the_server_wants_it() {
    let cases = [
        (Reply::Json(200, json!({"success": true})), Ok(())),
        (Reply::Json(200, json!({"success": false})), Err(Refusal::WrongCode)),
        (refused(400, "M_TOKEN_INCORRECT"), Err(Refusal::WrongCode)),
        (refused(404, "M_NO_VALID_SESSION"), Err(Refusal::WrongCode)),
        (Reply::Raw(429, ""), Err(Refusal::RateLimited { wait: None })),
        (Reply::Raw(404, ""), Err(Refusal::NotOffered)),
        (
            refused(400, "M_INVALID_PARAM"),
            Err(Refusal::Other { words: "No".to_owned() }),
        ),
        (
            Reply::Raw(200, "<html>"),
            Err(Refusal::Other {
                words: "status 200".to_owned(),
            }),
        ),
        (
            Reply::Cut,
            Err(Refusal::Other {
                words: "no answer came".to_owned(),
            }),
        ),
    ];
    for (reply, expected) in cases {
        let server = ScriptedServer::start([reply.clone()]).await;
        let homeserver = server.homeserver().await;
        let url = Url::parse(&format!("{}/submit", server.url())).unwrap();
        let submitted = submit_code(&homeserver, &url, &proof(), &" 123456\n".into()).await;
        assert_eq!(submitted, expected, "{reply:?}");
        let request = server.asked().remove(0);
        assert_eq!(
            (request.path.as_str(), request.token, request.body),
            (
                "/submit",
                false,
                json!({"sid": "sid1", "client_secret": "secret", "token": "123456"})
            )
        );
    }
}

#[tokio::test]
async fn the_code_never_goes_unencrypted_to_somebody_else() {
    let (server, stranger) = (ScriptedServer::start([]).await, ScriptedServer::start([]).await);
    let url = Url::parse(&format!("{}/submit", stranger.url())).unwrap();
    let homeserver = server.homeserver().await;
    let submitted = submit_code(&homeserver, &url, &proof(), &"123456".into()).await;
    assert!(matches!(submitted, Err(Refusal::Other { .. })));
    assert!(stranger.asked().is_empty());
}

#[test]
fn client_secrets_are_lawful_and_differ() {
    let [one, other] = [new_client_secret().unwrap(), new_client_secret().unwrap()];
    assert_ne!(one.expose_secret(), other.expose_secret());
    let letters = |it: char| it.is_ascii_alphanumeric() || "._=-".contains(it);
    assert!(one.expose_secret().chars().all(letters) && one.expose_secret().len() == 43);
    let mail = MailRequest {
        address: "a@b".to_owned(),
        client_secret: one.clone(),
        attempt: 1,
    };
    assert!(!format!("{mail:?}").contains(one.expose_secret()));
}
