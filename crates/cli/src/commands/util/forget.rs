//! `lifeboat util forget`.

use std::{fs, io, path::Path};

use lifeboat_reset::{AccountLock, Found, Journal, flow::Password};

use crate::{
    advice::CommandLine,
    commands::reset::{carry_out::going_on, no_home},
    failure::Failure,
    kept::Kept,
    resolve::parse_user,
    state,
    ui::{console::Console, time},
};

/// How much is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// What nobody needs any more; otherwise nothing.
    NotNeeded,
    /// Everything.
    Everything,
}

/// Removes what this machine keeps of an account. Asks no server.
pub(super) fn run(user: &str, extent: Extent, console: &mut Console) -> Result<(), Failure> {
    let user = parse_user(user)?;
    let kept = Kept::of(&user)?;
    let state = state::folder_of(&user).ok_or_else(no_home)?;
    if !kept.folder().exists() && !state.exists() {
        console.note(&format!("Nothing of {user} is kept on this machine."));
        return Ok(());
    }
    // A reset that is under way writes here.
    let lock = AccountLock::take(&state)?;
    if extent == Extent::NotNeeded {
        is_needed(&kept, &state, &CommandLine::account([user.as_str()]))?;
    }
    kept.forget();
    kept.forget_sealing_key();
    removed(kept.folder(), fs::remove_dir_all(kept.folder()))?;
    removed(&state, lock.remove_folder())?;
    console.note(&format!(
        "Everything that was kept of {user} on this machine is removed. Arks, status files and pages stay where you put them."
    ));
    Ok(())
}

/// Refuses while something depends on what is kept.
fn is_needed(kept: &Kept, state: &Path, account: &CommandLine) -> Result<(), Failure> {
    if let Found::Unfinished(journal) = Journal::find(&state.join("resets"))?
        && journal.password() != Password::Unchanged
    {
        return Err(Failure::usage(
            format!(
                "A reset of this account stopped on {} and is not finished. Nothing was removed.",
                time::moment(journal.last_at())
            ),
            format!("Finish it first: {}", going_on(account, journal.plan().route)),
        ));
    }
    let leave = account.command("leave", []);
    match (kept.is_there(), kept.begun()) {
        (false, None) => Ok(()),
        (true, None) => Err(Failure::usage(
            "Lifeboat is signed in to this account. Nothing was removed.",
            format!("Sign it out first: {leave}"),
        )),
        (_, Some(device)) => Err(Failure::usage(
            format!("Lifeboat may be signed in to this account, as the session {device}. Nothing was removed."),
            format!(
                "Run {} first: it takes that session over. Then sign it out: {leave}",
                account.command("check", ["--quick", "--keep-session"])
            ),
        )),
    }
}

/// Says that a folder cannot be removed. What was never there needs no removing.
fn removed(folder: &Path, removed: io::Result<()>) -> Result<(), Failure> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::failed(
            format!("{} cannot be removed: {error}.", folder.display()),
            "Remove it yourself.",
        )),
        _ => Ok(()),
    }
}
