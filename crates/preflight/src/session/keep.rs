//! A session that outlives its command: in an encrypted store, found again by the next one.

use std::path::PathBuf;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest::{SHA256, digest},
};
use matrix_sdk::{
    AuthSession, Client, SessionChange,
    authentication::{
        matrix::MatrixSession,
        oauth::{ClientId, OAuthSession, UserSession},
    },
    ruma::UserId,
    store::RoomLoadSettings,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::{sync::broadcast::error::RecvError, task::JoinHandle};
use zeroize::Zeroizing;

use super::{SignInError, key_store::KeyStore};

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

/// The key under which the session itself lies in its own store. The SDK seals what it puts there itself and leaves values of
/// others as they are: this one is sealed here.
const SESSION: &[u8] = b"org.lifeboat.session";
/// The purpose of the key of the store.
const STORE: &[u8] = b"org.lifeboat.store";
/// The length of a nonce of AES-GCM, which stands before the sealed text.
const NONCE: usize = 12;

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
pub(super) async fn keep(client: &Client, keys: &KeyStore) -> Result<Keeper, SignInError> {
    remember(client, keys).await?;
    let (mut changes, client, keys) = (client.subscribe_to_session_changes(), client.clone(), keys.clone());
    Ok(Keeper(tokio::spawn(async move {
        loop {
            match changes.recv().await {
                Ok(SessionChange::TokensRefreshed) => {
                    // At the end of the command it is tried once more.
                    let _ = remember(&client, &keys).await;
                }
                Ok(SessionChange::UnknownToken(_)) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    })))
}

pub(super) async fn remember(client: &Client, keys: &KeyStore) -> Result<(), SignInError> {
    let session = match client.session() {
        Some(AuthSession::Matrix(session)) => KeptSession::Matrix(session),
        Some(AuthSession::OAuth(session)) => KeptSession::OAuth {
            client_id: session.client_id,
            user: session.user,
        },
        _ => return Err(SignInError::Store("there is no session".to_owned())),
    };
    let text = serde_json::to_vec(&session).map(Zeroizing::new);
    let text = text.map_err(|error| SignInError::Store(error.to_string()))?;
    let sealed = keys.passphrase().and_then(|it| seal(it, &text));
    let sealed = sealed.ok_or_else(|| SignInError::Store("it cannot be sealed".to_owned()))?;
    client.state_store().set_custom_value_no_read(SESSION, sealed).await?;
    Ok(())
}

pub(super) async fn recall(client: &Client, keys: &KeyStore) -> Result<Option<KeptSession>, SignInError> {
    let sealed = client.state_store().get_custom_value(SESSION).await?;
    let text = sealed
        .zip(keys.passphrase())
        .and_then(|(sealed, key)| unseal(key, sealed));
    Ok(text.and_then(|it| serde_json::from_slice(&it).ok()))
}

/// What seals one purpose. The passphrase of a store is 256 random bits as text: it needs no stretching.
fn derived(passphrase: &SecretString, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut text = Zeroizing::new(purpose.to_vec());
    text.extend_from_slice(passphrase.expose_secret().as_bytes());
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(digest(&SHA256, &text).as_ref());
    key
}

/// The key of the SDK's store, which would stretch the passphrase itself, for each of its files and each time.
pub(super) fn store_key(passphrase: &SecretString) -> Zeroizing<[u8; 32]> {
    derived(passphrase, STORE)
}

fn key(passphrase: &SecretString) -> Option<LessSafeKey> {
    let key = derived(passphrase, SESSION);
    UnboundKey::new(&AES_256_GCM, &key[..]).ok().map(LessSafeKey::new)
}

fn seal(passphrase: &SecretString, text: &[u8]) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE];
    aws_lc_rs::rand::fill(&mut nonce).ok()?;
    let mut sealed = text.to_vec();
    key(passphrase)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
        .ok()?;
    Some([&nonce[..], &sealed].concat())
}

fn unseal(passphrase: &SecretString, sealed: Vec<u8>) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(sealed.get(NONCE..)?.to_vec());
    let nonce = Nonce::try_assume_unique_for_key(sealed.get(..NONCE)?).ok()?;
    let length = key(passphrase)?
        .open_in_place(nonce, Aad::empty(), &mut text)
        .ok()?
        .len();
    text.truncate(length);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_own_key_alone_and_shows_nothing() {
        let (own, other) = (SecretString::from("a".repeat(43)), SecretString::from("b".repeat(43)));
        let text = b"{\"access_token\":\"syt_hunter2\"}";
        let sealed = seal(&own, text).unwrap();
        assert!(!sealed.windows(11).any(|it| it == b"syt_hunter2"));
        assert_eq!(unseal(&own, sealed.clone()).unwrap().as_slice(), text);
        assert!(unseal(&other, sealed.clone()).is_none());
        let mut damaged = sealed;
        damaged[NONCE] ^= 1;
        assert!(unseal(&own, damaged).is_none() && unseal(&own, Vec::new()).is_none());
    }
}
