//! In and out: the session that a command works with, and that it removes again whatever happens.

mod browser;
mod errand;
mod live;
mod way;

use std::{panic::AssertUnwindSafe, path::Path, time::Duration};

use futures_util::FutureExt;
use lifeboat_preflight::{Left, OwnSession, SessionKind};
use tokio::time::timeout;

use crate::{
    commands::reset::loose::Loose,
    exit::Exit,
    failure::Failure,
    secrets::Readers,
    signals::{Stopped, Stops, Wish},
    state,
    ui::{console::Console, prompt::TerminalMode},
};

pub(crate) use browser::{here, show};
pub(crate) use errand::Errand;
pub(crate) use live::{Unfinished, hold_live, keep_live, with_live_session};
pub(crate) use way::Way;

/// What a kept session is called in the account's list of sessions.
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
    let (session, done) = hold(session, Errand::Check, stops, console, end_softly, work).await?;
    leave(session, Errand::Check, Wish::GoOn, stops, console).await?;
    Ok(done)
}

/// Does `work` with the session and hands it back; leaves it on an error, on a panic, and when the user stops.
pub(crate) async fn hold<T>(
    session: OwnSession,
    errand: Errand,
    stops: &mut Stops,
    console: &mut Console,
    end_softly: impl FnOnce() -> Wish,
    work: impl AsyncFnOnce(&OwnSession) -> Result<T, Failure>,
) -> Result<(OwnSession, T), Failure> {
    let work = AssertUnwindSafe(work(&session)).catch_unwind();
    match stops.unless_stopped_for_good(work, end_softly).await {
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

/// Does `work` with the session and hands both back; leaves it on an error, on a panic, and when the user stops.
pub(crate) async fn holding<T>(
    session: OwnSession,
    stops: &mut Stops,
    console: &mut Console,
    work: impl AsyncFnOnce(&OwnSession) -> Result<T, Failure>,
) -> Result<(OwnSession, T), Failure> {
    hold(session, Errand::Check, stops, console, || Wish::Stop, work).await
}

/// Leaves a session that turned out not to be needed; says so when it remains.
pub(crate) async fn part_with(session: OwnSession, stops: &mut Stops, console: &mut Console) {
    if let Err(failure) = leave(session, Errand::Check, Wish::GoOn, stops, console).await {
        console.caution(&failure.wrong, &failure.hint);
    }
}

/// Leaves because the user wished to stop, and says so.
async fn left_after_stop(session: OwnSession, errand: Errand, stops: &mut Stops, console: &mut Console) -> Failure {
    match session.kind() {
        SessionKind::Throwaway => {}
        SessionKind::Borrowed => return nothing_changed(),
        SessionKind::Kept => {
            return Failure::interrupted(
                format!("You stopped it. The kept session stays, and {}.", errand.after_stop()),
                AGAIN,
            );
        }
    }
    let word = errand.word();
    console.note(&format!(
        "Stopping: removing the session of this {word}. Ctrl-C once more leaves it behind."
    ));
    match leave(session, errand, Wish::Stop, stops, console).await {
        Ok(Left::Removed) => Failure::interrupted(
            format!(
                "You stopped it. The session of this {word} is removed, and {}.",
                errand.after_leaving()
            ),
            AGAIN,
        ),
        Ok(Left::Stays) => may_remain("You stopped it.", errand.name()),
        Err(failure) => failure,
    }
}

/// Leaves, and forgets the id of a session that is removed. One that cannot be removed, even because of a panic, is no reason
/// to withhold the result: it is told on stderr.
pub(crate) async fn leave(
    session: OwnSession,
    errand: Errand,
    wish: Wish,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Left, Failure> {
    let word = errand.word();
    let folder = state::folder_of(session.user_id());
    let device = session.device_id().map(str::to_owned);
    let leaving = AssertUnwindSafe(session.leave()).catch_unwind();
    let left = match wish {
        Wish::Stop => stops.unless_stopped(leaving).await,
        // The result is there already, so a first Ctrl-C has nothing left to stop.
        Wish::GoOn => stops.finishing(leaving, || ()).await.map(|(left, _)| left),
    };
    match left {
        Ok(Ok(Ok(left))) => {
            if let (Left::Removed, Some(folder), Some(device)) = (left, folder, device) {
                Loose::of(&folder).forget(&device);
            }
            Ok(left)
        }
        Ok(failed) => {
            let why = match failed {
                Ok(Err(error)) => error.to_string(),
                _ => "Lifeboat itself failed.".to_owned(),
            };
            let failure = may_remain(
                &format!("The session of this {word} could not be removed: {why}"),
                errand.name(),
            );
            console.caution(&failure.wrong, &failure.hint);
            Ok(Left::Stays)
        }
        Err(Stopped) => Err(may_remain(
            &format!("You stopped before the session of this {word} was removed."),
            errand.name(),
        )),
    }
}

/// Asks the person on a thread of its own, so that signals are heard meanwhile.
pub(crate) async fn asked<T: Send + 'static>(
    stops: &mut Stops,
    question: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let mode = TerminalMode::remember();
    let mut question = tokio::task::spawn_blocking(question);
    let answer = match stops.unless_stopped(&mut question).await {
        Ok(answer) => {
            let answer = answer.unwrap_or_else(|_| Err(own_mistake()));
            if answer.as_ref().is_err_and(|it| it.exit == Exit::Interrupted) {
                // The signal of the same key is on its way, and asks for nothing more.
                let _ = timeout(ECHO, stops.next()).await;
            }
            return answer;
        }
        Err(Stopped) => timeout(ECHO, question).await,
    };
    // A key that was pressed ends the question as well. A signal from elsewhere leaves it behind.
    match answer {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(own_mistake()),
        Err(_) => {
            mode.restore();
            Err(nothing_changed())
        }
    }
}

/// Ctrl-C at a question for a secret is a key and a signal; as long as this one comes after the other.
pub(crate) const ECHO: Duration = Duration::from_millis(300);

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

/// What is said when the user stopped before anything was changed.
pub(crate) const NOTHING_CHANGED: &str = "You stopped it. Nothing was changed.";

fn nothing_changed() -> Failure {
    Failure::interrupted(NOTHING_CHANGED, AGAIN)
}

/// What ends the sentence about a session that nobody knows to be gone.
const MAY_REMAIN: &str = "may remain in your account.";

pub(crate) fn may_remain(why: &str, name: &str) -> Failure {
    Failure::interrupted(
        format!("{why} The session “{name}” {MAY_REMAIN}"),
        "If it is there, sign it out in Element: Settings → Sessions.",
    )
}

pub(crate) fn own_mistake() -> Failure {
    Failure::failed(
        "Lifeboat itself failed. This is its mistake, not yours.",
        "Please report it, with what -vv shows.",
    )
}
