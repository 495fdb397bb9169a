//! Signing in: by password, by a lent access token, or by the token that a browser brought.

#[cfg(test)]
mod tests;

use std::path::Path;

use matrix_sdk::{
    Client, HttpError, SessionMeta, SessionTokens, SqliteStoreConfig,
    authentication::matrix::MatrixSession,
    config::{RequestConfig, StoreConfig},
    cross_process_lock::CrossProcessLockConfig,
    reqwest::StatusCode,
    ruma::{
        DeviceId, UserId,
        api::{
            MatrixVersion,
            client::{
                account::whoami,
                session::{get_login_types, login},
                uiaa::{MatrixUserIdentifier, UserIdentifier},
            },
            error::ErrorKind,
        },
    },
    store::RoomLoadSettings,
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    Credentials, KeepIn, Keeping, OwnSession, SessionKind, SignInError, begun::Begun, keep, key_store::KeyStore,
};
use crate::{Caller, Homeserver, bounded::bounded, limit::wait_asked_for};

/// What the session is called while it exists: the person may see it in a client.
const NAME: &str = "Lifeboat check (removes itself)";
/// What a kept session is called.
const KEPT_NAME: &str = "Lifeboat";

impl OwnSession {
    /// Signs in.
    ///
    /// With a password or a browser's token: `POST /_matrix/client/v3/login`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3login)) makes one session without
    /// encryption keys. The id of one that is to be kept is in [`KeepIn::begun`] until it is remembered, or certainly is not
    /// there. With a lent token: `GET /_matrix/client/v3/account/whoami` alone. Do not drop the future before it is done: a
    /// session that is just being made could not be removed.
    pub async fn sign_in(
        homeserver: &Homeserver,
        user: &UserId,
        credentials: Credentials,
        keeping: Keeping,
    ) -> Result<Self, SignInError> {
        let name = match &keeping {
            Keeping::Keep(_) => KEPT_NAME,
            Keeping::RemoveAtEnd | Keeping::RemoveAtEndSealed => NAME,
        };
        Self::sign_in_as(homeserver, user, credentials, keeping, name).await
    }

    /// Signs in like [`Self::sign_in`]; a new session is called `name`, as its owner may see it in a client.
    pub async fn sign_in_as(
        homeserver: &Homeserver,
        user: &UserId,
        credentials: Credentials,
        keeping: Keeping,
        name: &str,
    ) -> Result<Self, SignInError> {
        let (kept, keys) = (keeping.kept(), KeyStore::of(&keeping)?);
        if let Credentials::AccessToken(token) = &credentials {
            let client = client_with(homeserver, kept, &keys).await?;
            return borrow(client, homeserver, user, token).await;
        }
        let begun = kept.map(Begun::choose).transpose()?;
        let begun = begun.as_ref();
        let client = client_of_new(homeserver, kept, &keys, begun).await?;
        match credentials {
            Credentials::Password(password) => with_password(&client, user, &password, name, begun)
                .await
                .map_err(|error| error.without(&password))?,
            Credentials::LoginToken(token) => with_token(&client, user, &token, name, begun)
                .await
                .map_err(|error| error.without(&token))?,
            Credentials::AccessToken(_) => {}
        }
        Self::settle(client, homeserver, user, begun, keys).await
    }

    /// Sees to it that the right person has signed in, and that a session that is to be kept is.
    pub(super) async fn settle(
        client: Client,
        homeserver: &Homeserver,
        user: &UserId,
        begun: Option<&Begun>,
        keys: KeyStore,
    ) -> Result<Self, SignInError> {
        let session = Self::of(client, homeserver, user, SessionKind::Throwaway, keys);
        // Who signed in is what the server says, not what was typed.
        let got = session
            .caller
            .client()
            .user_id()
            .map(ToString::to_string)
            .unwrap_or_default();
        if got != user.as_str() {
            undo(session, begun).await;
            return Err(SignInError::AnotherUser {
                wanted: user.to_string(),
                got,
            });
        }
        let Some(begun) = begun else { return Ok(session) };
        let keeper = super::keep::keep(session.caller.client(), &session.keys).await;
        match keeper {
            Ok(keeper) => {
                begun.forget();
                Ok(Self {
                    kind: SessionKind::Kept,
                    _keeper: Some(keeper),
                    ..session
                })
            }
            Err(error) => {
                undo(session, Some(begun)).await;
                Err(error)
            }
        }
    }

