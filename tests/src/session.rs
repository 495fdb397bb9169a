//! Sessions that run: clients that keep syncing, receive keys and answer, like Element on somebody's phone.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use matrix_sdk::authentication::matrix::MatrixSession;
use matrix_sdk::config::SyncSettings;
use matrix_sdk::encryption::EncryptionSettings;
use matrix_sdk::ruma::api::client::filter::FilterDefinition;
use matrix_sdk::ruma::events::AnySyncTimelineEvent;
use matrix_sdk::ruma::events::room::message::RoomMessageEventContent;
use matrix_sdk::ruma::{EventId, OwnedDeviceId, OwnedEventId, OwnedUserId, RoomId};
use matrix_sdk::store::RoomLoadSettings;
use matrix_sdk::{Client, Room, RoomState, SessionMeta, SessionTokens};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::account::Secrets;
use crate::api::Api;
use crate::server::Registered;
use crate::wait::until;

/// Shorter than the SDK's own pause between uploads, which exists to spare servers that others use too.
const UPLOAD_PAUSE: Duration = Duration::from_millis(1);

/// How long the server may keep a sync open while nothing happens.
const LONG_POLL: Duration = Duration::from_secs(30);

/// Before the next sync when one has failed.
const AFTER_A_FAILURE: Duration = Duration::from_millis(100);

/// One login that runs until it is stopped, signed out or dropped. Its store is a folder that goes with it.
#[derive(Debug)]
pub struct Session {
    client: Client,
    api: Api,
    user_id: OwnedUserId,
    device_id: OwnedDeviceId,
    store: TempDir,
    seen: Arc<Mutex<BTreeSet<OwnedEventId>>>,
    sync: Mutex<JoinHandle<()>>,
}

impl Session {
    /// Signs in with a password and starts syncing; returns after the first sync.
    pub async fn log_in(base_url: &str, localpart: &str, password: &str, name: &str) -> Result<Self> {
        let (client, store) = new_client(base_url).await?;
        log_in(&client, localpart, password, name).await?;
        Self::run(base_url, client, store).await
    }

    /// Takes over the first session of a user who was just made.
    pub async fn first_of(base_url: &str, registered: Registered) -> Result<Self> {
        let (client, store) = new_client(base_url).await?;
        let session = MatrixSession {
            meta: SessionMeta {
                user_id: registered.user_id,
                device_id: registered.device_id,
            },
            tokens: SessionTokens {
                access_token: registered.access_token,
                refresh_token: None,
            },
        };
        client
            .matrix_auth()
            .restore_session(session, RoomLoadSettings::default())
            .await?;
        client.encryption().wait_for_e2ee_initialization_tasks().await;
        Self::run(base_url, client, store).await
    }

    /// Signs in like [`Self::log_in`] and takes the private keys of the account at once, which verifies the session and
    /// connects it to the backup, as after a sign-in with a QR code.
    pub(crate) async fn log_in_trusted(
        base_url: &str,
        localpart: &str,
        password: &str,
        name: &str,
        secrets: &Secrets,
    ) -> Result<Self> {
        let (client, store) = new_client(base_url).await?;
        log_in(&client, localpart, password, name).await?;
        // The SDK wants them before the first sync.
        take_secrets(&client, secrets).await?;
        let session = Self::run(base_url, client, store).await?;
        session
            .client
            .encryption()
            .request_user_identity(&session.user_id)
            .await?;
        let device = session
            .client
            .encryption()
            .get_own_device()
            .await?
            .context("the session has no keys")?;
        device.verify().await?;
        Ok(session)
    }

    /// Takes the private keys of the account from another session.
    pub(crate) async fn take_secrets(&self, secrets: &Secrets) -> Result<()> {
        take_secrets(&self.client, secrets).await
    }

    async fn run(base_url: &str, client: Client, store: TempDir) -> Result<Self> {
        let mut filter = FilterDefinition::default();
        filter.room.include_leave = true;
        let first = SyncSettings::new().timeout(Duration::ZERO).filter(filter.into());
        client.sync_once(first).await.context("the first sync failed")?;
        let meta = client.session_meta().context("not signed in")?.clone();
        let token = client.access_token().context("not signed in")?;
        let seen: Arc<Mutex<BTreeSet<OwnedEventId>>> = Arc::default();
        let seen_too = Arc::clone(&seen);
        client.add_event_handler(async move |event: AnySyncTimelineEvent| {
            lock(&seen_too).insert(event.event_id().to_owned());
        });
        let sync = Mutex::new(tokio::spawn(keep_syncing(client.clone())));
        let api = Api::new(base_url).with_token(&token);
        Ok(Self {
            client,
            api,
            user_id: meta.user_id,
            device_id: meta.device_id,
            store,
            seen,
            sync,
        })
    }

    /// The SDK's client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Sends requests with this session's access token.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Whose session it is.
    pub fn user_id(&self) -> &OwnedUserId {
        &self.user_id
    }

    /// The id the server gave it.
    pub fn device_id(&self) -> &OwnedDeviceId {
        &self.device_id
    }

