//! Which sessions hold the backup key.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lifeboat_preflight::{LiveError, LiveSession};
use matrix_sdk::{
    deserialized_responses::EncryptionInfo,
    ruma::{
        OwnedDeviceId, TransactionId,
        events::{ToDeviceEvent, secret::send::ToDeviceSecretSendEventContent},
    },
};
use serde_json::json;
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::own_devices::{send_to_all, verified_sender};

/// Who answered when all sessions were asked for the backup key.
///
/// An answer proves that a session holds a backup key, trusts the asking session and runs. Silence proves nothing:
/// who did not answer is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyHolders {
    /// The sessions that answered.
    pub answered: BTreeSet<OwnedDeviceId>,
}

/// How often the question is repeated: a session that does not trust the asking one yet drops it without a word.
const AGAIN: Duration = Duration::from_secs(2);

/// Asks every other session of the account for the backup key, and waits for `patience` or until all of `expected`
/// have answered.
///
/// `m.secret.request` for `m.megolm_backup.v1`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#sharing)), which sessions answer to sessions of their own
/// user that the identity vouches for: `live` must be signed. The key itself is dropped unseen.
pub async fn backup_key_holders(
    live: &LiveSession,
    expected: &BTreeSet<OwnedDeviceId>,
    patience: Duration,
) -> Result<KeyHolders, LiveError> {
    let answered: Arc<Mutex<BTreeSet<OwnedDeviceId>>> = Arc::default();
    let heard = Arc::new(Notify::new());
    let request_id = TransactionId::new();
    let handler = {
        let (answered, heard) = (Arc::clone(&answered), Arc::clone(&heard));
        let (user, request_id) = (live.own().user_id().to_owned(), request_id.clone());
        live.client().add_event_handler(
            move |event: ToDeviceEvent<ToDeviceSecretSendEventContent>, info: Option<EncryptionInfo>| {
                let (answered, heard) = (Arc::clone(&answered), Arc::clone(&heard));
                let sender = (event.content.request_id == request_id)
                    .then(|| verified_sender(&user, info.as_ref()))
                    .flatten();
                async move {
                    if let Some(device) = sender {
                        answered.lock().unwrap_or_else(PoisonError::into_inner).insert(device);
                        heard.notify_one();
                    }
                }
            },
        )
    };
    let _guard = live.client().event_handler_drop_guard(handler);
    let content = json!({
        "action": "request",
        "name": "m.megolm_backup.v1",
        "request_id": request_id,
        "requesting_device_id": live.own().device_id(),
    });
    let so_far = || answered.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let end = Instant::now() + patience;
    loop {
        send_to_all(live, "m.secret.request", &content).await?;
        let again = end.min(Instant::now() + AGAIN);
        while timeout_at(again, heard.notified()).await.is_ok() && !so_far().is_superset(expected) {}
        let answered = so_far();
        if Instant::now() >= end || (!expected.is_empty() && answered.is_superset(expected)) {
            return Ok(KeyHolders { answered });
        }
        if live.session_ended() {
            return Err(LiveError::SessionEnded);
        }
    }
}
