//! The forecast: which encrypted messages would become unreadable with every session.
//!
//! It reads the history of every encrypted room, of each message no more than the ids and the index of its room key,
//! and compares that with the entries of the key backup. It needs no secret. Given the backup key it also opens every
//! entry, which is the backup proof, and decrypts the messages themselves, which is the event proof.

mod at_risk;
mod event;
mod exam;
#[cfg(feature = "fuzzing")]
mod fuzzing;
mod judge;
mod ledger;
mod memory;
mod month;
mod older;
mod options;
mod pace;
mod page;
mod pager;
mod progress;
mod reader;
mod rooms;
mod scan;
mod texts;

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use futures_util::{StreamExt, join, stream};
use lifeboat_backup::{BackupKey, Coverage};
use lifeboat_report::{
    Fact, Gap,
    facts::{OlderBackup, Proof},
    forecast::{Forecast, ForecastScope},
};
use matrix_sdk::ruma::OwnedRoomId;
use tokio::sync::oneshot;

#[cfg(feature = "fuzzing")]
pub(crate) use self::fuzzing::enter_page;
pub use self::{
    at_risk::KeyAtRisk,
    memory::ForecastMemory,
    options::{EventProofWish, ForecastOptions, ForecastQuestion, LeftRooms},
    progress::ForecastProgress,
    reader::{HistoryEvent, HistoryKind, HistoryReader},
};
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
    older::OlderVersion,
    probe::backup::RawBackup,
    proof::{self, Listing, Opening},
};

/// What a forecast is made from.
pub(crate) struct Ground<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) homeserver: &'a Homeserver,
    /// The newest version of the key backup.
    pub(crate) backup: &'a Fact<Option<RawBackup>>,
    /// The key that opens it, if somebody typed one.
    pub(crate) key: Option<Arc<BackupKey>>,
    /// Older versions that are looked at as well.
    pub(crate) older: Vec<OlderVersion>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) proof: Fact<Proof>,
    pub(crate) forecast: Fact<Forecast>,
    /// What the next forecast need not read again; `None` where nothing was learned.
    pub(crate) memory: Option<ForecastMemory>,
    pub(crate) older: Vec<OlderBackup>,
    /// The room keys of the messages at risk.
    pub(crate) at_risk: Vec<KeyAtRisk>,
}

/// What was read of the history.
struct History {
    rooms: Vec<RoomHistory>,
    /// Every encrypted room, also those that were left out on purpose.
    listed: BTreeSet<OwnedRoomId>,
    scope: ForecastScope,
}

/// What was read of the key backup, and what was decrypted with it.
#[derive(Default)]
struct Entries {
    listing: Option<Listing>,
    exam: Option<Arc<Exam>>,
}

/// What a forecast was made from.
struct Seen {
    history: History,
    entries: Entries,
}

impl Outcome {
    /// There is no forecast.
    fn nothing(proof: Fact<Proof>, gap: Gap) -> Self {
        Self {
            proof,
            forecast: Fact::Unknown(gap),
            memory: None,
            older: Vec::new(),
            at_risk: Vec::new(),
        }
    }
}

impl Entries {
    /// Says which messages the entries fit; without a backup, none.
    fn coverage(&self) -> &Coverage {
        static NOTHING: LazyLock<Coverage> = LazyLock::new(Coverage::default);
        self.listing.as_ref().map_or(&NOTHING, Listing::coverage)
    }
}

/// Makes the forecast and, where the key is there, the backup proof and the event proof. Changes nothing.
pub(crate) async fn run(ground: Ground<'_>, options: &ForecastOptions) -> Outcome {
    // With limits not everything is read that a later run would not read again.
    let unlimited = options.since.is_none() && options.max_events.is_none();
    let memory = options.memory.as_ref().filter(|_| unlimited);
    let (outcome, seen) = run_once(&ground, options, memory).await;
    // Remembered messages that no run has decrypted yet, because the key was not there or has changed since, are worth
    // a second reading.
    let tested = outcome.forecast.known().and_then(|it| it.event_proof.as_ref());
    let untested = tested.is_some_and(|it| !it.complete);
    let few =
        memory.is_some_and(|it| it.len() as u64 <= MOST_BY_DEFAULT || options.event_proof == EventProofWish::Always);
    let (outcome, seen) = match untested && few && !options.progress.is_stopped() {
        true => run_once(&ground, options, None).await,
        false => (outcome, seen),
    };
    let mut older = Vec::new();
    for version in &ground.older {
        older.push(older::look_at(version, &ground, &options.progress, seen.as_ref()).await);
    }
    let account = ground.caller.client().user_id().filter(|_| unlimited);
    let memory = account.zip(seen).map(|(account, Seen { history, .. })| {
        let History { rooms, listed, .. } = history;
        ForecastMemory::of(account, rooms, memory, &listed)
    });
    Outcome {
        memory,
        older,
        ..outcome
    }
}

