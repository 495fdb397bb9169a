//! In and out with a session that takes part in encryption.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use lifeboat_preflight::{LiveSession, OwnSession};

use super::{Errand, leave, left_after_stop, may_remain, own_mistake};
use crate::{
    failure::Failure,
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
    // Dropped in between, it could leave a session behind that nobody knows of: it is brought to its end.
    let (live, wish) = {
        let progress = Progress::begin("making encryption keys");
        let told = || progress.say("stopping as soon as the server has answered");
        let beginning = stops.finishing(LiveSession::begin(session), told).await;
        beginning.map_err(|Stopped| may_remain("You stopped while the session was being made.", errand.name()))?
    };
    let live = live?;
    if wish == Wish::Stop {
        return Err(left_after_stop(live.end().await, errand, stops, console).await);
    }
    let worked = {
        let work = AssertUnwindSafe(work(&live, console)).catch_unwind();
        stops.unless_stopped_for_good(work, end_softly).await
    };
    let session = live.end().await;
    match worked {
        Ok(Ok(Ok(done))) => Ok((session, done)),
        Ok(failed) => {
            leave(session, errand, Wish::GoOn, stops, console).await?;
            Err(failed
                .unwrap_or_else(|_| Err(own_mistake()))
                .err()
                .unwrap_or_else(own_mistake))
        }
        Err(Stopped) => Err(left_after_stop(session, errand, stops, console).await),
    }
}