    /// The folder with its store.
    pub(crate) fn store(&self) -> &Path {
        self.store.path()
    }

    /// Stops the session without signing it out: it stays in the account and hears nothing any more.
    pub fn stop(&self) {
        lock(&self.sync).abort();
    }

    /// Starts the session again after [`Self::stop`]: it hears now what it has missed.
    pub fn start(&self) {
        let mut sync = lock(&self.sync);
        sync.abort();
        *sync = tokio::spawn(keep_syncing(self.client.clone()));
    }

    /// True while the session syncs; signed out by somebody else, it ends by itself.
    pub fn runs(&self) -> bool {
        !lock(&self.sync).is_finished()
    }

    /// Signs out, which removes the session from the account.
    pub async fn sign_out(self) -> Result<()> {
        self.stop();
        self.client.logout().await?;
        Ok(())
    }

    /// Waits until something is true of this session's client.
    pub async fn wait_until(&self, what: &str, condition: impl AsyncFn(&Client) -> Result<bool>) -> Result<()> {
        let what = format!("{what} at session {} of {}", self.device_id, self.user_id);
        until(&what, async || Ok(condition(&self.client).await?.then_some(()))).await
    }

    /// Waits until this session has joined a room that it knows to be encrypted.
    pub async fn encrypted_room(&self, room_id: &RoomId) -> Result<Room> {
        until(
            &format!("{} to be in the encrypted room {room_id}", self.user_id),
            async || {
                let Some(room) = self.client.get_room(room_id) else {
                    return Ok(None);
                };
                let ready = room.state() == RoomState::Joined && room.encryption_state().is_encrypted();
                Ok(ready.then_some(room))
            },
        )
        .await
    }

    /// Waits until an event came with a sync, and with it what was sent to this session before. An event that many
    /// others follow at once may be left out of a sync: wait for the last one.
    pub async fn wait_to_see(&self, event_id: &EventId) -> Result<()> {
        let what = format!("{event_id} to reach session {}", self.device_id);
        until(&what, async || Ok(lock(&self.seen).contains(event_id).then_some(()))).await
    }

    /// Sends a text message, encrypted where the room is.
    pub async fn send(&self, room_id: &RoomId, text: &str) -> Result<OwnedEventId> {
        let room = self
            .client
            .get_room(room_id)
            .context("the session is not in this room")?;
        let sent = room.send(RoomMessageEventContent::text_plain(text)).await?;
        Ok(sent.response.event_id)
    }

    /// Waits until this session knows of another one, so that messages are encrypted to it too.
    pub async fn wait_for_device_of(&self, other: &Session) -> Result<()> {
        self.wait_until(
            &format!("word of session {}", other.device_id),
            async |client: &Client| {
                // The user is not tracked before the first message to a common room; asking does no harm.
                let device = client.encryption().get_device(&other.user_id, &other.device_id).await?;
                if device.is_none() {
                    client.encryption().request_user_identity(&other.user_id).await?;
                }
                Ok(device.is_some())
            },
        )
        .await
    }

    /// Waits until this session has nothing left to put into the key backup.
    pub async fn upload_room_keys(&self) -> Result<()> {
        let backups = self.client.encryption().backups();
        backups
            .wait_for_steady_state()
            .with_delay(UPLOAD_PAUSE)
            .await
            .context("the upload of room keys failed")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn new_client(base_url: &str) -> Result<(Client, TempDir)> {
    let store = tempfile::Builder::new().prefix("lifeboat-session-").tempdir()?;
    let client = Client::builder()
        .homeserver_url(base_url)
        .sqlite_store(store.path(), None)
        // Everything a session creates is the builder's explicit decision.
        .with_encryption_settings(EncryptionSettings::default())
        .build()
        .await?;
    Ok((client, store))
}

async fn log_in(client: &Client, localpart: &str, password: &str, name: &str) -> Result<()> {
    let login = client.matrix_auth().login_username(localpart, password);
    login
        .initial_device_display_name(name)
        .send()
        .await
        .context("the sign-in failed")?;
    client.encryption().wait_for_e2ee_initialization_tasks().await;
    Ok(())
}

async fn take_secrets(client: &Client, secrets: &Secrets) -> Result<()> {
    let bundle = serde_json::from_value(secrets.bundle().clone())?;
    client.encryption().import_secrets_bundle(&bundle).await?;
    Ok(())
}

/// Syncs until the session has ended; every other failure is the server's bad moment.
///
/// The SDK's own loop pauses for a second between syncs that come soon after each other, which tests would wait for.
async fn keep_syncing(client: Client) {
    loop {
        match client.sync_once(SyncSettings::new().timeout(LONG_POLL)).await {
            Ok(_) => {}
            Err(error) if error.client_api_error_kind().is_some_and(is_end) => return,
            Err(_) => sleep(AFTER_A_FAILURE).await,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_end(kind: &matrix_sdk::ruma::api::error::ErrorKind) -> bool {
    use matrix_sdk::ruma::api::error::ErrorKind;
    matches!(
        kind,
        ErrorKind::UnknownToken { .. } | ErrorKind::UserDeactivated | ErrorKind::Forbidden
    )
}