    /// Borrows the access token of whoever it belongs to, an administrator's for example.
    ///
    /// `GET /_matrix/client/v3/account/whoami`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3accountwhoami)). Nothing is created,
    /// nothing is signed out.
    pub async fn borrow_from_anybody(homeserver: &Homeserver, token: &SecretString) -> Result<Self, SignInError> {
        let nobody =
            UserId::parse("@lifeboat:lifeboat.invalid").map_err(|error| SignInError::Store(error.to_string()))?;
        match borrow(client(homeserver).await?, homeserver, &nobody, token).await {
            Err(SignInError::TokenOfAnotherUser { got, .. }) => {
                let user = UserId::parse(&got).map_err(|error| SignInError::Refused {
                    words: error.to_string(),
                })?;
                borrow(client(homeserver).await?, homeserver, &user, token).await
            }
            other => other,
        }
    }

    /// Opens a session that an earlier command kept; `None` when there is none or the server has ended it.
    ///
    /// # Errors
    ///
    /// [`SignInError::NotOpened`] where what is stored can be opened never again.
    pub async fn reopen(homeserver: &Homeserver, user: &UserId, kept: KeepIn) -> Result<Option<Self>, SignInError> {
        let opened = Self::open(homeserver, user, kept).await;
        opened.map_err(SignInError::or_not_opened)
    }

    async fn open(homeserver: &Homeserver, user: &UserId, kept: KeepIn) -> Result<Option<Self>, SignInError> {
        if !kept.exists() {
            return Ok(None);
        }
        let keeping = Keeping::Keep(kept);
        let keys = KeyStore::of(&keeping)?;
        let client = client_with(homeserver, keeping.kept(), &keys).await?;
        let Some(session) = super::keep::recall(&client, &keys).await? else {
            return Ok(None);
        };
        if session.user_id() != user {
            return Ok(None);
        }
        // Whoever remembered it may have been killed before this was forgotten.
        keeping.kept().and_then(Begun::left).iter().for_each(Begun::forget);
        session.restore(&client).await?;
        let keeper = super::keep::keep(&client, &keys).await?;
        let session = Self {
            _keeper: Some(keeper),
            ..Self::of(client, homeserver, user, SessionKind::Kept, keys)
        };
        let ask = || session.caller.client().send(whoami::v3::Request::new());
        match session.caller.ask(ask).await {
            Ok(_) => Ok(Some(session)),
            Err(_) if session.caller.session_ended() => Ok(None),
            Err(error) => Err(refusal(error, user)),
        }
    }

    fn of(client: Client, homeserver: &Homeserver, user: &UserId, kind: SessionKind, keys: KeyStore) -> Self {
        let device_id = client.device_id().map(ToString::to_string);
        Self {
            caller: Caller::new(client),
            kind,
            user: user.to_owned(),
            device_id,
            keys,
            http: homeserver.http.clone(),
            _keeper: None,
        }
    }
}

impl Homeserver {
    /// Makes a client that is signed in as nobody, for requests that need no session. Asks nothing.
    pub async fn anonymous(&self) -> Result<Client, SignInError> {
        client(self).await
    }
}

pub(super) async fn client(homeserver: &Homeserver) -> Result<Client, SignInError> {
    client_with(homeserver, None, &KeyStore::Memory).await
}

