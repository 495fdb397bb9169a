//! The forecast: which encrypted messages would become unreadable with every session.
//!
//! It reads the history of every encrypted room, of each message no more than the ids and the index of its room key,
//! and compares that with the entries of the key backup. It needs no secret. Given the backup key it also opens every
//! entry, which is the backup proof, and decrypts the messages themselves, which is the event proof.

mod event;
mod exam;
mod judge;
mod ledger;
mod memory;
mod month;
mod pace;
mod pager;
mod progress;
mod rooms;
mod scan;
mod texts;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use futures_util::{StreamExt, join, stream};
use lifeboat_backup::{BackupKey, Coverage};
use lifeboat_report::{
    Fact, Gap,
    facts::Proof,
    forecast::{Forecast, ForecastScope},
};
use matrix_sdk::ruma::OwnedRoomId;
use tokio::sync::oneshot;

pub use self::{memory::ForecastMemory, progress::ForecastProgress};
use self::{
    exam::Exam,
    judge::Measure,
    pace::Pace,
    rooms::{Rooms, encrypted_rooms},
    scan::{RoomHistory, Scan},
    texts::{MOST_BY_DEFAULT, Texts},
};
use crate::{
    Caller, Homeserver,
    probe::backup::RawBackup,
    proof::{self, Listing, Opening},
};

/// Whether a check looks at messages.
#[derive(Debug, Default)]
pub enum ForecastQuestion {
    /// It does not, and opens no entry of the key backup either: what takes long stays a gap.
    #[default]
    Quick,
    /// It does.
    Run(ForecastOptions),
}

/// Which messages a forecast looks at, and how closely.
#[derive(Debug, Default)]
pub struct ForecastOptions {
    /// Leaves out messages older than this, in milliseconds since the Unix epoch.
    pub since: Option<u64>,
    /// Looks at these rooms only.
    pub rooms: Option<BTreeSet<OwnedRoomId>>,
    /// Looks at no more messages than this, the newest of each room first.
    pub max_events: Option<u64>,
    /// Whether rooms that the account has left are looked at.
    pub left_rooms: LeftRooms,
    /// Whether messages are decrypted where the backup key is there.
    pub event_proof: EventProofWish,
    /// Shows how far it is, and stops it.
    pub progress: ForecastProgress,
    /// What an earlier forecast of the same account remembers, whose messages are not read again.
    pub memory: Option<ForecastMemory>,
}

/// Whether rooms that the account has left are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeftRooms {
    /// They are not.
    #[default]
    LeaveOut,
    /// They are, up to the moment of leaving.
    Include,
}

/// Whether messages are decrypted with what the key backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventProofWish {
    /// They are not.
    Never,
    /// They are if they are no more than 50 000.
    #[default]
    IfFew,
    /// They are, as many as fit into 256 MiB.
    Always,
}

/// What a forecast is made from.
pub(crate) struct Ground<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) homeserver: &'a Homeserver,
    /// The newest version of the key backup.
    pub(crate) backup: &'a Fact<Option<RawBackup>>,
    /// The key that opens it, if somebody typed one.
    pub(crate) key: Option<Arc<BackupKey>>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) proof: Fact<Proof>,
    pub(crate) forecast: Fact<Forecast>,
    /// What the next forecast need not read again; `None` where nothing was learned.
    pub(crate) memory: Option<ForecastMemory>,
}

/// What was read of the history.
struct History {
    rooms: Vec<RoomHistory>,
    scope: ForecastScope,
    memory: Vec<OwnedRoomId>,
}

