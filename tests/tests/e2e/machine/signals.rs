//! Stopped and killed in the middle: nothing is lost, no half file has its final name, and the next run ends well.

use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join;
use lifeboat_tests::lifeboat::Outcome;
use lifeboat_tests::proxy::{Fault, Proxy};
use lifeboat_tests::wait::until;
use rustix::process::Signal;
use tokio::sync::Notify;

use super::work::{Ground, Work};
use crate::live::{devices, end_what_is_left_behind};

/// Runs it until it is in the middle, and sends it the signal there.
async fn stopped(ground: &Ground, work: Work, signal: Signal, earlier: Option<Outcome>) -> Result<Outcome> {
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
    if work == Work::Reset && signal == Signal::TERM {
        // A change under way is brought to its end first.
        proxy.let_through();
        gate.notify_one();
    }
    running.outcome().await
}

async fn each_command(signal: Signal) -> Result<()> {
    let ground = Ground::lay().await?;
    for work in Work::ALL {
        let told = || format!("{work:?} and {signal:?}");
        ground.prepare(work).await?;
        let before = devices(&ground.account).await?;
        let outcome = stopped(&ground, work, signal, None).await.with_context(told)?;
        match signal {
            Signal::KILL => ensure!(outcome.status.signal() == Some(9), "{work:?}: {outcome}"),
            _ => {
                let code = outcome.code()?;
                let expected: &[i32] = match work {
                    // A change under way is brought to its end first.
                    Work::Reset => &[20, 21],
                    // What was seen until then is judged, and told.
                    Work::Check => &[10],
                    _ => &[130],
                };
                ensure!(expected.contains(&code), "{work:?}: {outcome}");
                // The session of a reset is what it is finished with, that of a verification is to be kept.
                let stays = matches!(work, Work::Reset | Work::Verify);
                let after = devices(&ground.account).await?;
                ensure!(stays || after == before, "{work:?}: {after:?} are left\n{outcome}");
            }
        }
        match outcome.status.code() {
            Some(10) => std::fs::remove_file(ground.output(work))?,
            _ => ground.nothing_is_there(work)?,
        }
        let ended = ground.ends_well(work, outcome).await.with_context(told)?;
        if work == Work::Verify {
            let left = stopped(&ground, Work::Leave, signal, Some(ended)).await;
            let left = left.with_context(|| format!("leave and {signal:?}"))?;
            ground.ends_well(Work::Leave, left).await.with_context(told)?;
        }
        end_what_is_left_behind(&ground.account).await?;
    }
    Ok(())
}

#[tokio::test]
async fn whatever_is_stopped_in_the_middle_ends_well_the_next_time() -> Result<()> {
    try_join(each_command(Signal::TERM), each_command(Signal::KILL)).await?;
    Ok(())
}
