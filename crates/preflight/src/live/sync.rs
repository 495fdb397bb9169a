//! Keeps a session syncing in the background.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use matrix_sdk::{
    Client,
    config::SyncSettings,
    ruma::{
        TransactionId,
        api::client::{
            filter::{Filter, FilterDefinition},
            to_device::send_event_to_device,
        },
        events::{AnyToDeviceEventContent, ToDeviceEventType},
        presence::PresenceState,
        serde::Raw,
        to_device::DeviceIdOrAllDevices,
    },
};
use serde_json::json;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use super::{LiveError, error::is_end};
use crate::{
    bounded::{grown, too_long},
    mortal, unhurried,
};

/// How long the server may keep a sync open while nothing happens.
const LONG_POLL: Duration = Duration::from_secs(20);
/// Before the next sync when one has failed.
const AFTER_A_FAILURE: Duration = Duration::from_secs(1);
/// After as many failures in a row nobody waits for the next sync any more.
const MAX_FAILURES: u32 = 3;
/// How long the end waits for a sync under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a session sends itself to end the waiting request.
const WAKE: &str = "org.lifeboat.wake";

/// A session that is syncing.
#[derive(Debug)]
pub(super) struct Syncing {
    task: JoinHandle<()>,
    wishes: Arc<Wishes>,
    /// How many syncs have begun, and how many are done; closed when the server has ended the session.
    turns: watch::Receiver<Turns>,
}

/// What the task looks at before each sync.
#[derive(Debug, Default)]
struct Wishes {
    stop: AtomicBool,
    /// Somebody waits for the next sync: it is not to wait for news itself.
    at_once: AtomicBool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Turns {
    begun: u64,
    done: u64,
    /// How many have failed since the last that did not.
    failures: u32,
    ended: bool,
}

impl Syncing {
    pub(super) fn start(client: Client) -> Self {
        let (turning, turns) = watch::channel(Turns::default());
        let wishes = Arc::new(Wishes::default());
        let task = tokio::spawn(keep_syncing(client, Arc::clone(&wishes), turning));
        Self { task, wishes, turns }
    }

    pub(super) fn ended(&self) -> bool {
        self.turns.borrow().ended
    }

    /// Waits for the end of a sync that begins after this call; gives up where the server lets none succeed.
    pub(super) async fn once_more(&self, client: &Client) -> Result<(), LiveError> {
        let mut turns = self.turns.clone();
        // In this order: a wish that is taken up is one of a sync that counts.
        let begun = turns.borrow().begun;
        self.wishes.at_once.store(true, Ordering::SeqCst);
        wake(client).await?;
        let given_up = |it: &Turns| it.failures >= MAX_FAILURES && it.begun > begun;
        let done = turns.wait_for(|it| it.done > begun || it.ended || given_up(it)).await;
        match done {
            Ok(it) if it.ended => Err(LiveError::SessionEnded),
            Ok(it) if it.done > begun => Ok(()),
            Ok(_) => Err(LiveError::NoSync),
            Err(_) => Err(LiveError::SessionEnded),
        }
    }

    /// Ends after the sync under way, whose keys must not arrive at the server after a sign-out; tells whether the
    /// server has ended the session.
    pub(super) async fn end(mut self, client: &Client) -> bool {
        self.wishes.stop.store(true, Ordering::SeqCst);
        if !self.ended() && wake(client).await.is_ok() {
            // Nothing is lost when it takes longer: it is stopped then.
            let _ = timeout(unhurried(PATIENCE), &mut self.task).await;
        }
        self.ended()
    }
}

impl Drop for Syncing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Nobody is told that the person is here: it is a program that syncs.
fn settings(patience: Duration) -> SyncSettings {
    let settings = SyncSettings::new().timeout(patience).filter(filter().into());
    settings.set_presence(PresenceState::Offline)
}

/// Syncs once; an answer without an end is an error.
async fn sync_once(client: &Client, patience: Duration) -> Result<(), matrix_sdk::Error> {
    tokio::select! {
        biased;
        answer = client.sync_once(settings(patience)) => answer.map(drop),
        () = grown() => Err(too_long().into()),
    }
}

/// Makes the first sync, which uploads the session's keys.
pub(super) async fn first(client: &Client) -> Result<(), LiveError> {
    mortal::request();
    sync_once(client, Duration::ZERO).await?;
    Ok(())
}

/// Sends the session a message of its own.
pub(super) async fn wake(client: &Client) -> Result<(), LiveError> {
    let (Some(user), Some(device)) = (client.user_id(), client.device_id()) else {
        return Err(LiveError::SessionEnded);
    };
    let nothing: Raw<AnyToDeviceEventContent> = Raw::new(&json!({})).map_err(matrix_sdk::Error::from)?.cast_unchecked();
    let to_itself = BTreeMap::from([(DeviceIdOrAllDevices::DeviceId(device.to_owned()), nothing)]);
    let messages = BTreeMap::from([(user.to_owned(), to_itself)]);
    let request =
        send_event_to_device::v3::Request::new_raw(ToDeviceEventType::from(WAKE), TransactionId::new(), messages);
    mortal::request();
    client.send(request).await?;
    Ok(())
}

/// Syncs until it is told to stop or the session has ended; every other failure is the server's bad moment.
async fn keep_syncing(client: Client, wishes: Arc<Wishes>, turning: watch::Sender<Turns>) {
    while !wishes.stop.load(Ordering::SeqCst) {
        let at_once = wishes.at_once.swap(false, Ordering::SeqCst);
        turning.send_modify(|it| it.begun += 1);
        let patience = if at_once { Duration::ZERO } else { LONG_POLL };
        match sync_once(&client, patience).await {
            Ok(_) => turning.send_modify(|it| {
                it.done = it.begun;
                it.failures = 0;
            }),
            Err(error) if is_end(&error) => {
                turning.send_modify(|it| it.ended = true);
                return;
            }
            Err(_) => {
                turning.send_modify(|it| it.failures += 1);
                tokio::time::sleep(unhurried(AFTER_A_FAILURE)).await;
            }
        }
    }
}

/// Rooms without their content: what matters comes in messages to the session.
fn filter() -> FilterDefinition {
    let mut filter = FilterDefinition::default();
    let none = || Some(Vec::new());
    filter.presence.types = none();
    filter.room.include_leave = true;
    filter.room.timeline.types = none();
    filter.room.ephemeral.types = none();
    filter.room.account_data.types = none();
    filter.room.state.types = Some(vec!["m.room.encryption".to_owned(), "m.room.create".to_owned()]);
    filter.account_data = Filter::default();
    filter
}