/// Makes the forecast and, where the key is there, the backup proof and the event proof. Changes nothing.
pub(crate) async fn run(ground: Ground<'_>, options: &ForecastOptions) -> Outcome {
    let nothing = |gap| Outcome { proof: Fact::Unknown(gap), forecast: Fact::Unknown(gap) };
    let backup = match ground.backup {
        Fact::Known(Some(backup)) if !backup.is_readable() => return nothing(Gap::Unreadable),
        Fact::Known(backup) => backup.as_ref(),
        Fact::Unknown(gap) => return nothing(*gap),
    };
    let wish = if backup.is_some() && ground.key.is_some() { options.event_proof } else { EventProofWish::Never };
    let (texts, exam) = Texts::new(wish);
    let (listing, history) = join!(list(&ground, backup, exam, &options.progress), read(&ground, options, &texts));
    let proof = match (&listing, backup, &ground.key) {
        (_, None, _) | (_, _, None) => Fact::Unknown(Gap::NotAsked),
        (Fact::Known((listing, _)), Some(backup), Some(_)) => match listing {
            Some(listing) => Fact::Known(listing.sum_up(&backup.version)),
            None => Fact::Unknown(Gap::NotAsked),
        },
        (Fact::Unknown(gap), ..) => Fact::Unknown(*gap),
    };
    let forecast = listing.and_then(|(listing, exam)| match history {
        Ok(history) => Fact::Known(compare(listing.as_ref(), exam.as_deref(), history)),
        Err(gap) => Fact::Unknown(gap),
    });
    Outcome { proof, forecast }
}

/// Lists the key backup; where messages are to be decrypted, after they were read.
async fn list(
    ground: &Ground<'_>,
    backup: Option<&RawBackup>,
    exam: oneshot::Receiver<Option<Arc<Exam>>>,
    progress: &ForecastProgress,
) -> Fact<(Option<Listing>, Option<Arc<Exam>>)> {
    let Some(backup) = backup else { return Fact::Known((None, None)) };
    // Nobody answers where the history could not be read.
    let exam = exam.await.unwrap_or_default();
    progress.expect_entries(backup.count);
    let mut opening = Opening { key: ground.key.clone(), visit: None };
    if let Some(exam) = exam.clone() {
        opening.visit = Some(Box::new(move |room_id, opened| exam.take(room_id, opened)));
    }
    let listing = proof::list(ground.caller, ground.homeserver, &backup.version, opening, progress).await;
    listing.map(|listing| (Some(listing), exam))
}

/// Reads the history of the encrypted rooms, and settles which messages are to be decrypted.
async fn read(ground: &Ground<'_>, options: &ForecastOptions, texts: &Texts) -> Result<History, Gap> {
    let pace = Pace::new();
    let left_rooms = options.left_rooms == LeftRooms::Include;
    let found = encrypted_rooms(ground.caller, &pace, &options.progress, left_rooms).await;
    let Rooms { rooms, gap, .. } = match found {
        Ok(rooms) => rooms,
        Err(gap) => {
            texts.settle(&mut []);
            return Err(gap);
        }
    };
    let scope = ForecastScope {
        // A room that could not be asked about is one that is not complete.
        rooms: rooms.len() as u64 + u64::from(gap.is_some()),
        left_rooms,
        since: options.since,
        chosen_rooms: options.rooms.is_some(),
        max_events: options.max_events,
        ..ForecastScope::default()
    };
    let chosen = |id: &OwnedRoomId| options.rooms.as_ref().is_none_or(|rooms| rooms.contains(id));
    let rooms: Vec<_> = rooms.into_iter().filter(|room| chosen(&room.id)).collect();
    options.progress.expect_rooms(rooms.len());
    let scan = Scan::new(ground.caller, &pace, options, texts);
    let histories = stream::iter(rooms).map(|room| scan.read_room(room, None)).buffered(pace::AT_ONCE);
    let mut rooms: Vec<RoomHistory> = histories.collect().await;
    texts.settle(&mut rooms);
    Ok(History { rooms, scope: ForecastScope { stopped: options.progress.is_stopped(), ..scope } })
}

fn compare(listing: Option<&Listing>, exam: Option<&Exam>, history: History) -> Forecast {
    let nothing = Coverage::default();
    let measure = Measure {
        coverage: listing.map_or(&nothing, Listing::coverage),
        listing_gap: listing.and_then(Listing::gap),
        answers: exam.map(Exam::answers),
        now: now(),
    };
    judge::judge(&history.rooms, &measure, history.scope)
}

/// The present moment, in seconds since the Unix epoch.
fn now() -> u32 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(passed.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
