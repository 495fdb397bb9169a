//! The backup proof: reads a version of the key backup as it arrives and, with the backup key, opens every entry.

pub(crate) mod stream;

use std::{num::NonZeroUsize, ops::ControlFlow, sync::Arc};

use lifeboat_backup::{BackupKey, Coverage, Engine, EngineOptions, PartialReason, State, Visit};
use lifeboat_report::{Fact, Gap, facts};
use tokio::sync::mpsc;

use self::stream::{Body, Next};
use crate::{Caller, Homeserver, forecast::ForecastProgress};

/// What a listing of one version of the key backup shows.
#[derive(Debug)]
pub(crate) struct Listing {
    proof: lifeboat_backup::Proof,
    gap: Option<Gap>,
}

/// What to do with the entries of a listing.
#[derive(Default)]
pub(crate) struct Opening {
    /// Opens them; without it they are only listed.
    pub(crate) key: Option<Arc<BackupKey>>,
    /// Sees every room key that comes out of one.
    pub(crate) visit: Option<Box<Visit>>,
}

/// How many pieces of the body wait for the threads at most.
const WAITING_PIECES: usize = 8;

/// Reads all entries of one version
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3room_keyskeys)). Changes nothing.
///
/// A listing that breaks off is known as far as it goes; unknown is one of which nothing came.
pub(crate) async fn list(
    caller: &Caller,
    homeserver: &Homeserver,
    version: &str,
    opening: Opening,
    progress: &ForecastProgress,
) -> Fact<Listing> {
    let body = match stream::open(caller, homeserver, version).await {
        Ok(body) => body,
        Err(gap) => return Fact::Unknown(gap),
    };
    let threads = std::thread::available_parallelism().ok();
    read(body, opening, threads, progress).await
}

async fn read(
    mut body: Body,
    Opening { key, visit }: Opening,
    threads: Option<NonZeroUsize>,
    progress: &ForecastProgress,
) -> Fact<Listing> {
    // The system gives no thread: nothing of the backup was seen.
    let Ok(mut engine) = Engine::start(EngineOptions { key, threads, visit }) else {
        return Fact::Unknown(Gap::Failed);
    };
    progress.lists(engine.progress());
    let (send, mut receive) = mpsc::channel::<Vec<u8>>(WAITING_PIECES);
    let feeding = tokio::task::spawn_blocking(move || {
        while let Some(piece) = receive.blocking_recv() {
            if let ControlFlow::Break(()) = engine.feed(&piece) {
                break;
            }
        }
        engine.finish()
    });
    let broken_off = loop {
        match body.next().await {
            Next::Piece(piece) => {
                // Nobody takes it: the listing has a flaw, which the proof names.
                if send.send(piece).await.is_err() {
                    break None;
                }
            }
            Next::End => break None,
            Next::Gap(gap) => break Some(gap),
        }
    };
    drop(send);
    match feeding.await {
        Ok(proof) => {
            let gap = proof.partial.map(|partial| match (broken_off, partial.reason) {
                (Some(gap), _) => gap,
                (None, PartialReason::Listing(_)) => Gap::Unreadable,
                (None, PartialReason::Cancelled) => Gap::NotAsked,
                (None, PartialReason::ThreadLost) => Gap::Failed,
            });
            Fact::Known(Listing { proof, gap })
        }
        Err(_) => Fact::Unknown(Gap::Failed),
    }
}

impl Listing {
    /// Says which messages the entries fit.
    pub(crate) fn coverage(&self) -> &Coverage {
        &self.proof.coverage
    }

    /// Says why the listing ends before its end, if it does.
    pub(crate) fn gap(&self) -> Option<Gap> {
        self.gap
    }

    /// Sums up the decrypt test of `version`; to be called only where the entries were opened with a key.
    pub(crate) fn sum_up(&self, version: &str) -> facts::Proof {
        sum_up(&self.proof, version)
    }
}

/// Sums up the decrypt test of `version`.
pub(crate) fn sum_up(proof: &lifeboat_backup::Proof, version: &str) -> facts::Proof {
    let damaged = proof.states.iter().filter_map(|(state, count)| match state {
        State::Damaged(damage) => Some((damage.code().to_owned(), *count)),
        State::Sealed | State::Opens => None,
    });
    facts::Proof {
        version: version.to_owned(),
        entries: proof.entries,
        open: proof.opens(),
        damaged: damaged.collect(),
        complete: proof.partial.is_none(),
    }
}
