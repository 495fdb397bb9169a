//! Signing in with a browser: an address to open, and the token that comes back.

use std::time::Duration;

use matrix_sdk::{
    reqwest::Url,
    ruma::{UserId, api::client::session::get_login_types},
    utils::local_server::{LocalServerBuilder, LocalServerResponse},
};
use secrecy::SecretString;

use super::{
    SignInError,
    sign_in::{client, not_offered, refusal},
};
use crate::{Homeserver, bounded::bounded};

/// How long a person has for the browser.
const PATIENCE: Duration = Duration::from_secs(600);
/// What the browser shows at the end.
pub(super) const GOODBYE: &str = "Lifeboat has what it needs and goes on in the terminal. You can close this page.";

/// Lets a person sign in with a browser, and returns the token with which one session can be made.
///
/// `GET /_matrix/client/v3/login/sso/redirect`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#client-login-via-sso)): `open` is called with its address,
/// and the browser is led back to a port of this machine. Nothing is created on the account by then: the future can be
/// dropped at any point. `provider`: the id of whoever is to vouch for the person, where there are several.
pub async fn ask_browser(
    homeserver: &Homeserver,
    user: &UserId,
    provider: Option<&str>,
    open: impl Fn(&str),
) -> Result<SecretString, SignInError> {
    let failed = |words: String| SignInError::SsoFailed(words);
    let client = client(homeserver).await?;
    // The address can be put together even where nothing answers to it, and the person would wait there for nothing.
    match bounded(client.send(get_login_types::v3::Request::new())).await {
        Ok(answer) => not_offered("browser", "m.login.sso", &answer).map_or(Ok(()), Err)?,
        Err(error) => return Err(refusal(error, user)),
    }
    let (here, answer) = LocalServerBuilder::new()
        .response(LocalServerResponse::PlainText(GOODBYE.to_owned()))
        .spawn()
        .await
        .map_err(|error| failed(error.to_string()))?;
    let page = client.matrix_auth().get_sso_login_url(here.as_str(), provider).await;
    open(&page.map_err(|error| failed(error.to_string()))?);
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    let answer = answer.map_err(|_| failed("it took longer than ten minutes".to_owned()))?;
    let token = answer.and_then(|query| login_token(&here, &query.0));
    token.ok_or_else(|| failed("the server sent no sign-in token back".to_owned()))
}

/// Finds `loginToken` in what the browser was sent back with.
fn login_token(here: &Url, query: &str) -> Option<SecretString> {
    let mut url = here.clone();
    url.set_query(Some(query));
    let mut pairs = url.query_pairs();
    let (_, token) = pairs.find(|(name, _)| name == "loginToken")?;
    Some(SecretString::from(token.into_owned()))
}