/// Makes a client whose encryption keys lie in `keys`.
pub(super) async fn client_with(
    homeserver: &Homeserver,
    kept: Option<&KeepIn>,
    keys: &KeyStore,
) -> Result<Client, SignInError> {
    let versions: Vec<MatrixVersion> = homeserver
        .spec_versions
        .iter()
        .filter_map(|it| MatrixVersion::try_from(it.as_str()).ok())
        .collect();
    let versions = if versions.is_empty() {
        vec![MatrixVersion::V1_1]
    } else {
        versions
    };
    let mut builder = Client::builder()
        .homeserver_url(&homeserver.base_url)
        .http_client(homeserver.http.clone())
        .server_versions(versions)
        // A server's login answer may not send us, and the password, elsewhere.
        .respect_login_well_known(false)
        // Tokens of an authorization server live for minutes, and one that has run out looks like one that was revoked.
        .handle_refresh_tokens()
        .request_config(RequestConfig::new().disable_retry().timeout(homeserver.timeout));
    if let Some(kept) = kept {
        let store = SqliteStoreConfig::new(kept.store()).key(Some(&*keep::store_key(&kept.passphrase)));
        builder = builder.sqlite_store_with_config_and_cache_path(store, None::<&Path>);
    } else if let Some(store) = keys.open().await.map_err(SignInError::TemporaryStore)? {
        let stores = StoreConfig::new(CrossProcessLockConfig::SingleProcess);
        builder = builder.store_config(stores.crypto_store(store));
    }
    builder
        .build()
        .await
        .map_err(|error| SignInError::Store(error.to_string()))
}

/// Makes the client of a new session, once its id is on disk: a store without one is taken for a kept session's, whose keys
/// may be nowhere else.
pub(super) async fn client_of_new(
    homeserver: &Homeserver,
    kept: Option<&KeepIn>,
    keys: &KeyStore,
    begun: Option<&Begun>,
) -> Result<Client, SignInError> {
    begun.map_or(Ok(()), Begun::note)?;
    let client = client_with(homeserver, kept, keys).await;
    if client.is_err() {
        begun.into_iter().for_each(Begun::came_to_nothing);
    }
    client
}

/// Signs out a session that is not to be. Where that works, nothing is left to be noted of it.
async fn undo(session: OwnSession, begun: Option<&Begun>) {
    let (who, wanted) = (
        session.caller.client().user_id().map(ToOwned::to_owned),
        session.user.clone(),
    );
    if session.leave().await.is_ok() {
        begun
            .into_iter()
            .for_each(|it| it.was_signed_out(who.as_deref(), &wanted));
    }
}

async fn with_password(
    client: &Client,
    user: &UserId,
    password: &SecretString,
    name: &str,
    begun: Option<&Begun>,
) -> Result<(), SignInError> {
    let identifier = UserIdentifier::Matrix(MatrixUserIdentifier::new(user.to_string()));
    let password = login::v3::Password::new(identifier, password.expose_secret().to_owned());
    match log_in(client, login::v3::LoginInfo::Password(password), name, begun).await? {
        Ok(()) => Ok(()),
        Err(error) => {
            // `M_FORBIDDEN` is a wrong password or a server that takes none; only the list of flows tells.
            let refused = matches!(
                error.client_api_error_kind(),
                Some(ErrorKind::Unknown | ErrorKind::Unrecognized)
            );
            if refused {
                Err(offered(client, "password", "m.login.password", error, user).await)
            } else {
                Err(refusal(error, user))
            }
        }
    }
}

async fn with_token(
    client: &Client,
    user: &UserId,
    token: &SecretString,
    name: &str,
    begun: Option<&Begun>,
) -> Result<(), SignInError> {
    let token = login::v3::Token::new(token.expose_secret().to_owned());
    match log_in(client, login::v3::LoginInfo::Token(token), name, begun).await? {
        Ok(()) => Ok(()),
        Err(error) if error.client_api_error_kind() == Some(&ErrorKind::Forbidden) => Err(SignInError::SsoFailed(
            "the server does not take its own sign-in token".to_owned(),
        )),
        Err(error) => Err(refusal(error, user)),
    }
}

/// Signs in once. The SDK's own sign-in waits out a rate limit of minutes without a word, so the request is our own.
async fn log_in(
    client: &Client,
    info: login::v3::LoginInfo,
    name: &str,
    begun: Option<&Begun>,
) -> Result<Result<(), HttpError>, SignInError> {
    let mut request = login::v3::Request::new(info);
    request.initial_device_display_name = Some(name.to_owned());
    request.device_id = begun.map(|it| it.device().to_owned());
    match bounded(client.send(request)).await {
        Ok(answer) => Ok(Ok(restore(client, MatrixSession::from(&answer)).await?)),
        Err(error) => {
            // A server that refuses has made no session. After anything else, there may be one.
            if error.as_client_api_error().is_some_and(|it| refuses(it.status_code)) {
                begun.into_iter().for_each(Begun::came_to_nothing);
            }
            Ok(Err(error))
        }
    }
}

