//! What a server demands of a password.

use std::fmt;

use bytes::BufMut;
use lifeboat_preflight::gap_of;
use lifeboat_report::{Fact, Gap};
use matrix_sdk::{
    Client,
    ruma::api::{
        OutgoingRequest,
        auth_scheme::{NoAccessToken, SendAccessToken},
        client::uiaa::UiaaResponse,
        error::IntoHttpError,
        metadata,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::json_request::{JsonAnswer, http_request};

/// What a server demands of a password (MSC2000). Without a policy it demands nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct PasswordPolicy {
    /// The smallest number of characters.
    #[serde(default, rename = "m.minimum_length")]
    pub minimum_length: usize,
    /// Whether one of 0 to 9 has to be in it.
    #[serde(default, rename = "m.require_digit")]
    pub digit: bool,
    /// Whether one of a to z has to be in it.
    #[serde(default, rename = "m.require_lowercase")]
    pub lowercase: bool,
    /// Whether one of A to Z has to be in it.
    #[serde(default, rename = "m.require_uppercase")]
    pub uppercase: bool,
    /// Whether something has to be in it that is none of these.
    #[serde(default, rename = "m.require_symbol")]
    pub symbol: bool,
}

/// What a password lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// It is too short.
    TooShort {
        /// The smallest number of characters.
        minimum: usize,
    },
    /// There is none of 0 to 9.
    NoDigit,
    /// There is none of a to z.
    NoLowercase,
    /// There is none of A to Z.
    NoUppercase,
    /// There is nothing but letters from a to z and digits.
    NoSymbol,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { minimum } => write!(f, "at least {minimum} characters"),
            Self::NoDigit => f.write_str("a digit"),
            Self::NoLowercase => f.write_str("a lower-case letter"),
            Self::NoUppercase => f.write_str("an upper-case letter"),
            Self::NoSymbol => f.write_str("a symbol"),
        }
    }
}

/// Asks what the server demands of a password.
///
/// `GET /_matrix/client/v3/password_policy`
/// ([MSC2000](https://github.com/matrix-org/matrix-spec-proposals/pull/2000), as Synapse has it). Needs no session and
/// changes nothing. A server without this request has no policy that could be known.
pub async fn policy(client: &Client) -> Fact<PasswordPolicy> {
    match client.send(AskPolicy).await {
        Ok(JsonAnswer(policy)) => match serde_json::from_value(Value::Object(policy)) {
            Ok(policy) => Fact::Known(policy),
            Err(_) => Fact::Unknown(Gap::Unreadable),
        },
        Err(error) => match gap_of(&error) {
            Gap::Unsupported => Fact::Known(PasswordPolicy::default()),
            gap => Fact::Unknown(gap),
        },
    }
}

/// Says what `password` lacks, counted as Synapse counts: characters, and letters and digits of ASCII alone.
pub fn violations(policy: &PasswordPolicy, password: &SecretString) -> Vec<Violation> {
    let password = password.expose_secret();
    let lacks = |wanted: bool, class: fn(char) -> bool| wanted && !password.chars().any(class);
    let mut violations = Vec::new();
    if password.chars().count() < policy.minimum_length {
        let minimum = policy.minimum_length;
        violations.push(Violation::TooShort { minimum });
    }
    for (is_lacking, violation) in [
        (lacks(policy.digit, |it| it.is_ascii_digit()), Violation::NoDigit),
        (
            lacks(policy.lowercase, |it| it.is_ascii_lowercase()),
            Violation::NoLowercase,
        ),
        (
            lacks(policy.uppercase, |it| it.is_ascii_uppercase()),
            Violation::NoUppercase,
        ),
        (
            lacks(policy.symbol, |it| !it.is_ascii_alphanumeric()),
            Violation::NoSymbol,
        ),
    ] {
        violations.extend(is_lacking.then_some(violation));
    }
    violations
}

#[derive(Clone, Debug)]
struct AskPolicy;

metadata! {
    @for AskPolicy,
    method: GET,
    rate_limited: false,
    authentication: NoAccessToken,
    path: "/_matrix/client/v3/password_policy"
}

impl OutgoingRequest for AskPolicy {
    type EndpointError = UiaaResponse;
    type IncomingResponse = JsonAnswer;

    fn try_into_http_request<T: Default + BufMut + AsRef<[u8]>>(
        self,
        base_url: &str,
        authentication: SendAccessToken<'_>,
        path: (),
    ) -> Result<http::Request<T>, IntoHttpError> {
        http_request::<Self, T>(base_url, authentication, path, &[], None::<&Value>)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Reply, ScriptedServer, refused};

    async fn asked(reply: Reply) -> Fact<PasswordPolicy> {
        let server = ScriptedServer::start([reply]).await;
        policy(&server.homeserver().await.anonymous().await.unwrap()).await
    }

    #[tokio::test]
    async fn a_policy_is_read_and_its_absence_is_none() {
        let strict = json!({
            "m.minimum_length": 10, "m.require_digit": true, "m.require_symbol": true,
            "m.require_lowercase": true, "m.require_uppercase": true, "org.example.more": 1,
        });
        let expected = PasswordPolicy {
            minimum_length: 10,
            digit: true,
            lowercase: true,
            uppercase: true,
            symbol: true,
        };
        assert_eq!(asked(Reply::Json(200, strict)).await, Fact::Known(expected));
        let none = Fact::Known(PasswordPolicy::default());
        assert_eq!(asked(Reply::Json(200, json!({}))).await, none);
        assert_eq!(asked(refused(404, "M_UNRECOGNIZED")).await, none);
        assert_eq!(asked(Reply::Raw(404, "<html>")).await, none);
        let odd = Reply::Json(200, json!({"m.minimum_length": "ten"}));
        assert_eq!(asked(odd).await, Fact::Unknown(Gap::Unreadable));
        assert_eq!(asked(refused(500, "M_UNKNOWN")).await, Fact::Unknown(Gap::Failed));
        assert_eq!(asked(Reply::Cut).await, Fact::Unknown(Gap::Offline));
    }

    #[test]
    fn what_a_password_lacks_is_named() {
        let policy = PasswordPolicy {
            minimum_length: 4,
            digit: true,
            lowercase: true,
            uppercase: true,
            symbol: true,
        };
        let lacks = |password: &str| violations(&policy, &password.into());
        assert_eq!(lacks("aA1!"), []);
        assert_eq!(lacks("äA1a"), [], "what is not ASCII counts as a symbol");
        assert_eq!(lacks("ÄA1!"), [Violation::NoLowercase]);
        assert_eq!(
            lacks("é"),
            [
                Violation::TooShort { minimum: 4 },
                Violation::NoDigit,
                Violation::NoLowercase,
                Violation::NoUppercase,
            ]
        );
        assert_eq!(lacks("aA11"), [Violation::NoSymbol]);
        assert_eq!(violations(&PasswordPolicy::default(), &"".into()), []);
    }
}
