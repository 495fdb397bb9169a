//! Signing in and out at an authorization server (OAuth 2.0,
//! [spec](https://spec.matrix.org/latest/client-server-api/#oauth-20-api)).

mod code;
mod device_code;
pub(crate) mod poll;

use std::time::Duration;

use matrix_sdk::{
    Client, RefreshTokenError,
    authentication::oauth::{
        OAuthError,
        error::{OAuthAuthorizationCodeError, OAuthDiscoveryError},
        registration::{ApplicationType, ClientMetadata, Localized, OAuthGrantType},
    },
    reqwest::{self, Url, header::CONTENT_TYPE},
    ruma::{
        UserId, api::client::discovery::get_authorization_server_metadata::v1::AuthorizationServerMetadata, serde::Raw,
    },
};
use oauth2::{RequestTokenError, basic::BasicErrorResponseType};
use serde_json::Value;

use super::{KeepIn, Keeping, OwnSession, SignInError, begun::Begun, key_store::KeyStore, sign_in::refusal};
use crate::{
    Homeserver, mortal,
    network::{Failure, failure_of, is_protected},
};

/// Where a person meets the authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OAuthWay {
    /// In a browser on this machine: authorization code with PKCE.
    Browser,
    /// In a browser anywhere: device authorization grant (RFC 8628).
    DeviceCode,
}

