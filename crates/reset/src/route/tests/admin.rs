//! An administrator's session as the proof.

use lifeboat_report::Fate;
use serde_json::json;

use super::{challenge, common};
use crate::{
    Answer, Refusal,
    route::synapse_admin::{exists, reset},
    testing::{Reply, ScriptedServer, refused, user},
};

async fn run(script: impl IntoIterator<Item = Reply>, fate: Fate) -> (Answer, ScriptedServer) {
    let server = ScriptedServer::start(script).await;
    let session = server.enter().await;
    let answer = reset(session.caller().client(), &user(), &"new".into(), fate).await;
    (answer, server)
}

#[tokio::test]
async fn one_request_that_cannot_create_an_account() {
    for (fate, logout_devices) in [(Fate::SessionsKept, false), (Fate::SessionsEnded, true)] {
        let (answer, server) = run([Reply::Json(200, json!({}))], fate).await;
        assert_eq!(answer, Answer::Changed);
        let [request] = &server.asked()[..] else {
            panic!("more than one request")
        };
        assert_eq!(
            (request.method.as_str(), request.path.as_str(), request.token),
            ("POST", "/_synapse/admin/v1/reset_password/@mira:example.org", true)
        );
        assert_eq!(
            request.body,
            json!({"new_password": "new", "logout_devices": logout_devices})
        );
    }
}

#[tokio::test]
async fn every_answer_is_told_apart() {
    let own = [
        (refused(403, "M_FORBIDDEN"), Answer::Refused(Refusal::NotAdmin)),
        (refused(404, "M_NOT_FOUND"), Answer::Refused(Refusal::NoSuchUser)),
        (refused(401, "M_MISSING_TOKEN"), Answer::Refused(Refusal::SessionEnded)),
        (
            challenge(&["m.login.password"], json!({"session": "s1"})),
            Answer::Refused(Refusal::NotOffered),
        ),
    ];
    for (reply, expected) in common().into_iter().chain(own) {
        let (answer, _) = run([reply.clone()], Fate::SessionsKept).await;
        assert_eq!(answer, expected, "{reply:?}");
    }
}

#[tokio::test]
async fn the_account_is_looked_for_first() {
    for (reply, expected) in [
        (Reply::Json(200, json!({"name": user(), "deactivated": false})), Ok(())),
        (
            Reply::Json(200, json!({"deactivated": true})),
            Err(Refusal::Deactivated),
        ),
        (refused(404, "M_NOT_FOUND"), Err(Refusal::NoSuchUser)),
        (refused(403, "M_FORBIDDEN"), Err(Refusal::NotAdmin)),
        (refused(404, "M_UNRECOGNIZED"), Err(Refusal::NotOffered)),
        (
            Reply::Silence,
            Err(Refusal::Other {
                words: "the server did not answer in time".to_owned(),
            }),
        ),
    ] {
        let server = ScriptedServer::start([reply.clone()]).await;
        let session = server.enter().await;
        let found = exists(session.caller().client(), &user()).await;
        assert_eq!(found, expected, "{reply:?}");
        let request = server.asked().remove(0);
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("GET", "/_synapse/admin/v2/users/@mira:example.org")
        );
    }
}
