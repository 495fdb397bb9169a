//! Stopped and killed in the middle: nothing is lost, no half file has its final name, and the next run ends well.

use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::{Exchange, Fault, Proxy};
use lifeboat_tests::wait::until;
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use tokio::sync::Notify;

use super::{ground::Ground, work::Work};
use crate::live::{devices, end_what_is_left_behind};
use crate::reset::healthy;

/// Runs it until it is in the middle, and sends it the signal there.
pub(super) async fn stopped(ground: &Ground, work: Work, signal: Signal, earlier: Option<Outcome>) -> Result<Outcome> {
    let proxy = Proxy::start(&ground.account.homeserver.base_url).await?;
    let gate = Arc::new(Notify::new());
    let hold = Arc::clone(&gate);
    proxy.intercept(move |it| work.is_in_the_middle(it).then(|| Fault::Held(Arc::clone(&hold))));
    let running = ground
        .command(work, &proxy.base_url(), &ground.output(work), earlier)?
        .start()?;
    let in_the_middle = async || Ok(proxy.log().iter().any(|it| work.is_in_the_middle(it)).then_some(()));
    until("the middle of the work", in_the_middle).await?;
    running.signal(signal)?;
    if matches!(work, Work::Reset | Work::Resume) && signal == Signal::TERM {
        // A change under way is brought to its end first.
        proxy.let_through();
        gate.notify_one();
    }
    running.outcome().await
}

/// Stops it in the middle of its work, and does it once more, undisturbed. Returns what it ended with.
async fn stopped_and_done(ground: &Ground, work: Work, signal: Signal, earlier: Option<Outcome>) -> Result<Outcome> {
    let before = devices(&ground.account).await?;
    let outcome = stopped(ground, work, signal, earlier).await?;
    match signal {
        Signal::KILL => ensure!(outcome.status.signal() == Some(9), "{outcome}"),
        _ => {
            let code = outcome.code()?;
            let expected: &[i32] = match work {
                // A change under way is brought to its end first.
                Work::Reset | Work::Resume => &[20, 21],
                // What was seen until then is judged, and told.
                Work::Check => &[10],
                // What was read until then is compared, and proves nothing.
                Work::Prove => &[21],
                _ => &[130],
            };
            ensure!(expected.contains(&code), "{outcome}");
            // The session of a reset is what it is finished with, that of a verification is to be kept.
            let stays = matches!(work, Work::Reset | Work::Resume | Work::Verify);
            let after = devices(&ground.account).await?;
            ensure!(stays || after == before, "{after:?} are left\n{outcome}");
        }
    }
    match outcome.status.code() {
        Some(10) => std::fs::remove_file(ground.output(work))?,
        _ => ground.nothing_is_there(work)?,
    }
    ground.ends_well(work, outcome).await
}

async fn each_command(signal: Signal) -> Result<()> {
    let mut ground = Ground::lay().await?;
    for work in Work::ALL {
        let told = || format!("{work:?} and {signal:?}");
        ground.prepare(work).await?;
        let ended = stopped_and_done(&ground, work, signal, None).await.with_context(told)?;
        if work == Work::Verify {
            let left = stopped(&ground, Work::Leave, signal, Some(ended)).await;
            let left = left.with_context(|| format!("leave and {signal:?}"))?;
            ground.ends_well(Work::Leave, left).await.with_context(told)?;
        }
        end_what_is_left_behind(&ground.account).await?;
    }
    ground.password_is_changed();
    let killed = stopped(&ground, Work::Reset, Signal::KILL, None).await?;
    let resumed = stopped_and_done(&ground, Work::Resume, signal, Some(killed)).await;
    resumed.with_context(|| format!("resume and {signal:?}"))?;
    end_what_is_left_behind(&ground.account).await
}

/// An administrator's reset in the middle of its change: the password that was written down first is the one that is true.
async fn for_somebody(signal: Signal) -> Result<()> {
    let account = healthy().await?;
    let (user, url) = (account.user_id.as_str(), account.homeserver.base_url.as_str());
    let admin = account.homeserver.admin().await?;
    let token = admin.token().context("no token")?;
    let proxy = Proxy::start(url).await?;
    let gate = Arc::new(Notify::new());
    let hold = Arc::clone(&gate);
    let is_change = |it: &Exchange| it.method == Method::POST && it.path.contains("/reset_password/");
    proxy.intercept(move |it| is_change(it).then(|| Fault::Held(Arc::clone(&hold))));
    let running = Lifeboat::new(["desk", "reset", user, "--homeserver", &proxy.base_url()])?
        .args(["--temporary-password-file", "mira.txt", "--letter", "letter.txt"])
        .args(["--yes", "--accept-cautions"])
        .secret("--admin-token-file", token)?
        .start()?;
    let in_the_middle = async || Ok(proxy.log().iter().any(is_change).then_some(()));
    until("the middle of the change", in_the_middle).await?;
    running.signal(signal)?;
    let (before, letter) = (devices(&account).await?, running.home().join("letter.txt"));
    let outcome = match signal {
        Signal::KILL => {
            let killed = running.outcome().await?;
            ensure!(killed.status.signal() == Some(9), "{killed}");
            ensure!(!letter.exists(), "half of a letter is left");
            let resume = killed.then(["resume", user, "--homeserver", url])?;
            let resume = resume.args(["--new-password-file", "mira.txt", "--letter", "letter.txt"]);
            resume.secret("--admin-token-file", token)?.run().await?
        }
        // Nothing is left to do after the change but the letter.
        _ => {
            proxy.let_through();
            gate.notify_one();
            running.outcome().await?
        }
    };
    ensure!(outcome.code()? == 0, "{signal:?}: {outcome}");
    ensure!(letter.metadata()?.len() > 100, "{signal:?}: no letter\n{outcome}");
    let after = devices(&account).await?;
    ensure!(after == before, "{signal:?}: {after:?} are left\n{outcome}");
    let password = std::fs::read_to_string(outcome.home().join("mira.txt"))?;
    let signed_in = account.homeserver.sign_in(account.localpart(), password.trim()).await;
    signed_in
        .with_context(|| format!("{signal:?}: the password is another one"))
        .map(drop)
}

#[tokio::test]
async fn whatever_is_stopped_in_the_middle_ends_well_the_next_time() -> Result<()> {
    try_join(each_command(Signal::TERM), each_command(Signal::KILL)).await?;
    Ok(())
}

#[tokio::test]
async fn a_reset_for_somebody_is_not_half_done_either() -> Result<()> {
    try_join(for_somebody(Signal::TERM), for_somebody(Signal::KILL)).await?;
    Ok(())
}
