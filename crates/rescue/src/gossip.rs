//! Asks living sessions for the room keys that the backup lacks.

mod progress;
mod request;
mod wanted;

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::StreamExt;
use lifeboat_preflight::{KeyAtRisk, LiveError, LiveSession, SettleError, SettleProgress};
use matrix_sdk::{
    deserialized_responses::EncryptionInfo,
    ruma::{
        DeviceId, OwnedDeviceId,
        events::{ToDeviceEvent, forwarded_room_key::ToDeviceForwardedRoomKeyEventContent},
    },
};
use tokio::time::Instant;

use self::wanted::Wanted;
use crate::own_devices::verified_sender;

pub use progress::GossipProgress;

/// How long sessions are asked.
#[derive(Clone, Debug)]
pub struct GossipOptions {
    /// The end comes when nothing new has arrived for so long.
    pub patience: Duration,
    /// As many keys are asked for before the next sync; [`WAVE`] suits most.
    pub wave: NonZeroUsize,
    /// What is shown meanwhile, and what ends it early.
    pub progress: GossipProgress,
}

/// Why sessions could not be asked. What came before is in the session, and in the backup as far as it was uploaded.
#[derive(Debug, thiserror::Error)]
pub enum GossipError {
    /// The session is over, or the server could not be asked.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// What arrived could not be uploaded.
    #[error(transparent)]
    NotUploaded(#[from] SettleError),
    /// The local store failed.
    #[error("the store of this session cannot be used: {0}.")]
    Store(String),
}

/// What came of asking.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The room keys that arrived.
    pub arrived: Vec<Arrival>,
    /// Those that did not.
    pub missing: Vec<KeyAtRisk>,
    /// How many were not asked for because this session does not see their rooms.
    pub unseen: u64,
}

/// A room key that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Which.
    pub key: KeyAtRisk,
    /// The session that gave it, as far as that is known.
    pub from: Option<OwnedDeviceId>,
}

impl Gathered {
    /// Returns how many room keys each session gave.
    pub fn from(&self) -> BTreeMap<&DeviceId, u64> {
        let mut from = BTreeMap::new();
        for giver in self.arrived.iter().filter_map(|it| it.from.as_deref()) {
            *from.entry(giver).or_default() += 1;
        }
        from
    }
}

/// As many keys are asked for before the next sync: what comes from the first ones is taken while the rest is asked for.
pub const WAVE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(499);
/// As many are asked for again while nobody answers.
const PROBE: usize = 100;
/// How long after the last arrival the keys that are still missing are asked for again.
const AGAIN: Duration = Duration::from_secs(5);

/// Asks every session of the account for `keys`, takes what arrives from verified sessions, and uploads it.
///
/// `m.room_key_request` and `m.forwarded_room_key`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#key-requests)). The SDK takes a key only when it has asked
/// for it and the giver is a session of the same user that the identity vouches for. `live` must be signed, or nobody
/// answers, and connected to the backup, or nothing is uploaded. Ends when nothing is missing, when nothing new came for
/// a while, or when [`GossipProgress::stop`] is called; what arrived until then is in the backup.
pub async fn gather(
    live: &LiveSession,
    keys: Vec<KeyAtRisk>,
    options: &GossipOptions,
) -> Result<Gathered, GossipError> {
    let (seen, unseen): (Vec<_>, Vec<_>) = keys
        .into_iter()
        .partition(|key| live.client().get_room(&key.room_id).is_some());
    let wanted = Arc::new(Mutex::new(Wanted::new(seen)));
    options.progress.expect(lock(&wanted).missing() as u64);
    let handler = {
        let (wanted, user) = (Arc::clone(&wanted), live.own().user_id().to_owned());
        let progress = options.progress.clone();
        live.client().add_event_handler(
            move |event: ToDeviceEvent<ToDeviceForwardedRoomKeyEventContent>, info: Option<EncryptionInfo>| {
                if let Some(device) = verified_sender(&user, info.as_ref()) {
                    let content = &event.content;
                    let mut wanted = lock(&wanted);
                    wanted.note_giver(&content.room_id, &content.session_id, device);
                    wanted.note_sender(&content.room_id, &content.session_id, content.sender_key.clone());
                    progress.given(wanted.given());
                }
                std::future::ready(())
            },
        )
    };
    let _guard = live.client().event_handler_drop_guard(handler);
    tokio::select! {
        // In this order, so that what came is counted before a failure is told.
        biased;
        () = listen(live, &wanted, &options.progress) => {}
        asked = ask(live, &wanted, options) => asked?,
        () = options.progress.until_stopped() => {}
    }
    // The sync that brought the last key may still be at work: who gave it is known at its end.
    if !live.session_ended() {
        live.sync().await?;
    }
    let mut gathered = std::mem::take(&mut *lock(&wanted)).finish();
    gathered.unseen = unseen.len() as u64;
    gathered.missing.extend(unseen);
    if !gathered.arrived.is_empty() {
        live.settle_backup(&SettleProgress::default()).await?;
    }
    options.progress.uploaded();
    Ok(gathered)
}

/// Takes note of arrivals until nothing is missing.
async fn listen(live: &LiveSession, wanted: &Mutex<Wanted>, progress: &GossipProgress) {
    let Some(mut arrivals) = live.client().encryption().room_keys_received_stream().await else {
        return std::future::pending().await;
    };
    while lock(wanted).missing() > 0 {
        match arrivals.next().await {
            Some(Ok(keys)) => {
                let mut wanted = lock(wanted);
                for key in keys {
                    wanted.arrived(&key.room_id, &key.session_id);
                }
                progress.arrived(wanted.arrivals());
                progress.given(wanted.given());
            }
            // What was not told here is counted from who gave it.
            Some(Err(_)) => {}
            None => return std::future::pending().await,
        }
    }
}

/// Asks in waves until nothing new came for a while.
async fn ask(live: &LiveSession, wanted: &Mutex<Wanted>, options: &GossipOptions) -> Result<(), GossipError> {
    let all = lock(wanted).all();
    for wave in all.chunks(options.wave.get()) {
        for (room_id, session_id) in wave {
            request::want(live, room_id, session_id, None).await?;
        }
        // The SDK sends its requests at the turn of a sync.
        live.sync().await?;
    }
    lock(wanted).begin_waiting();
    loop {
        let (last, known) = {
            let wanted = lock(wanted);
            (wanted.last_arrival(), wanted.arrivals())
        };
        let now = Instant::now();
        if now >= last + options.patience {
            return Ok(());
        }
        tokio::time::sleep_until((last + options.patience).min(now + AGAIN)).await;
        if live.session_ended() {
            return Err(LiveError::SessionEnded.into());
        }
        let in_vain = lock(wanted).sent_in_vain();
        for (room_id, session_id, sender_key) in &in_vain {
            request::want(live, room_id, session_id, Some(sender_key)).await?;
        }
        if !in_vain.is_empty() {
            live.sync().await?;
        }
        // A session that did not trust this one yet has dropped the first question without a word.
        let quiet = lock(wanted).arrivals() == known;
        let again = lock(wanted).next_to_ask(if quiet { PROBE } else { usize::MAX });
        for (room_id, session_id, request_id) in again {
            request::ask_again(live, &room_id, &session_id, &request_id).await?;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
