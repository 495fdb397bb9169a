//! A session that takes part in encryption: it has keys, it syncs, it can open secret storage and the key backup.
//!
//! A check needs none of this. What brings keys back does: rescue and reset share it.

mod error;
mod fetch;
mod secrets;
mod settle;
mod sync;
mod unlock;

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt as _;
use matrix_sdk::{Client, ruma::api::client::keys::get_keys};

use crate::{OwnSession, SessionKind, caller::End};

pub use error::{FetchError, LiveError, SettleError, UnlockError, is_suspended};
pub use fetch::{FetchProgress, Fetched};
pub use secrets::HeldSecrets;
pub use settle::SettleProgress;
pub use unlock::{BackupConnection, OwnSignature, Unlocked};

use self::sync::Syncing;

/// A session with encryption keys that keeps syncing until it is ended or dropped.
///
/// Its device keys are on the server, so other sessions see it, encrypt to it and answer it.
#[derive(Debug)]
pub struct LiveSession {
    own: OwnSession,
    syncing: Syncing,
}

impl LiveSession {
    /// Gives `session` encryption keys and starts syncing; returns after the first sync.
    ///
    /// Uploads device keys and one-time keys: `POST /_matrix/client/v3/keys/upload`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keysupload)). A lent session is
    /// refused before anything is sent, because new keys would replace those of its owner's client. When this fails
    /// or panics the session has left, as [`OwnSession::leave`] says: a throw-away one is signed out, a kept one stays.
    /// [`LiveError::Stays`]: it could not leave.
    pub async fn begin(session: OwnSession) -> Result<Self, LiveError> {
        if session.kind() == SessionKind::Borrowed {
            return Err(LiveError::Lent);
        }
        match AssertUnwindSafe(begin(&session)).catch_unwind().await {
            Ok(Ok(syncing)) => Ok(Self { own: session, syncing }),
            // What went wrong first is what counts.
            Ok(Err(error)) => match session.leave().await {
                Ok(_) => Err(error),
                Err(_) => Err(LiveError::Stays(error.to_string())),
            },
            Err(panic) => match session.leave().await {
                Ok(_) => resume_unwind(panic),
                Err(_) => Err(LiveError::Stays("Lifeboat itself failed.".to_owned())),
            },
        }
    }

    /// Returns the session itself.
    pub fn own(&self) -> &OwnSession {
        &self.own
    }

    /// Returns the SDK's client.
    pub fn client(&self) -> &Client {
        self.own.caller().client()
    }

    /// Tells whether the server has ended this session, so that nothing will come in any more.
    pub fn session_ended(&self) -> bool {
        self.syncing.ended() || self.own.caller().session_ended()
    }

    /// Makes the session sync now: what the SDK holds ready to send goes out, what has arrived comes in.
    ///
    /// Sends itself an empty message, which ends the waiting request:
    /// `PUT /_matrix/client/v3/sendToDevice/org.lifeboat.wake/…`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid)).
    pub async fn wake(&self) -> Result<(), LiveError> {
        sync::wake(self.client()).await
    }

    /// Wakes the session and waits until it has synced once more from the beginning of a sync to its end.
    pub async fn sync(&self) -> Result<(), LiveError> {
        self.syncing.once_more(self.client()).await
    }

    /// Stops syncing and hands the session back, so that it can leave. What was received stays in its store.
    pub async fn end(self) -> OwnSession {
        let ending = self.syncing.end(self.own.caller().client());
        // Even after a panic the session is handed back: nobody else can remove it.
        let ended = AssertUnwindSafe(ending).catch_unwind().await.unwrap_or(false);
        if ended {
            self.own.caller().note_end(End::SignedOut);
        }
        self.own
    }
}

async fn begin(session: &OwnSession) -> Result<Syncing, LiveError> {
    let client = session.caller().client();
    client.encryption().wait_for_e2ee_initialization_tasks().await;
    let (Some(user), Some(device)) = (client.user_id(), client.device_id()) else {
        return Err(LiveError::SessionEnded);
    };
    sync::first(client).await?;
    // The SDK logs a failed upload and goes on: ask whether others can see the keys.
    let mut request = get_keys::v3::Request::new();
    request.device_keys.insert(user.to_owned(), vec![device.to_owned()]);
    let answer = session.caller().ask(|| client.send(request.clone())).await?;
    if !answer.device_keys.get(user).is_some_and(|it| it.contains_key(device)) {
        return Err(LiveError::NoKeysTaken);
    }
    Ok(Syncing::start(client.clone()))
}
