//! A reset that is unfinished in a folder that has become read-only: it is said, nothing is changed, and once the folder can be
//! written to again the reset comes to its end.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    lifeboat::{
        Disk, Outcome,
        terminal::{Terminal, TerminalSpec},
    },
    proxy::Proxy,
};

use super::{ground::Ground, work::Work};
use crate::{
    guide::typed,
    live::{devices, end_what_is_left_behind},
};

/// What is kept between commands, below the home.
const STATE: &str = "state";
/// What the system says there: “Read-only file system”. On a screen, a line may end behind the hyphen.
const WORDS: &str = "only file system";

/// The journals of the account alone, below the home.
fn resets(ground: &Ground) -> PathBuf {
    let user = ground.account.user_id.as_str().replace(':', "%3A");
    Path::new(STATE).join("lifeboat").join(user).join("resets")
}

/// Runs it where nobody can write into `folder`, and makes sure that it ends with `code` and two sentences, asks nobody and
/// leaves nothing. Returns what it ended with.
async fn refused(
    ground: &Ground,
    (work, code): (Work, i32),
    folder: &Path,
    proxy: &Proxy,
    earlier: Outcome,
) -> Result<Outcome> {
    let told = || format!("{work:?} in {}", folder.display());
    let command = ground.command(work, &proxy.base_url(), &ground.output(work), Some(earlier))?;
    let outcome = command.on(Disk::ReadOnly(folder.to_owned())).run().await;
    let outcome = outcome.with_context(told)?;
    ensure!(outcome.code()? == code, "{} not with {code}\n{outcome}", told());
    outcome.ensure_two_sentences().with_context(told)?;
    ensure!(outcome.says(WORDS), "{}\n{outcome}", told());
    ensure!(proxy.log().is_empty(), "{} asked {:?}", told(), proxy.log());
    ground.nothing_is_there(work)?;
    Ok(outcome)
}

/// The guide where nobody can write into the state folder, once it has the name of the account.
async fn guide_begun(ground: &Ground, earlier: Outcome) -> Result<Terminal> {
    let terminal = TerminalSpec::new("")
        .env("NO_COLOR", "1")
        .after(earlier)
        .on(Disk::ReadOnly(STATE.into()))
        .start()?;
    let user = ground.account.user_id.as_str();
    terminal.answers("Your user id", &typed(user)).await?;
    Ok(terminal)
}

/// The guide, which needs no more than the name of the account to say it.
async fn guide_refused(ground: &Ground, code: i32, earlier: Outcome) -> Result<Outcome> {
    let terminal = guide_begun(ground, earlier).await?;
    let outcome = terminal.ends(code, &[]).await?;
    for words in ["error:", WORDS, "hint:"] {
        ensure!(outcome.says(words), "no “{words}”\n{outcome}");
    }
    ensure!(!outcome.says("The server’s address"), "it goes on\n{outcome}");
    Ok(outcome)
}

/// The guide where nothing is to be finished: it goes on.
async fn guide_goes_on(ground: &Ground, earlier: Outcome) -> Result<()> {
    let terminal = guide_begun(ground, earlier).await?;
    terminal.asked("The server’s address").await?;
    terminal.goes_away()
}

/// Whoever only looks is not kept from it, and leaves no session.
async fn looks(ground: &Ground, work: Work, earlier: Outcome) -> Result<Outcome> {
    let before = devices(&ground.account).await?;
    let url = &ground.account.homeserver.base_url;
    let command = ground.command(work, url, &ground.output(work), Some(earlier))?;
    let outcome = command.on(Disk::ReadOnly(STATE.into())).run().await?;
    ground.has_ended_well(work, &outcome).await?;
    let after = devices(&ground.account).await?;
    ensure!(after == before, "{work:?} left {after:?}\n{outcome}");
    Ok(outcome)
}

#[tokio::test]
async fn an_unfinished_reset_waits_for_its_folder() -> Result<()> {
    let mut ground = Ground::lay().await?;
    let proxy = Proxy::start(&ground.account.homeserver.base_url).await?;
    let (state, resets) = (Path::new(STATE), resets(&ground));

    // Nothing is changed yet.
    let mut earlier = ground.killed().await?;
    for (folder, work) in [
        (state, Work::Resume),
        (state, Work::Reset),
        (&*resets, Work::Resume),
        (&*resets, Work::Reset),
    ] {
        earlier = refused(&ground, (work, 1), folder, &proxy, earlier).await?;
    }
    earlier = guide_refused(&ground, 1, earlier).await?;
    for work in [Work::Check, Work::TryKey] {
        earlier = looks(&ground, work, earlier).await?;
    }
    ground.ends_well(Work::Resume, earlier).await?;
    end_what_is_left_behind(&ground.account).await?;
    ground.password_is_changed();

    // The password is changed, and nobody is signed in with it: scripts learn it by the status.
    let mut earlier = ground.stranded().await?;
    for (folder, work, code) in [
        (state, Work::Resume, 20),
        (state, Work::Reset, 20),
        (state, Work::DeskReset, 20),
        (&*resets, Work::Resume, 20),
        (&*resets, Work::Reset, 20),
        (&*resets, Work::DeskReset, 20),
        (state, Work::Rescue, 1),
        (state, Work::Repair, 1),
        (state, Work::ArkRestore, 1),
        (state, Work::Verify, 1),
        (state, Work::Leave, 1),
    ] {
        earlier = refused(&ground, (work, code), folder, &proxy, earlier).await?;
    }
    earlier = guide_refused(&ground, 20, earlier).await?;
    earlier = looks(&ground, Work::DeskCheck, earlier).await?;
    let finished = ground.ends_well(Work::Resume, earlier).await?;
    guide_goes_on(&ground, finished).await?;
    end_what_is_left_behind(&ground.account).await
}