/// What a person is to see.
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// An address to open in a browser on this machine.
    Address(&'a str),
    /// A page to open in any browser.
    Page(&'a str),
    /// An address to open in any browser, and the code to type there.
    Code {
        /// The address.
        address: &'a str,
        /// The address with the code in it, where the server has one.
        complete: Option<&'a str>,
        /// The code.
        code: &'a str,
        /// How long it is good.
        good_for: Duration,
    },
}

/// A page that says what Lifeboat is has to be named at registration; there is none yet, and this name belongs to nobody.
const HOME_PAGE: &str = "https://lifeboat.invalid/";
/// Longest answer that is read.
const LIMIT: usize = 1 << 20;

impl OwnSession {
    /// Signs in at the server's authorization server; `show` is called with what the person needs, `stop` ends the
    /// waiting for that person.
    ///
    /// Registers Lifeboat there (RFC 7591), and makes one session without encryption keys once the person has agreed. It
    /// is called `name`. Until then nothing is created on the account. Do not drop the future: let `stop` end it.
    pub async fn sign_in_by_oauth(
        homeserver: &Homeserver,
        user: &UserId,
        way: OAuthWay,
        keeping: Keeping,
        name: &str,
        show: impl Fn(Shown<'_>),
        stop: impl Future<Output = ()>,
    ) -> Result<Self, SignInError> {
        let (kept, keys) = (keeping.kept(), KeyStore::of(&keeping)?);
        let begun = kept.map(Begun::choose).transpose()?;
        let place = Place {
            kept,
            keys: &keys,
            begun: begun.as_ref(),
        };
        let client = match way {
            OAuthWay::Browser => code::sign_in(homeserver, user, place, name, show, stop).await?,
            OAuthWay::DeviceCode => device_code::sign_in(homeserver, user, place, name, show, stop).await?,
        };
        Self::settle(client, homeserver, user, begun.as_ref(), keys).await
    }
}

/// Where a new session goes.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// Where it is kept, if it is to be.
    kept: Option<&'a KeepIn>,
    /// Where its keys lie.
    keys: &'a KeyStore,
    /// What is noted of it until it is kept.
    begun: Option<&'a Begun>,
}

/// Asks the homeserver for its authorization server, and checks that it can be trusted with a sign-in: every address is
/// encrypted, and all that secrets are sent to belong to the issuer.
pub(super) async fn metadata(client: &Client) -> Result<AuthorizationServerMetadata, SignInError> {
    let metadata = match client.oauth().server_metadata().await {
        Ok(metadata) => metadata,
        Err(OAuthDiscoveryError::NotSupported) => {
            return Err(SignInError::MethodNotOffered {
                wanted: "OAuth",
                offered: Vec::new(),
            });
        }
        Err(OAuthDiscoveryError::Http(error)) => return Err(refusal_without_user(error)),
        Err(error) => return Err(SignInError::BadMetadata(error.to_string())),
    };
    let issuer = metadata.issuer.origin();
    let endpoints = [
        Some(&metadata.authorization_endpoint),
        Some(&metadata.token_endpoint),
        Some(&metadata.revocation_endpoint),
        metadata.registration_endpoint.as_ref(),
        metadata.device_authorization_endpoint.as_ref(),
    ];
    for endpoint in endpoints.into_iter().flatten() {
        if !is_protected(endpoint) {
            return Err(SignInError::BadMetadata(format!("{endpoint} is not encrypted")));
        }
        if endpoint.origin() != issuer {
            let issuer = issuer.ascii_serialization();
            return Err(SignInError::BadMetadata(format!(
                "{endpoint} does not belong to {issuer}, which signs people in"
            )));
        }
    }
    Ok(metadata)
}

fn refusal_without_user(error: matrix_sdk::HttpError) -> SignInError {
    let nobody = UserId::parse("@lifeboat:lifeboat.invalid");
    match nobody {
        Ok(nobody) => refusal(error, &nobody),
        Err(_) => SignInError::Network(Box::new(error)),
    }
}

/// What Lifeboat says of itself at registration.
fn about_us(name: &str, grant: OAuthGrantType) -> Result<Raw<ClientMetadata>, SignInError> {
    let failed = |words: String| SignInError::OAuthRefused { words };
    let home = Url::parse(HOME_PAGE).map_err(|error| failed(error.to_string()))?;
    let mut metadata = ClientMetadata::new(ApplicationType::Native, vec![grant], Localized::new(home, []));
    metadata.client_name = Some(Localized::new(name.to_owned(), []));
    Raw::new(&metadata).map_err(|error| failed(error.to_string()))
}

/// Ends the session of `client` at the authorization server, with the token that outlives the others.
///
/// `POST revocation_endpoint` (RFC 7009,
/// [spec](https://spec.matrix.org/latest/client-server-api/#token-revocation)): by the refresh token where there is one,
/// because an access token that has run out would be revoked in vain.
pub(super) async fn revoke(client: &Client, http: &reqwest::Client) -> Result<(), String> {
    let metadata = client.oauth().cached_server_metadata().await;
    let metadata = metadata.map_err(|error| error.to_string())?;
    let (Some(id), Some(tokens)) = (client.oauth().client_id().cloned(), client.session_tokens()) else {
        return Err("there is no session".to_owned());
    };
    let (token, hint) = match &tokens.refresh_token {
        Some(token) => (token, "refresh_token"),
        None => (&tokens.access_token, "access_token"),
    };
    let form = [("token", token.as_str()), ("token_type_hint", hint), ("client_id", &id)];
    match post(http, &metadata.revocation_endpoint, &form).await {
        Ok((200..300, _)) => Ok(()),
        Ok((status, body)) => Err(words_of(status, &body)),
        Err(failure) => Err(unreachable_words(&failure)),
    }
}

/// Sends a form and reads JSON; anything that is not JSON counts as `null`.
async fn post(http: &reqwest::Client, to: &Url, form: &[(&str, &str)]) -> Result<(u16, Value), Failure> {
    let mut encoded = to.clone();
    encoded.set_query(None);
    encoded.query_pairs_mut().extend_pairs(form);
    let body = encoded.query().unwrap_or_default().to_owned();
    let request = http
        .post(to.clone())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    mortal::request();
    let mut answer = request.body(body).send().await.map_err(failure_of)?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(failure_of)? {
        if body.len() + piece.len() > LIMIT {
            return Err(Failure::TooLong);
        }
        body.extend_from_slice(&piece);
    }
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

/// The authorization server's own words for an error (RFC 6749, section 5.2).
fn words_of(status: u16, body: &Value) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    match (text("error_description"), text("error")) {
        (Some(words), Some(code)) => format!("{} ({code})", words.trim_end_matches('.')),
        (None, Some(code)) => code.to_owned(),
        _ => format!("it answered with status {status}"),
    }
}

fn unreachable_words(failure: &Failure) -> String {
    match failure {
        Failure::NoSuchName => "its name does not exist".to_owned(),
        Failure::TimedOut => "it did not answer in time".to_owned(),
        Failure::Certificate(problem) => format!("its certificate {problem}"),
        Failure::Unreachable(words) => words.trim_end_matches('.').to_owned(),
        Failure::Status(status) => format!("it answered with status {status}"),
        Failure::TooLong => "it answered with more than 1 MiB".to_owned(),
        Failure::NotJson(_) => "it answered with something else than JSON".to_owned(),
    }
}

/// Says why the SDK could not sign in.
fn refused(error: matrix_sdk::Error) -> SignInError {
    match error {
        matrix_sdk::Error::OAuth(error) => refused_by_oauth(*error),
        matrix_sdk::Error::Http(error) => refusal_without_user(*error),
        other => SignInError::OAuthRefused {
            words: words(&other.to_string()),
        },
    }
}

fn refused_by_oauth(error: OAuthError) -> SignInError {
    match error {
        OAuthError::AuthorizationCode(OAuthAuthorizationCodeError::Cancelled) => SignInError::Declined,
        OAuthError::AuthorizationCode(OAuthAuthorizationCodeError::RequestToken(error)) => refused_token(error),
        OAuthError::Discovery(OAuthDiscoveryError::Http(error)) => refusal_without_user(error),
        OAuthError::ClientRegistration(error) => SignInError::OAuthRefused {
            words: format!("it does not let Lifeboat register: {}", words(&error.to_string())),
        },
        other => SignInError::OAuthRefused {
            words: words(&other.to_string()),
        },
    }
}

fn refused_token<E: std::error::Error>(
    error: RequestTokenError<E, oauth2::StandardErrorResponse<BasicErrorResponseType>>,
) -> SignInError {
    match error {
        // Nothing else is wrong with a code that the server has just given.
        RequestTokenError::ServerResponse(answer) if *answer.error() == BasicErrorResponseType::InvalidGrant => {
            SignInError::RanOut
        }
        RequestTokenError::ServerResponse(answer) => SignInError::OAuthRefused {
            words: words(&answer.to_string()),
        },
        RequestTokenError::Request(error) => SignInError::OAuthUnreachable(words(&error.to_string())),
        other => SignInError::OAuthRefused {
            words: words(&other.to_string()),
        },
    }
}

fn words(text: &str) -> String {
    text.trim_end_matches('.').to_owned()
}

/// What a failed refresh means for the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refresh {
    /// The authorization server does not know the session any more.
    Ended,
    /// It could not be asked.
    Unreachable,
    /// It would not, or its answer makes no sense.
    Refused,
}

/// Reads why tokens could not be refreshed.
pub(crate) fn refresh_failure(error: &RefreshTokenError) -> Refresh {
    use BasicErrorResponseType::{InvalidClient, InvalidGrant, UnauthorizedClient};
    match error {
        RefreshTokenError::RefreshTokenRequired => Refresh::Ended,
        RefreshTokenError::OAuth(error) => match error.as_ref() {
            OAuthError::RefreshToken(RequestTokenError::ServerResponse(answer)) => match answer.error() {
                InvalidGrant | InvalidClient | UnauthorizedClient => Refresh::Ended,
                _ => Refresh::Refused,
            },
            OAuthError::RefreshToken(RequestTokenError::Request(_)) | OAuthError::Discovery(_) => Refresh::Unreachable,
            _ => Refresh::Refused,
        },
        _ => Refresh::Refused,
    }
}
