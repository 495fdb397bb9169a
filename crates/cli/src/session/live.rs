//! In and out with a session that takes part in encryption.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use lifeboat_preflight::{LiveError, LiveSession, OwnSession};

use super::{Errand, leave, left_after_stop, may_remain, own_mistake};
use crate::{
    exit::Exit,
    failure::{Failure, as_sentence},
    signals::{Stopped, Stops, Wish},
    ui::{console::Console, progress::Progress},
};

/// Gives the session encryption keys, does `work` with it, and then leaves it: at the end, on an error, on a panic, and
/// when the user stops.
///
/// `end_softly` is asked when the user first wishes to stop: it may make the work end early by itself.
pub(crate) async fn with_live_session<T>(
    session: OwnSession,
    errand: Errand,
    stops: &mut Stops,
    console: &mut Console,
    end_softly: impl FnOnce() -> Wish,
    work: impl AsyncFnOnce(&LiveSession, &mut Console) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (session, done) = hold_live(session, errand, stops, console, end_softly, work).await?;
    leave(session, errand, Wish::GoOn, stops, console).await?;
    Ok(done)
}

/// Does the same and hands the session back, which no longer syncs; leaves it on an error, on a panic, and when the user
/// stops.
pub(crate) async fn hold_live<T>(
    session: OwnSession,
    errand: Errand,
    stops: &mut Stops,
    console: &mut Console,
    end_softly: impl FnOnce() -> Wish,
    work: impl AsyncFnOnce(&LiveSession, &mut Console) -> Result<T, Failure>,
) -> Result<(OwnSession, T), Failure> {
    let (session, worked) = keep_live(session, errand, stops, console, end_softly, work).await?;
    match worked {
        Ok(done) => Ok((session, done)),
        Err(Unfinished::Failed(failure)) => {
            leave(session, errand, Wish::GoOn, stops, console).await?;
            Err(failure)
        }
        Err(Unfinished::Stopped) => Err(left_after_stop(session, errand, stops, console).await),
    }
}

/// Why work with a session did not come to its end.
#[derive(Debug)]
pub(crate) enum Unfinished {
    /// The user stopped it.
    Stopped,
    /// It failed.
    Failed(Failure),
}

/// Does the same, and hands the session back however the work ended: whoever goes on needs no other one.
///
/// Fails where there is no session to hand back.
pub(crate) async fn keep_live<T>(
    session: OwnSession,
    errand: Errand,
    stops: &mut Stops,
    console: &mut Console,
    end_softly: impl FnOnce() -> Wish,
    work: impl AsyncFnOnce(&LiveSession, &mut Console) -> Result<T, Failure>,
) -> Result<(OwnSession, Result<T, Unfinished>), Failure> {
    // Dropped in between, it could leave a session behind that nobody knows of: it is brought to its end.
    let (live, wish) = {
        let progress = Progress::begin("making encryption keys");
        let told = || progress.say("stopping as soon as the server has answered");
        let beginning = AssertUnwindSafe(LiveSession::begin(session)).catch_unwind();
        let beginning = stops.finishing(beginning, told).await;
        beginning.map_err(|Stopped| may_remain("You stopped while the session was being made.", errand.name()))?
    };
    let live = match live {
        Ok(Ok(live)) => live,
        // What was to be stopped did not fail.
        Ok(Err(_)) if wish == Wish::Stop => return Err(may_remain("You stopped it.", errand.name())),
        Ok(Err(LiveError::Stays(why))) => {
            let failure = may_remain(&as_sentence(&why), errand.name());
            return Err(Failure {
                exit: Exit::Failed,
                ..failure
            });
        }
        Ok(Err(error)) => return Err(error.into()),
        // It has left all the same.
        Err(_) => return Err(own_mistake()),
    };
    if wish == Wish::Stop {
        return Ok((live.end().await, Err(Unfinished::Stopped)));
    }
    let worked = {
        let work = AssertUnwindSafe(work(&live, console)).catch_unwind();
        stops.unless_stopped_for_good(work, end_softly).await
    };
    let session = live.end().await;
    let worked = match worked {
        Ok(worked) => worked
            .unwrap_or_else(|_| Err(own_mistake()))
            .map_err(Unfinished::Failed),
        Err(Stopped) => Err(Unfinished::Stopped),
    };
    Ok((session, worked))
}
