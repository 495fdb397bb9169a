//! `lifeboat leave`: signs Lifeboat's own kept session out.

#[cfg(test)]
mod tests;

use lifeboat_preflight::{OwnSession, Questions, SessionKind, check};
use lifeboat_report::{Facts, facts::Session};

use super::{alone::alone, runtime};
use crate::{
    advice::CommandLine,
    exit::Exit,
    failure::Failure,
    kept::{CLOSED, Kept},
    memory::MemoryFile,
    resolve::{Afterwards, Force, LeaveJob},
    session::{Way, holding},
    signals::Stops,
    ui::console::Console,
};

/// What is told where only the memory of earlier checks was left.
const FORGOTTEN: &str = "Lifeboat keeps no session of this account. What earlier checks remembered of it is removed.";
/// What is told where the session had ended before.
const HAD_ENDED: &str = "The kept session had ended already. What it stored here is removed.";

/// Runs it.
pub(crate) fn run(job: LeaveJob, console: &mut Console) -> Result<Exit, Failure> {
    let _alone = alone(&job.entry.user)?;
    let kept = Kept::of(&job.entry.user)?;
    let memory = MemoryFile::of(&job.entry.user);
    if kept.find()?.is_none() {
        if kept.is_precious() {
            return Err(closed(&kept));
        }
        if let Some(device) = kept.begun() {
            return Err(may_be_there(&device, &kept, &job.entry.command_line()));
        }
        if memory.iter().any(MemoryFile::forget) {
            console.note(FORGOTTEN);
            return Ok(Exit::Done);
        }
        return Err(nothing_to_leave());
    }
    let runtime = runtime()?;
    let left = runtime.block_on(leave(job, &kept, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let exit = left?;
    if exit == Exit::Done {
        memory.iter().for_each(|it| {
            it.forget();
        });
    }
    Ok(exit)
}

async fn leave(job: LeaveJob, kept: &Kept, console: &mut Console) -> Result<Exit, Failure> {
    let mut stops = Stops::listen()?;
    let (user, account) = (job.entry.user.clone(), job.entry.command_line());
    let way = Way::prepare(job.entry, Afterwards::Remove, console)?;
    let homeserver = way.discover(&mut stops).await?;
    let session = match way.sign_in(&homeserver, &mut stops, console, || Ok(())).await {
        Ok((session, ())) => session,
        // The session that was kept has ended: only what it stored here is left to remove. Of one that Lifeboat did not get to
        // keep, nobody here knows that.
        Err(failure) if failure.exit == Exit::Usage => {
            if let Some(device) = kept.begun() {
                return Err(may_be_there(&device, kept, &account));
            }
            kept.forget();
            console.note(HAD_ENDED);
            return Ok(Exit::Done);
        }
        Err(failure) => return Err(failure),
    };
    if job.force == Force::No {
        let work = async |session: &OwnSession| Ok(check(session, &homeserver, &Questions::default(), &()).await?);
        let (back, facts) = holding(session, &mut stops, console, work).await?;
        if !another_is_ready(&facts) {
            return Err(stays());
        }
        return sign_out(back, kept, user.as_str(), console).await;
    }
    sign_out(session, kept, user.as_str(), console).await
}

async fn sign_out(session: OwnSession, kept: &Kept, user: &str, console: &mut Console) -> Result<Exit, Failure> {
    debug_assert_eq!(session.kind(), SessionKind::Kept);
    session.sign_out().await.map_err(|error| {
        Failure::failed(
            crate::failure::as_sentence(&error.to_string()),
            "Try again; or sign “Lifeboat” out in Element: Settings → Sessions.",
        )
    })?;
    kept.forget();
    console.note(&signed_out(user));
    Ok(Exit::Done)
}

/// Tells whether another session can receive the keys of new messages.
fn another_is_ready(facts: &Facts) -> bool {
    let all = facts.sessions.known();
    all.is_some_and(|all| all.iter().any(Session::is_trusted_other))
}

fn nothing_to_leave() -> Failure {
    Failure::usage(
        "Lifeboat keeps no session of this account on this machine.",
        "There is nothing to leave.",
    )
}

fn closed(kept: &Kept) -> Failure {
    Failure::usage(
        format!("{CLOSED} Nothing was removed."),
        format!(
            "Unlock this system’s keyring and run it again. If its key is gone for good, {}",
            kept.by_hand()
        ),
    )
}

/// Says of a session that a run began to make, and did not get to keep, that nobody here knows what became of it. The next
/// one that is kept takes its place.
fn may_be_there(device: &str, kept: &Kept, account: &CommandLine) -> Failure {
    let again = account.command("check", ["--quick", "--keep-session"]);
    Failure::usage(
        format!(
            "A run ended while it signed in to keep a session: that one, “Lifeboat” ({device}), may be in your account. \
             Nothing was removed."
        ),
        format!(
            "Run {again} first: it takes that session over, and this signs it out then. Or {}",
            kept.by_hand()
        ),
    )
}

fn stays() -> Failure {
    Failure {
        wrong: "No other session could receive the keys of new messages. Lifeboat stays signed in.".to_owned(),
        hint: "Sign in with Element and verify it there, then run this again; or give --force.".to_owned(),
        exit: Exit::Blocked,
    }
}

fn signed_out(user: &str) -> String {
    format!("Lifeboat has signed out of {user}.")
}
