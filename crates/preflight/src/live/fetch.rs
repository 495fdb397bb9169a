//! Fetches every backed-up room key into the session.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::{FutureExt, StreamExt};
use lifeboat_report::{Fact, Gap};
use matrix_sdk::ruma::RoomId;

use super::{FetchError, LiveError, LiveSession};
use crate::{
    ForecastProgress, Homeserver,
    gap::status_of,
    probe::backup::newest_backup,
    proof::{self, Opening},
};

/// Watches a fetch from anywhere. The numbers only grow; they are 0 while the backup is being listed.
#[derive(Clone, Debug, Default)]
pub struct FetchProgress(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rooms: AtomicU64,
    rooms_done: AtomicU64,
    keys: AtomicU64,
    keys_done: AtomicU64,
}

impl FetchProgress {
    /// How many rooms the backup has keys for.
    pub fn rooms(&self) -> u64 {
        self.0.rooms.load(Ordering::Relaxed)
    }

    /// How many of them are done.
    pub fn rooms_done(&self) -> u64 {
        self.0.rooms_done.load(Ordering::Relaxed)
    }

    /// How many room keys the backup has.
    pub fn keys(&self) -> u64 {
        self.0.keys.load(Ordering::Relaxed)
    }

    /// How many of them are in rooms that are done.
    pub fn keys_done(&self) -> u64 {
        self.0.keys_done.load(Ordering::Relaxed)
    }
}

/// What was fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// How many rooms the backup has keys for.
    pub rooms: u64,
    /// How many room keys the backup has.
    pub listed: u64,
    /// How many of them the session took: those that open and that it did not hold already.
    pub taken: u64,
    /// Why the listing of the backup ends before its end, so that some may be missing.
    pub listing_gap: Option<Gap>,
}

/// An upper limit for the SDK's memory: a room with more entries than this is fetched key by key.
const LARGEST_ROOM: usize = 20_000;

impl LiveSession {
    /// Fetches all room keys of the backup that this session is connected to, room by room.
    ///
    /// `GET /_matrix/client/v3/room_keys/keys` is listed as a stream to learn the rooms, then each room is fetched
    /// (`GET /_matrix/client/v3/room_keys/keys/{roomId}`,
    /// [spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3room_keyskeysroomid)). Changes
    /// nothing on the server. An entry that does not open is left out: the difference of the counts tells. Of a room
    /// that brings nothing new, one key is asked for once more.
    pub async fn fetch_room_keys(
        &self,
        homeserver: &Homeserver,
        progress: &FetchProgress,
    ) -> Result<Fetched, FetchError> {
        let caller = self.own().caller();
        let backups = self.client().encryption().backups();
        if !backups.are_enabled().await {
            return Err(FetchError::NotConnected);
        }
        let gap = |gap: Gap| match caller.session_ended() {
            true => LiveError::SessionEnded.into(),
            false => FetchError::NotListed(gap),
        };
        let version = match newest_backup(caller).await {
            Fact::Known(Some(backup)) => backup.version,
            Fact::Known(None) => return Err(FetchError::NotConnected),
            Fact::Unknown(why) => return Err(gap(why)),
        };
        let listing = proof::list(
            caller,
            homeserver,
            &version,
            Opening::default(),
            &ForecastProgress::default(),
        )
        .await;
        let listing = match listing {
            Fact::Known(listing) => listing,
            Fact::Unknown(why) => return Err(gap(why)),
        };
        let coverage = listing.coverage();
        let mut fetched = Fetched {
            rooms: coverage.rooms().count() as u64,
            listed: coverage.len() as u64,
            taken: 0,
            listing_gap: listing.gap(),
        };
        progress.0.rooms.store(fetched.rooms, Ordering::Relaxed);
        progress.0.keys.store(fetched.listed, Ordering::Relaxed);
        for room in coverage.rooms() {
            let room_id = RoomId::parse(room.id())?;
            let mut arrivals = pin!(backups.room_keys_for_room_stream(&room_id));
            let keys: Vec<_> = room.entries().map(|(session_id, _)| session_id).collect();
            if keys.len() > LARGEST_ROOM {
                for session_id in &keys {
                    let got = backups.download_room_key(&room_id, &session_id.to_string()).await;
                    pardon(got.map(drop))?;
                    fetched.taken += count(&mut arrivals);
                }
            } else {
                pardon(backups.download_room_keys_for_room(&room_id).await)?;
                let taken = count(&mut arrivals);
                fetched.taken += taken;
                if taken == 0
                    && let Some(session_id) = keys.first()
                {
                    // The SDK takes an answer of another shape for one without keys. Alone, a key that the session
                    // does not hold already comes.
                    let got = backups.download_room_key(&room_id, &session_id.to_string()).await;
                    pardon(got.map(drop))?;
                    if count(&mut arrivals) > 0 {
                        return Err(FetchError::NotListed(Gap::Unreadable));
                    }
                }
            }
            progress.0.rooms_done.fetch_add(1, Ordering::Relaxed);
            progress.0.keys_done.fetch_add(keys.len() as u64, Ordering::Relaxed);
        }
        Ok(fetched)
    }
}

/// Counts what the SDK says it took, as far as it has said so.
fn count<E>(
    arrivals: &mut (
             impl futures_util::Stream<
        Item = Result<std::collections::BTreeMap<String, std::collections::BTreeSet<String>>, E>,
    > + Unpin
         ),
) -> u64 {
    let mut taken = 0;
    while let Some(Some(news)) = arrivals.next().now_or_never() {
        if let Ok(by_sender) = news {
            taken += by_sender.values().map(|it| it.len() as u64).sum::<u64>();
        }
    }
    taken
}

/// What was deleted since the listing is answered "not found" by some servers: it is nothing to fetch.
fn pardon(answer: Result<(), matrix_sdk::Error>) -> Result<(), LiveError> {
    match answer {
        Err(matrix_sdk::Error::Http(error)) if status_of(&error) == Some(404) => Ok(()),
        other => Ok(other?),
    }
}
