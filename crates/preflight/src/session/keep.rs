//! A session that outlives its command: in an encrypted store, found again by the next one.

use std::path::PathBuf;

use matrix_sdk::{
    AuthSession, Client, SessionChange,
    authentication::{
        matrix::MatrixSession,
        oauth::{ClientId, OAuthSession, UserSession},
    },
    ruma::UserId,
    store::RoomLoadSettings,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::{sync::broadcast::error::RecvError, task::JoinHandle};
use zeroize::Zeroizing;

use super::SignInError;

/// Where a kept session lies and what seals it.
#[derive(Debug)]
pub struct KeepIn {
    /// A folder that only its owner may enter; the store is made inside.
    pub folder: PathBuf,
    /// Seals the store.
    pub passphrase: SecretString,
}

impl KeepIn {
    pub(super) fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    pub(super) fn exists(&self) -> bool {
        self.store().is_dir()
    }
}

/// The key under which the session itself lies in its own store, sealed like everything there.
const SESSION: &[u8] = b"org.lifeboat.session";

/// A session as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum KeptSession {
    /// One of an authorization server.
    OAuth {
        /// Whom that server takes Lifeboat for.
        client_id: ClientId,
        /// The rest.
        #[serde(flatten)]
        user: UserSession,
    },
    /// One of the homeserver.
    Matrix(MatrixSession),
}

impl KeptSession {
    pub(super) fn user_id(&self) -> &UserId {
        match self {
            Self::OAuth { user, .. } => &user.meta.user_id,
            Self::Matrix(session) => &session.meta.user_id,
        }
    }

    /// Signs the client in with it. Asks nothing.
    pub(super) async fn restore(self, client: &Client) -> Result<(), SignInError> {
        match self {
            Self::Matrix(session) => super::sign_in::restore(client, session).await,
            Self::OAuth { client_id, user } => {
                let session = OAuthSession { client_id, user };
                let oauth = client.oauth();
                let restored = oauth.restore_session(session, RoomLoadSettings::default()).await;
                restored.map_err(|error| SignInError::Store(error.to_string()))
            }
        }
    }
}

/// Writes down new tokens as they come, for as long as it lives: the old ones are of no use any more.
#[derive(Debug)]
pub(super) struct Keeper(JoinHandle<()>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Stores the session, and keeps what is stored in step with it.
pub(super) async fn keep(client: &Client) -> Result<Keeper, SignInError> {
    remember(client).await?;
    let (mut changes, client) = (client.subscribe_to_session_changes(), client.clone());
    Ok(Keeper(tokio::spawn(async move {
        loop {
            match changes.recv().await {
                Ok(SessionChange::TokensRefreshed) => {
                    // At the end of the command it is tried once more.
                    let _ = remember(&client).await;
                }
                Ok(SessionChange::UnknownToken(_)) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    })))
}

pub(super) async fn remember(client: &Client) -> Result<(), SignInError> {
    let session = match client.session() {
        Some(AuthSession::Matrix(session)) => KeptSession::Matrix(session),
        Some(AuthSession::OAuth(session)) => KeptSession::OAuth {
            client_id: session.client_id,
            user: session.user,
        },
        _ => return Err(SignInError::Store("there is no session".to_owned())),
    };
    let text = serde_json::to_vec(&session).map_err(|error| SignInError::Store(error.to_string()))?;
    client.state_store().set_custom_value_no_read(SESSION, text).await?;
    Ok(())
}

pub(super) async fn recall(client: &Client) -> Result<Option<KeptSession>, SignInError> {
    let text = client
        .state_store()
        .get_custom_value(SESSION)
        .await?
        .map(Zeroizing::new);
    Ok(text.and_then(|it| serde_json::from_slice(&it).ok()))
}
