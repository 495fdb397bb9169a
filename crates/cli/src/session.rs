//! In and out: the session that a command works with, and that it removes again whatever happens.

mod live;
mod way;

use std::{panic::AssertUnwindSafe, path::Path};

use futures_util::FutureExt;
use lifeboat_preflight::{Left, OwnSession, SessionKind};

use crate::{
    failure::Failure,
    secrets::Readers,
    signals::{Stopped, Stops, Wish},
    ui::{console::Console, prompt::TerminalMode},
};

pub(crate) use live::with_live_session;
pub(crate) use way::Way;

/// What a session that removes itself is called in the account's list of sessions.
const NAME: &str = "Lifeboat check (removes itself)";
/// What a kept session is called there.
const KEPT_NAME: &str = "Lifeboat";

/// Does `work` with the session and then leaves it: at the end, on an error, on a panic, and when the user stops.
pub(crate) async fn with_session<T>(
    session: OwnSession,
    stops: &mut Stops,
    console: &mut Console,
    work: impl AsyncFnOnce(&OwnSession) -> Result<T, Failure>,
) -> Result<T, Failure> {
    with_session_softly(session, stops, console, || Wish::Stop, work).await
}

/// Does the same, but asks `end_softly` when the user first wishes to stop: it may make the work end early by itself.
pub(crate) async fn with_session_softly<T>(
    session: OwnSession,
    stops: &mut Stops,
    console: &mut Console,
    end_softly: impl FnOnce() -> Wish,
    work: impl AsyncFnOnce(&OwnSession) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let work = AssertUnwindSafe(work(&session)).catch_unwind();
    let worked = stops.unless_stopped_for_good(work, end_softly).await;
    match worked {
        Ok(result) => {
            leave(session, Wish::GoOn, stops, console).await?;
            result.unwrap_or_else(|_| Err(own_mistake()))
        }
        Err(Stopped) => Err(left_after_stop(session, stops, console).await),
    }
}

/// Does `work` with the session and hands both back; leaves it on an error, on a panic, and when the user stops.
pub(crate) async fn holding<T>(
    session: OwnSession,
    stops: &mut Stops,
    console: &mut Console,
    work: impl AsyncFnOnce(&OwnSession) -> Result<T, Failure>,
) -> Result<(OwnSession, T), Failure> {
    let work = AssertUnwindSafe(work(&session)).catch_unwind();
    match stops.unless_stopped(work).await {
        Ok(Ok(Ok(done))) => Ok((session, done)),
        Ok(failed) => {
            leave(session, Wish::GoOn, stops, console).await?;
            match failed {
                Ok(Err(failure)) => Err(failure),
                _ => Err(own_mistake()),
            }
        }
        Err(Stopped) => Err(left_after_stop(session, stops, console).await),
    }
}

/// Leaves a session that turned out not to be needed; says so when it remains.
pub(crate) async fn part_with(session: OwnSession, stops: &mut Stops, console: &mut Console) {
    if let Err(failure) = leave(session, Wish::GoOn, stops, console).await {
        console.caution(&failure.wrong, &failure.hint);
    }
}

/// Leaves because the user wished to stop, and says so.
async fn left_after_stop(session: OwnSession, stops: &mut Stops, console: &mut Console) -> Failure {
    match session.kind() {
        SessionKind::Throwaway => {}
        SessionKind::Borrowed => return nothing_changed(),
        SessionKind::Kept => {
            return Failure::interrupted(
                "You stopped it. The kept session stays, and nothing was changed.",
                AGAIN,
            );
        }
    }
    console.note("Stopping: removing the session of this check. Ctrl-C once more leaves it behind.");
    match leave(session, Wish::Stop, stops, console).await {
        Ok(Left::Removed) => Failure::interrupted(
            "You stopped it. The session of this check is removed, and nothing else was changed.",
            AGAIN,
        ),
        Ok(Left::Stays) => may_remain("You stopped it.", NAME),
        Err(failure) => failure,
    }
}

/// Leaves. A session that cannot be removed is no reason to withhold the result: it is told on stderr.
async fn leave(session: OwnSession, wish: Wish, stops: &mut Stops, console: &mut Console) -> Result<Left, Failure> {
    let leaving = session.leave();
    let left = match wish {
        Wish::Stop => stops.unless_stopped(leaving).await,
        // The result is there already, so a first Ctrl-C has nothing left to stop.
        Wish::GoOn => stops.finishing(leaving, || ()).await.map(|(left, _)| left),
    };
    match left {
        Ok(Ok(left)) => Ok(left),
        Ok(Err(error)) => {
            let failure = may_remain(
                &format!("The session of this check could not be removed: {error}"),
                NAME,
            );
            console.caution(&failure.wrong, &failure.hint);
            Ok(Left::Stays)
        }
        Err(Stopped) => Err(may_remain(
            "You stopped before the session of this check was removed.",
            NAME,
        )),
    }
}

/// Asks the person on a thread of its own, so that signals are heard meanwhile.
pub(crate) async fn asked<T: Send + 'static>(
    stops: &mut Stops,
    question: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let mode = TerminalMode::remember();
    match stops.unless_stopped(tokio::task::spawn_blocking(question)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(own_mistake()),
        Err(Stopped) => {
            mode.restore();
            Err(nothing_changed())
        }
    }
}

/// Warns of a secret in a file that others can read.
pub(crate) fn warn_of_readers(console: &mut Console, readers: Readers, file: &Path) {
    if readers == Readers::Others {
        let file = file.display();
        console.caution(
            &format!("“{file}” can be read by others on this machine."),
            &format!("Run: chmod 600 {file}"),
        );
    }
}

const AGAIN: &str = "Run the same command to begin again.";

fn nothing_changed() -> Failure {
    Failure::interrupted("You stopped it. Nothing was changed.", AGAIN)
}

fn may_remain(why: &str, name: &str) -> Failure {
    Failure::interrupted(
        format!("{why} The session “{name}” may remain in your account."),
        "If it is there, sign it out in Element: Settings → Sessions.",
    )
}

fn own_mistake() -> Failure {
    Failure::failed(
        "Lifeboat itself failed. This is its mistake, not yours.",
        "Please report it, with what -vv shows.",
    )
}
