//! The device authorization grant (RFC 8628, MSC4341): a short code, typed into any browser. The SDK has no method for
//! it.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use matrix_sdk::{
    Client, SessionMeta, SessionTokens,
    authentication::oauth::{ClientId, OAuthSession, UserSession, registration::OAuthGrantType},
    reqwest::{self, Url},
    ruma::{DeviceId, UserId, api::client::account::whoami},
    store::RoomLoadSettings,
};
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::{
    Place, Shown, about_us, metadata,
    poll::{self, Given, Polled},
    post, refused_by_oauth, revoke, unreachable_words, words, words_of,
};
use crate::{
    Homeserver,
    session::{
        SignInError,
        begun::Begun,
        sign_in::{client, client_with},
    },
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The names of the scopes that every server with device codes knows, as the SDK asks for them too
/// ([spec](https://spec.matrix.org/latest/client-server-api/#allocated-scope-tokens), MSC2967).
const SCOPES: [&str; 2] = [
    "urn:matrix:org.matrix.msc2967.client:api:*",
    "urn:matrix:org.matrix.msc2967.client:device:",
];

/// [Spec](https://spec.matrix.org/latest/client-server-api/#device-authorization-grant).
pub(super) async fn sign_in(
    homeserver: &Homeserver,
    user: &UserId,
    place: Place<'_>,
    name: &str,
    show: impl Fn(Shown<'_>),
    stop: impl Future<Output = ()>,
) -> Result<Client, SignInError> {
    // The client that registers cannot be the one that takes the session over.
    let asking = client(homeserver).await?;
    let metadata = metadata(&asking).await?;
    let Some(endpoint) = &metadata.device_authorization_endpoint else {
        return Err(SignInError::MethodNotOffered {
            wanted: "device code",
            offered: Vec::new(),
        });
    };
    let about = about_us(name, OAuthGrantType::DeviceCode)?;
    let registered = asking.oauth().register_client(&about).await;
    let client_id = registered.map_err(refused_by_oauth)?.client_id;
    let device = place.begun.map_or_else(DeviceId::new, |it| it.device().to_owned());
    let [api, prefix] = SCOPES;
    let scope = format!("{api} {prefix}{device}");
    let form = [("client_id", client_id.as_str()), ("scope", &scope)];
    let given = match post(&homeserver.http, endpoint, &form).await {
        Ok((200, body)) => poll::given(&body).ok_or_else(|| SignInError::OAuthRefused {
            words: "it gave no code".to_owned(),
        })?,
        Ok((status, body)) => {
            return Err(SignInError::OAuthRefused {
                words: words_of(status, &body),
            });
        }
        Err(failure) => return Err(SignInError::OAuthUnreachable(unreachable_words(&failure))),
    };
    show(Shown::Code {
        address: &given.address,
        complete: given.complete.as_deref(),
        code: &given.user_code,
        good_for: given.good_for,
    });
    place.begun.map_or(Ok(()), Begun::note)?;
    let mut lost = false;
    let waited = wait(
        &homeserver.http,
        &metadata.token_endpoint,
        &client_id,
        &given,
        stop,
        &mut lost,
    )
    .await;
    if let (Err(error), Some(begun)) = (&waited, place.begun)
        && error.let_nobody_in()
        && !lost
    {
        begun.came_to_nothing();
    }
    take_over(homeserver, user, place, client_id, &device, waited?).await
}

/// Asks until the person has decided, as seldom as the server wishes. Only the pauses are ended by `stop`: the answer to
/// a question may be a session. `lost` becomes true when one did not come, which may have been a session as well.
async fn wait(
    http: &reqwest::Client,
    token_endpoint: &Url,
    client_id: &ClientId,
    given: &Given,
    stop: impl Future<Output = ()>,
    lost: &mut bool,
) -> Result<SessionTokens, SignInError> {
    let form = [
        ("grant_type", GRANT),
        ("device_code", given.device_code.expose_secret()),
        ("client_id", client_id.as_str()),
    ];
    let end = Instant::now() + given.good_for;
    let mut pause = given.pause;
    let mut stop = pin!(stop);
    while Instant::now() < end {
        if let Either::Right(_) = select(pin!(tokio::time::sleep(pause)), stop.as_mut()).await {
            return Err(SignInError::Stopped);
        }
        let polled = match post(http, token_endpoint, &form).await {
            Ok((status, body)) => {
                // What stands before a server answers like that in its place, too.
                *lost |= status >= 500;
                poll::read(status, &body, pause)
            }
            Err(_) => {
                *lost = true;
                Polled::Again(poll::later(pause))
            }
        };
        match polled {
            Polled::Again(next) => pause = next.max(Duration::from_millis(100)),
            Polled::Agreed(tokens) => return Ok(tokens),
            Polled::Declined => return Err(SignInError::Declined),
            Polled::RanOut => return Err(SignInError::RanOut),
            Polled::Refused(words) => return Err(SignInError::OAuthRefused { words }),
        }
    }
    Err(SignInError::RanOut)
}

/// Hands the session to the SDK. Who signed in is found out later, as after every sign-in.
async fn take_over(
    homeserver: &Homeserver,
    user: &UserId,
    Place { kept, keys, begun }: Place<'_>,
    client_id: ClientId,
    device: &DeviceId,
    tokens: SessionTokens,
) -> Result<Client, SignInError> {
    let session = |user_id: &UserId| OAuthSession {
        client_id: client_id.clone(),
        user: UserSession {
            meta: SessionMeta {
                user_id: user_id.to_owned(),
                device_id: device.to_owned(),
            },
            tokens: tokens.clone(),
        },
    };
    let restore = async |client: Client, user_id: &UserId| {
        let oauth = client.oauth();
        match oauth
            .restore_session(session(user_id), RoomLoadSettings::default())
            .await
        {
            Ok(()) => Ok(client),
            Err(error) => Err(SignInError::Store(words(&error.to_string()))),
        }
    };
    // A store belongs to one user, so the question comes before it is made.
    let asking = restore(client(homeserver).await?, user).await?;
    let who = match asking.send(whoami::v3::Request::new()).await {
        Ok(who) => who.user_id,
        Err(error) => {
            undo(&asking, homeserver, None, user, begun).await;
            return Err(super::refusal(error, user));
        }
    };
    let taken_over = async { restore(client_with(homeserver, kept, keys).await?, &who).await };
    match taken_over.await {
        Ok(client) => Ok(client),
        Err(error) => {
            undo(&asking, homeserver, Some(&who), user, begun).await;
            Err(error)
        }
    }
}

/// Ends the session that was made for `who`, as far as that is known. Where that works, nothing is left to be noted of it.
async fn undo(client: &Client, homeserver: &Homeserver, who: Option<&UserId>, wanted: &UserId, begun: Option<&Begun>) {
    if revoke(client, &homeserver.http).await.is_ok()
        && let Some(begun) = begun
    {
        begun.was_signed_out(who, wanted);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;
    use crate::testing::{Answer, CannedServer};

    /// Polls a server that gives these answers; returns whether one was lost, and why nobody was let in.
    async fn polled(answers: [fn() -> Answer; 2]) -> (bool, SignInError) {
        let next = AtomicUsize::new(0);
        let server = CannedServer::start(move |it| {
            (it.path == "/token").then(|| answers[next.fetch_add(1, Ordering::Relaxed)]())
        })
        .await;
        let (homeserver, _) = server.enter().await;
        let endpoint = homeserver.base_url().join("/token").unwrap();
        let given = Given {
            device_code: "code".into(),
            user_code: "CODE".to_owned(),
            address: "https://a/link".to_owned(),
            complete: None,
            good_for: Duration::from_secs(60),
            pause: Duration::from_millis(1),
        };
        let (client_id, mut lost) = (ClientId::new("lifeboat".to_owned()), false);
        let never = std::future::pending::<()>();
        let waited = wait(&homeserver.http, &endpoint, &client_id, &given, never, &mut lost).await;
        (lost, waited.unwrap_err())
    }

    fn pending() -> Answer {
        Answer {
            status: 400,
            ..json!({"error": "authorization_pending"}).into()
        }
    }

    fn used() -> Answer {
        Answer {
            status: 400,
            ..json!({"error": "invalid_grant"}).into()
        }
    }

    fn bad_gateway() -> Answer {
        Answer {
            status: 502,
            body: b"<h1>Bad gateway</h1>".to_vec(),
            ..json!({}).into()
        }
    }

    /// The tokens may have been in it.
    fn cut_off() -> Answer {
        Answer {
            promised: Some(1000),
            ..json!({}).into()
        }
    }

    #[tokio::test]
    async fn an_answer_that_was_lost_is_remembered() {
        type Case = ([fn() -> Answer; 2], bool);
        let cases: [Case; 3] = [
            ([pending, used], false),
            ([cut_off, used], true),
            ([bad_gateway, used], true),
        ];
        for (answers, expected) in cases {
            let (lost, error) = polled(answers).await;
            assert_eq!(lost, expected, "{error:?}");
            assert!(matches!(error, SignInError::RanOut), "{error:?}");
        }
    }
}