/// Tells whether an answer is the server's refusal. That a request has taken too long is also said by what stands before a
/// server, which may have done what was asked.
fn refuses(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT
}

async fn borrow(
    client: Client,
    homeserver: &Homeserver,
    user: &UserId,
    token: &SecretString,
) -> Result<OwnSession, SignInError> {
    let session = |meta_user: &UserId, device: &DeviceId| MatrixSession {
        meta: SessionMeta {
            user_id: meta_user.to_owned(),
            device_id: device.to_owned(),
        },
        tokens: SessionTokens {
            access_token: token.expose_secret().trim().to_owned(),
            refresh_token: None,
        },
    };
    // Tokens without a device exist (an administrator's for somebody else); the SDK wants a name for it.
    let nameless: &DeviceId = "LIFEBOAT".into();
    restore(&client, session(user, nameless)).await?;
    let caller = Caller::new(client);
    let who = match caller.ask(|| caller.client().send(whoami::v3::Request::new())).await {
        Ok(who) => who,
        Err(_) if caller.session_ended() => return Err(SignInError::TokenUnknown),
        Err(error) => return Err(refusal(error, user).without(token)),
    };
    if who.user_id != user {
        return Err(SignInError::TokenOfAnotherUser {
            wanted: user.to_string(),
            got: who.user_id.to_string(),
        });
    }
    let device_id = who.device_id.map(|it| it.to_string());
    Ok(OwnSession {
        caller,
        kind: SessionKind::Borrowed,
        user: user.to_owned(),
        device_id,
        // It never gets keys of ours.
        keys: KeyStore::Memory,
        http: homeserver.http.clone(),
        _keeper: None,
    })
}

pub(super) async fn restore(client: &Client, session: MatrixSession) -> Result<(), SignInError> {
    let restored = client
        .matrix_auth()
        .restore_session(session, RoomLoadSettings::default())
        .await;
    restored.map_err(|error| SignInError::Store(error.to_string()))
}

async fn offered(client: &Client, wanted: &'static str, flow: &str, error: HttpError, user: &UserId) -> SignInError {
    match bounded(client.send(get_login_types::v3::Request::new())).await {
        Ok(answer) => not_offered(wanted, flow, &answer).unwrap_or_else(|| refusal(error, user)),
        Err(_) => refusal(error, user),
    }
}

/// Tells what is offered instead, if `flow` is not.
pub(super) fn not_offered(
    wanted: &'static str,
    flow: &str,
    answer: &get_login_types::v3::Response,
) -> Option<SignInError> {
    let offered: Vec<String> = answer.flows.iter().map(|it| it.login_type().to_owned()).collect();
    (!offered.iter().any(|it| it == flow)).then_some(SignInError::MethodNotOffered { wanted, offered })
}

pub(super) fn refusal(error: HttpError, user: &UserId) -> SignInError {
    match error.client_api_error_kind() {
        Some(ErrorKind::Forbidden) => SignInError::WrongPassword { user: user.to_string() },
        Some(ErrorKind::UserDeactivated) => SignInError::Deactivated,
        Some(ErrorKind::UserLocked) => SignInError::Locked,
        Some(ErrorKind::UserSuspended) => SignInError::Suspended,
        Some(ErrorKind::LimitExceeded(_)) => SignInError::RateLimited {
            wait: wait_asked_for(&error),
        },
        Some(kind) => SignInError::Refused {
            words: format!("{} ({})", words(&error), kind.errcode()),
        },
        None if matches!(error, HttpError::Reqwest(_)) => SignInError::Network(Box::new(error)),
        None => SignInError::Refused { words: words(&error) },
    }
}

fn words(error: &HttpError) -> String {
    use matrix_sdk::ruma::api::error::ErrorBody;
    match error.as_client_api_error().map(|it| &it.body) {
        Some(ErrorBody::Standard(body)) => body.message.clone(),
        _ => error.to_string(),
    }
}
