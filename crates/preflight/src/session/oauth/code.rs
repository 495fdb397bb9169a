//! The authorization code grant with PKCE: the browser is led back to a port of this machine.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use matrix_sdk::{
    Client,
    authentication::oauth::{ClientRegistrationData, registration::OAuthGrantType},
    ruma::{OwnedDeviceId, UserId},
    utils::{
        UrlOrQuery,
        local_server::{LocalServerBuilder, LocalServerResponse, QueryString},
    },
};

use super::{Place, Shown, about_us, metadata, refused, refused_by_oauth, revoke};
use crate::{
    Homeserver,
    session::{SignInError, begun::Begun, browser::GOODBYE, sign_in::client_of_new},
};

/// How long a person has for the browser.
const PATIENCE: Duration = Duration::from_secs(600);

/// [Spec](https://spec.matrix.org/latest/client-server-api/#login-flow). The redirect carries a code that is good once
/// and, without the verifier in this process, for nobody.
pub(super) async fn sign_in(
    homeserver: &Homeserver,
    user: &UserId,
    Place { kept, keys, begun }: Place<'_>,
    name: &str,
    show: impl Fn(Shown<'_>),
    stop: impl Future<Output = ()>,
) -> Result<Client, SignInError> {
    let client = client_of_new(homeserver, kept, keys, begun).await?;
    let device = begun.map(|it| it.device().to_owned());
    let query = match in_browser(&client, user, device, name, show, stop).await {
        Ok(query) => query,
        Err(error) => {
            // There is no session without the token request.
            begun.into_iter().for_each(Begun::came_to_nothing);
            return Err(error);
        }
    };
    match client.oauth().finish_login(UrlOrQuery::Query(query.0)).await {
        Ok(()) => Ok(client),
        Err(error) => {
            let error = refused(error);
            match (client.session_tokens(), begun) {
                // There is a session already, which nobody would know of.
                (Some(_), begun) => {
                    let revoked = revoke(&client, &homeserver.http).await;
                    if let (Ok(()), Some(begun)) = (revoked, begun) {
                        begun.was_signed_out(client.user_id(), user);
                    }
                }
                (None, Some(begun)) if error.let_nobody_in() => begun.came_to_nothing(),
                (None, _) => {}
            }
            Err(error)
        }
    }
}

/// Has the person agree in the browser; returns what the browser brings back. Makes no session.
async fn in_browser(
    client: &Client,
    user: &UserId,
    device: Option<OwnedDeviceId>,
    name: &str,
    show: impl Fn(Shown<'_>),
    stop: impl Future<Output = ()>,
) -> Result<QueryString, SignInError> {
    metadata(client).await?;
    let server = LocalServerBuilder::new().response(LocalServerResponse::PlainText(GOODBYE.to_owned()));
    let (here, answer) = server
        .spawn()
        .await
        .map_err(|error| SignInError::SsoFailed(error.to_string()))?;
    let grant = OAuthGrantType::AuthorizationCode {
        redirect_uris: vec![here.clone()],
    };
    let registration = ClientRegistrationData::new(about_us(name, grant)?);
    let oauth = client.oauth();
    let asked = oauth.login(here, device, Some(registration), None).user_id_hint(user);
    let asked = asked.build().await.map_err(refused_by_oauth)?;
    show(Shown::Address(asked.url.as_str()));
    let answer = pin!(tokio::time::timeout(PATIENCE, async { answer.await }));
    let query = match select(answer, pin!(stop)).await {
        Either::Left((Ok(query), _)) => query,
        Either::Left((Err(_), _)) => return Err(SignInError::RanOut),
        Either::Right(((), _)) => return Err(SignInError::Stopped),
    };
    query.ok_or_else(|| SignInError::SsoFailed("the browser brought nothing back".to_owned()))
}
