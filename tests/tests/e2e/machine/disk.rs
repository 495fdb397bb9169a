//! Disks that are full, and folders that nobody can write to, root neither.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::proxy::Proxy;

use super::work::{Ground, Work};
use crate::live::end_what_is_left_behind;

/// A folder of the kernel's, in which nothing can be made.
const CLOSED: &str = "/sys";

#[tokio::test]
async fn on_a_full_disk_nothing_is_half_done() -> Result<()> {
    let ground = Ground::lay().await?;
    let url = ground.account.homeserver.base_url.clone();
    for work in Work::ALL {
        let told = || format!("{work:?} on a full disk");
        ground.prepare(work).await?;
        let command = ground.command(work, &url, &ground.output(work), None)?;
        let outcome = command.largest_file(0).run().await.with_context(told)?;
        ensure!(outcome.code()? == 1, "{work:?}: {outcome}");
        outcome.ensure_two_sentences().with_context(told)?;
        ground.nothing_is_there(work)?;
        ground.ends_well(work, outcome).await.with_context(told)?;
        end_what_is_left_behind(&ground.account).await?;
    }
    Ok(())
}

/// The disk gets full at every stage of a reset: before the change it is not begun, after it the journal leads to the end.
#[tokio::test]
async fn a_reset_survives_a_disk_that_gets_full() -> Result<()> {
    let mut changed = 0;
    let mut ground = Ground::lay().await?;
    for bytes in [512, 1 << 11, 1 << 13, 1 << 14, 1 << 16, 1 << 18] {
        let url = ground.account.homeserver.base_url.clone();
        let command = ground.command(Work::Reset, &url, &ground.output(Work::Reset), None)?;
        let outcome = command.largest_file(bytes).run().await?;
        let code = outcome.code()?;
        ensure!([0, 1, 20, 21].contains(&code), "{bytes} bytes: {outcome}");
        if code != 0 {
            outcome
                .ensure_two_sentences()
                .with_context(|| format!("{bytes} bytes"))?;
        }
        if code == 1 {
            continue;
        }
        changed += 1;
        if code != 0 {
            ground.ends_well(Work::Reset, outcome).await?;
        }
        end_what_is_left_behind(&ground.account).await?;
        ground.password_is_changed();
    }
    ensure!(changed > 0, "no reset came as far as the change");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_written_is_said_before_anybody_is_asked() -> Result<()> {
    let ground = Ground::lay().await?;
    let proxy = Proxy::start(&ground.account.homeserver.base_url).await?;
    let closed = Path::new(CLOSED).join("lifeboat-test");
    for work in Work::ALL {
        if work.has_output() {
            let outcome = ground.command(work, &proxy.base_url(), &closed, None)?.run().await?;
            ensure!(outcome.code()? == 1, "{work:?}: {outcome}");
            outcome.ensure_two_sentences()?;
        }
        if work.needs_state() {
            let command = ground.command(work, &proxy.base_url(), &ground.output(work), None)?;
            let outcome = command.env("XDG_STATE_HOME", CLOSED).run().await?;
            ensure!(outcome.code()? == 1, "{work:?}: {outcome}");
            outcome.ensure_two_sentences()?;
        }
        ensure!(proxy.log().is_empty(), "{work:?} asked {:?}", proxy.log());
        ground.nothing_is_there(work)?;
    }
    // A check only remembers what it read, and can do without.
    let command = ground.command(Work::Check, &proxy.base_url(), &ground.output(Work::Check), None)?;
    let outcome = command.env("XDG_STATE_HOME", CLOSED).run().await?;
    ensure!([0, 11].contains(&outcome.code()?), "{outcome}");
    Ok(())
}
