//! Every answer that a server can give to a change of the password, on every route.

mod admin;
mod email;
mod old_password;

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    Answer, DarkCause, Refusal,
    testing::{Reply, refused},
};

fn other(words: &str) -> Answer {
    Answer::Refused(Refusal::Other {
        words: words.to_owned(),
    })
}

fn limited(seconds: Option<u64>) -> Answer {
    Answer::Refused(Refusal::RateLimited {
        wait: seconds.map(Duration::from_secs),
    })
}

/// The challenge of user-interactive authentication, with what else the server says.
fn challenge(stages: &[&str], more: Value) -> Reply {
    let mut body = json!({"flows": [{"stages": stages}], "params": {}});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    Reply::Json(401, body)
}

/// What every route makes of answers that have nothing to do with its proof.
fn common() -> Vec<(Reply, Answer)> {
    let too_short = Answer::Refused(Refusal::Policy {
        errcode: "M_PASSWORD_TOO_SHORT".to_owned(),
        words: "No".to_owned(),
    });
    let weak = Answer::Refused(Refusal::Policy {
        errcode: "M_WEAK_PASSWORD".to_owned(),
        words: "No".to_owned(),
    });
    let failed = |status| Answer::Dark(DarkCause::ServerFailed { status });
    let slow_down = json!({"errcode": "M_LIMIT_EXCEEDED", "error": "Slow down."});
    vec![
        (Reply::Json(200, json!({})), Answer::Changed),
        (Reply::Json(200, json!({"more": 1})), Answer::Changed),
        // Not what a homeserver says: somebody else answered.
        (Reply::Raw(200, "<html>"), Answer::Dark(DarkCause::Unreadable)),
        (Reply::Raw(200, ""), Answer::Dark(DarkCause::Unreadable)),
        (Reply::Raw(200, "[]"), Answer::Dark(DarkCause::Unreadable)),
        (Reply::Raw(302, "{}"), Answer::Dark(DarkCause::Unreadable)),
        (refused(500, "M_UNKNOWN"), failed(500)),
        (Reply::Raw(502, "<html>"), failed(502)),
        (Reply::Raw(504, ""), failed(504)),
        (Reply::CutBeforeBody, Answer::Dark(DarkCause::CutOff)),
        (Reply::Cut, Answer::Dark(DarkCause::CutOff)),
        (Reply::CutInside, Answer::Dark(DarkCause::CutOff)),
        (Reply::Silence, Answer::Dark(DarkCause::TimedOut)),
        (Reply::After(429, "333", slow_down.clone()), limited(Some(333))),
        (Reply::Json(429, slow_down), limited(None)),
        (Reply::Raw(429, "<html>"), limited(None)),
        (refused(400, "M_PASSWORD_TOO_SHORT"), too_short),
        (refused(400, "M_WEAK_PASSWORD"), weak),
        (
            refused(403, "M_USER_DEACTIVATED"),
            Answer::Refused(Refusal::Deactivated),
        ),
        (refused(403, "M_USER_SUSPENDED"), Answer::Refused(Refusal::Suspended)),
        (refused(401, "M_UNKNOWN_TOKEN"), Answer::Refused(Refusal::SessionEnded)),
        (refused(404, "M_UNRECOGNIZED"), Answer::Refused(Refusal::NotOffered)),
        (Reply::Raw(404, "<html>"), Answer::Refused(Refusal::NotOffered)),
        (Reply::Raw(405, ""), Answer::Refused(Refusal::NotOffered)),
        (
            Reply::Json(
                403,
                json!({"errcode": "M_FORBIDDEN", "error": "Password change disabled"}),
            ),
            Answer::Refused(Refusal::NotOffered),
        ),
        (refused(400, "M_INVALID_PARAM"), other("No")),
        (Reply::Raw(413, "<html>"), other("status 413")),
    ]
}
