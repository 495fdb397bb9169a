//! What the token endpoint says while a person is still at the browser (RFC 8628, section 3.5). Decides, asks nothing.

use std::{fmt, time::Duration};

use matrix_sdk::SessionTokens;
use secrecy::SecretString;
use serde_json::Value;

use super::words_of;

/// A server that says nothing wants five seconds between two questions (RFC 8628, section 3.2).
const UNTOLD: Duration = Duration::from_secs(5);
/// What a server that is asked too often gets on top.
const SLOWER: Duration = Duration::from_secs(5);

/// What to do next.
pub(crate) enum Polled {
    /// Ask again after this long.
    Again(Duration),
    /// The person agreed.
    Agreed(SessionTokens),
    /// The person declined.
    Declined,
    /// The code is not good any more.
    RanOut,
    /// The server will not.
    Refused(String),
}

impl fmt::Debug for Polled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Again(pause) => f.debug_tuple("Again").field(pause).finish(),
            Self::Agreed(_) => f.write_str("Agreed(..)"),
            Self::Declined => f.write_str("Declined"),
            Self::RanOut => f.write_str("RanOut"),
            Self::Refused(words) => f.debug_tuple("Refused").field(words).finish(),
        }
    }
}

/// What a server said when it gave the code.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// Whoever has it gets the session that the person agrees to; the person never sees it.
    pub(super) device_code: SecretString,
    /// What the person is shown and types.
    pub(super) user_code: String,
    pub(super) address: String,
    pub(super) complete: Option<String>,
    pub(super) good_for: Duration,
    pub(super) pause: Duration,
}

/// Reads the answer of the device authorization endpoint; `None` when something needed is missing.
pub(crate) fn given(body: &Value) -> Option<Given> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let seconds = |name: &str| body.get(name).and_then(Value::as_u64).map(Duration::from_secs);
    Some(Given {
        device_code: text("device_code")?.into(),
        user_code: text("user_code")?,
        address: text("verification_uri")?,
        complete: text("verification_uri_complete"),
        good_for: seconds("expires_in")?,
        pause: seconds("interval").unwrap_or(UNTOLD),
    })
}

/// Reads an answer of the token endpoint. The code counts, not the status: some servers say that they wait with a 403.
pub(super) fn read(status: u16, body: &Value, pause: Duration) -> Polled {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    if let Some(token) = text("access_token").filter(|_| status == 200) {
        return Polled::Agreed(SessionTokens {
            access_token: token.to_owned(),
            refresh_token: text("refresh_token").map(str::to_owned),
        });
    }
    match text("error") {
        Some("authorization_pending") => Polled::Again(pause),
        Some("slow_down") => Polled::Again(pause + SLOWER),
        Some("access_denied") => Polled::Declined,
        // A code that has run out may be gone altogether.
        Some("expired_token" | "invalid_grant") => Polled::RanOut,
        // It is overloaded, and asked more seldom.
        None if status == 429 || status >= 500 => Polled::Again(later(pause)),
        _ => Polled::Refused(words_of(status, body)),
    }
}

/// How long to wait when the server could not be reached: twice as long each time (RFC 8628, section 3.5).
pub(super) fn later(pause: Duration) -> Duration {
    (pause * 2).min(Duration::from_secs(60))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_code_needs_all_but_the_conveniences() {
        let mut body = json!({
            "device_code": "d", "user_code": "u", "verification_uri": "https://a/link", "expires_in": 600,
        });
        let given_now = given(&body).unwrap();
        assert_eq!((given_now.pause, &given_now.complete), (UNTOLD, &None));
        body["interval"] = json!(1);
        body["verification_uri_complete"] = json!("https://a/link?code=u");
        assert_eq!(given(&body).unwrap().pause, Duration::from_secs(1));
        for name in ["device_code", "user_code", "verification_uri", "expires_in"] {
            let mut body = body.clone();
            body.as_object_mut().unwrap().remove(name);
            assert!(given(&body).is_none(), "{name}");
        }
    }

    #[test]
    fn every_answer_has_its_consequence() {
        let pause = Duration::from_secs(5);
        let words = |polled: Polled| match polled {
            Polled::Again(pause) => format!("again after {} s", pause.as_secs()),
            Polled::Agreed(tokens) => format!("agreed, refresh {}", tokens.refresh_token.is_some()),
            Polled::Declined => "declined".to_owned(),
            Polled::RanOut => "ran out".to_owned(),
            Polled::Refused(words) => format!("refused: {words}"),
        };
        for (status, body, expected) in [
            (
                200,
                json!({"access_token": "a", "refresh_token": "r"}),
                "agreed, refresh true",
            ),
            (200, json!({"access_token": "a"}), "agreed, refresh false"),
            (400, json!({"error": "authorization_pending"}), "again after 5 s"),
            (403, json!({"error": "authorization_pending"}), "again after 5 s"),
            (400, json!({"error": "slow_down"}), "again after 10 s"),
            (400, json!({"error": "access_denied"}), "declined"),
            (403, json!({"error": "access_denied"}), "declined"),
            (400, json!({"error": "expired_token"}), "ran out"),
            (400, json!({"error": "invalid_grant"}), "ran out"),
            (401, json!({"error": "invalid_client"}), "refused: invalid_client"),
            (
                400,
                json!({"error": "x", "error_description": "No."}),
                "refused: No (x)",
            ),
            (429, json!(null), "again after 10 s"),
            (502, json!(null), "again after 10 s"),
            (404, json!(null), "refused: it answered with status 404"),
            (200, json!({}), "refused: it answered with status 200"),
            // A token in an error is not taken.
            (
                400,
                json!({"access_token": "a"}),
                "refused: it answered with status 400",
            ),
        ] {
            assert_eq!(words(read(status, &body, pause)), expected, "{status} {body}");
        }
    }

    #[test]
    fn an_unreachable_server_is_asked_more_and_more_seldom() {
        assert_eq!(later(Duration::from_secs(5)), Duration::from_secs(10));
        assert_eq!(later(Duration::from_secs(50)), Duration::from_secs(60));
    }
}
