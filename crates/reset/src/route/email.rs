//! The change by somebody who reads the mail of an address of the account.

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use lifeboat_preflight::{Caller, Homeserver};
use lifeboat_report::Fate;
use matrix_sdk::{
    Client, HttpError,
    reqwest::Url,
    ruma::{
        ClientSecret, UInt, api::client::account::request_password_change_token_via_email::v3 as request_token,
        api::error::ErrorKind,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    Answer, Refusal,
    uia::{self, ChangePassword, Problem, converse, refusal_of, words_of},
};

/// What a mail is asked for with.
#[derive(Clone, Debug)]
pub struct MailRequest {
    /// The e-mail address.
    pub address: String,
    /// Our half of the proof, from [`new_client_secret`]; the same for every attempt.
    pub client_secret: SecretString,
    /// Which mail this is, from 1. A server sends one only if the number is higher than before, with the same session
    /// id; links of earlier mails stay good.
    pub attempt: u32,
}

/// What the server says to the request for a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The id of the validation session. Some servers make one up for an address that no account has, and send no mail.
    pub sid: String,
    /// Where the code from the mail is to be sent; without it the link in the mail does everything.
    pub submit_url: Option<Url>,
}

/// A validation session: what proves, once its address is confirmed, that somebody reads the account's mail.
#[derive(Clone, Debug)]
pub struct MailProof {
    /// The id that the server gave.
    pub sid: String,
    /// The secret that the mail was asked for with.
    pub client_secret: SecretString,
}

/// Why there is no client secret: this machine gives no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this machine gives no random numbers.")]
pub struct NoRandomness;

/// Makes a client secret: 256 random bits in letters that the specification allows.
pub fn new_client_secret() -> Result<SecretString, NoRandomness> {
    let mut bytes = Zeroizing::new([0; 32]);
    rand::fill(bytes.as_mut()).map_err(|_| NoRandomness)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_ref()).into())
}

/// Asks for a mail.
///
/// `POST /_matrix/client/v3/account/password/email/requestToken`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3accountpasswordemailrequesttoken)):
/// a mail is sent, nothing about the account is changed. `client` needs no session ([`Homeserver::anonymous`]).
///
/// # Errors
///
/// A mail may have been sent all the same where the server failed or the connection was cut.
pub async fn ask(client: &Client, mail: &MailRequest) -> Result<Asked, Refusal> {
    let secret = ClientSecret::parse(mail.client_secret.expose_secret()).map_err(|error| Refusal::Other {
        words: error.to_string(),
    })?;
    let request = request_token::Request::new(secret, mail.address.clone(), UInt::from(mail.attempt));
    let answer = client.send(request).await.map_err(|error| refusal(&error))?;
    let submit_url = answer.submit_url.map(|it| Url::parse(&it)).transpose();
    Ok(Asked {
        sid: answer.sid.to_string(),
        submit_url: submit_url.map_err(|_| Refusal::Other {
            words: "the address for the code is not one".to_owned(),
        })?,
    })
}

fn refusal(error: &HttpError) -> Refusal {
    match refusal_of(error) {
        Ok(refusal) => refusal,
        Err(Problem::Error(ErrorKind::ThreepidNotFound, _)) => Refusal::AddressUnknown,
        Err(Problem::Error(ErrorKind::MissingToken, _)) => Refusal::NotOffered,
        Err(Problem::Error(_, words)) => Refusal::Other { words: words_of(words) },
        Err(Problem::Challenge(_)) => Refusal::NotOffered,
        Err(Problem::Dark(cause)) => Refusal::Other {
            words: words_of(&cause.to_string()),
        },
    }
}

/// Sends the code from the mail where the server wants it, which confirms the address.
///
/// `POST` to the `submit_url` of the answer
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3accountpasswordemailrequesttoken),
/// MSC4183). The address is the server's choice: the code goes nowhere unencrypted where the server itself is not.
pub async fn submit_code(
    homeserver: &Homeserver,
    submit_url: &Url,
    proof: &MailProof,
    code: &SecretString,
) -> Result<(), Refusal> {
    let other = |words: String| Refusal::Other { words };
    if submit_url.scheme() != "https" && submit_url.origin() != homeserver.base_url().origin() {
        return Err(other("the address for the code is not encrypted".to_owned()));
    }
    let body = json!({
        "sid": proof.sid,
        "client_secret": proof.client_secret.expose_secret(),
        "token": code.expose_secret().trim(),
    });
    let request = homeserver.http().post(submit_url.clone());
    let request = request
        .header("content-type", "application/json")
        .body(body.to_string());
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) if error.is_connect() => return Err(Refusal::Unreachable),
        Err(_) => return Err(other("no answer came".to_owned())),
    };
    let status = answer.status();
    let content: Value = match answer.bytes().await {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
        Err(_) => return Err(other("no answer came".to_owned())),
    };
    let errcode = content.get("errcode").and_then(Value::as_str).unwrap_or_default();
    match (status.as_u16(), errcode) {
        (200, _) if content.get("success") == Some(&Value::Bool(true)) => Ok(()),
        (200, _) if content.get("success") == Some(&Value::Bool(false)) => Err(Refusal::WrongCode),
        (_, "M_TOKEN_INCORRECT" | "M_SESSION_EXPIRED" | "M_NO_VALID_SESSION") => Err(Refusal::WrongCode),
        (429, _) => Err(Refusal::RateLimited { wait: None }),
        (404 | 405, _) => Err(Refusal::NotOffered),
        (status, "") => Err(other(format!("status {status}"))),
        (_, errcode) => Err(other(words_of(
            content.get("error").and_then(Value::as_str).unwrap_or(errcode),
        ))),
    }
}

/// Sets the password to `new`, with a confirmed address as the proof.
///
/// `POST /_matrix/client/v3/account/password` with `m.login.email.identity`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#email-based-identity--homeserver)). May be repeated until
/// the address is confirmed; the proof is good for one change. `client` must have no session: with one, servers do not
/// offer this proof.
pub async fn change(client: &Client, proof: &MailProof, new: &SecretString, fate: Fate) -> Answer {
    let proof = uia::Proof::Email {
        sid: proof.sid.clone(),
        client_secret: proof.client_secret.clone(),
    };
    converse(&Caller::new(client.clone()), ChangePassword::new(new, fate, proof)).await
}