async fn run_once(
    ground: &Ground<'_>,
    options: &ForecastOptions,
    memory: Option<&ForecastMemory>,
) -> (Outcome, Option<Seen>) {
    let nothing = |gap| (Outcome::nothing(Fact::Unknown(gap), gap), None);
    let backup = match ground.backup {
        Fact::Known(Some(backup)) if !backup.is_readable() => return nothing(Gap::Unreadable),
        Fact::Known(backup) => backup.as_ref(),
        Fact::Unknown(gap) => return nothing(*gap),
    };
    let key = ground.key.as_ref().filter(|_| backup.is_some());
    let (texts, exam) = Texts::new(key.map_or(EventProofWish::Never, |_| options.event_proof));
    let listing = list(ground, backup, exam, &options.progress);
    let (entries, history) = join!(listing, read(ground, options, &texts, memory));
    let proof = match (&entries, backup, key) {
        (Fact::Unknown(gap), _, Some(_)) => Fact::Unknown(*gap),
        (
            Fact::Known(Entries {
                listing: Some(listing), ..
            }),
            Some(backup),
            Some(_),
        ) => Fact::Known(listing.sum_up(&backup.version)),
        _ => Fact::Unknown(Gap::NotAsked),
    };
    let (entries, mut history) = match (entries, history) {
        (Fact::Known(entries), Ok(history)) => (entries, history),
        (Fact::Unknown(gap), _) | (_, Err(gap)) => return (Outcome::nothing(proof, gap), None),
    };
    let (forecast, at_risk) = compare(&entries, &mut history);
    let forecast = Fact::Known(forecast);
    let outcome = Outcome {
        proof,
        forecast,
        memory: None,
        older: Vec::new(),
        at_risk,
    };
    (outcome, Some(Seen { history, entries }))
}

/// Lists the key backup; where messages are to be decrypted, after they were read.
async fn list(
    ground: &Ground<'_>,
    backup: Option<&RawBackup>,
    exam: oneshot::Receiver<Option<Arc<Exam>>>,
    progress: &ForecastProgress,
) -> Fact<Entries> {
    let Some(backup) = backup else {
        return Fact::Known(Entries::default());
    };
    // Nobody answers where the history could not be read.
    let exam = exam.await.unwrap_or_default();
    progress.expect_entries(backup.count);
    let mut opening = Opening {
        key: ground.key.clone(),
        visit: None,
    };
    if let Some(exam) = exam.clone() {
        opening.visit = Some(Box::new(move |room_id, opened| exam.take(room_id, opened)));
    }
    let listing = proof::list(ground.caller, ground.homeserver, &backup.version, opening, progress).await;
    listing.map(|listing| Entries {
        listing: Some(listing),
        exam,
    })
}

/// Reads the history of the encrypted rooms, and settles which messages are to be decrypted.
async fn read(
    ground: &Ground<'_>,
    options: &ForecastOptions,
    texts: &Texts,
    memory: Option<&ForecastMemory>,
) -> Result<History, Gap> {
    let pace = Pace::new();
    let left_rooms = options.left_rooms == LeftRooms::Include;
    let found = encrypted_rooms(ground.caller, &pace, &options.progress, left_rooms).await;
    let Rooms { rooms, moment, gap } = found.inspect_err(|_| texts.settle(&mut []))?;
    let scope = ForecastScope {
        // Where rooms could not be asked about, at least one is not complete.
        rooms: rooms.len() as u64 + u64::from(gap.is_some()),
        left_rooms,
        since: options.since,
        chosen_rooms: options.rooms.is_some(),
        max_events: options.max_events,
        ..ForecastScope::default()
    };
    let listed: BTreeSet<_> = rooms.iter().map(|room| room.id.clone()).collect();
    let chosen = |id: &OwnedRoomId| options.rooms.as_ref().is_none_or(|rooms| rooms.contains(id));
    let rooms: Vec<_> = rooms.into_iter().filter(|room| chosen(&room.id)).collect();
    options.progress.expect_rooms(rooms.len());
    let scan = Scan::new(ground.caller, &pace, options, texts);
    let histories = stream::iter(rooms).map(|room| {
        let remembered = memory.and_then(|it| it.room(&room.id));
        scan.read_room(room, remembered, moment.as_deref())
    });
    // In whatever order they end: a long room holds up none of the others.
    let mut rooms: Vec<RoomHistory> = histories.buffer_unordered(pace::AT_ONCE).collect().await;
    rooms.sort_by(|a, b| a.room.id.cmp(&b.room.id));
    texts.settle(&mut rooms);
    let stopped = options.progress.is_stopped();
    Ok(History {
        rooms,
        listed,
        scope: ForecastScope { stopped, ..scope },
    })
}

fn compare(entries: &Entries, history: &mut History) -> (Forecast, Vec<KeyAtRisk>) {
    if let Some(exam) = &entries.exam {
        exam.enter(&mut history.rooms);
    }
    let measure = Measure {
        coverage: entries.coverage(),
        listing_gap: entries.listing.as_ref().and_then(Listing::gap),
        tested: entries.exam.is_some(),
        now: now(),
    };
    judge::judge(&history.rooms, &measure, history.scope.clone())
}

/// The present moment, in seconds since the Unix epoch.
fn now() -> u32 {
    u32::try_from(crate::now() / 1_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
