//! Disks that are full, and folders that nobody can write to, root neither.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{counts, lifeboat::Disk, proxy::Proxy};

use super::work::{Ground, Work};
use crate::live::end_what_is_left_behind;

/// A folder of the kernel's, in which nothing can be made.
const CLOSED: &str = "/sys";

/// Of what a disk has too little.
#[derive(Clone, Copy, Debug)]
enum Scarce {
    /// Of room in one file: the system refuses it as too large.
    File,
    /// Of room for all files together: the system says that no space is left.
    Space,
}

impl Scarce {
    /// A disk that has room for so many bytes, under the home and the outputs.
    fn disk(self, bytes: u64, ground: &Ground) -> Disk {
        match self {
            Self::File => Disk::LargestFile(bytes),
            Self::Space => Disk::Free {
                bytes,
                beside: ground.outputs().to_owned(),
            },
        }
    }

    /// Sizes with which the disk gets full at one stage of a reset after the other. Space counts in pages, and the store of a
    /// session takes several files.
    fn stages(self) -> [u64; 6] {
        match self {
            Self::File => [512, 1 << 11, 1 << 13, 1 << 14, 1 << 16, 1 << 18],
            Self::Space => [1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22],
        }
    }
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_half_done() -> Result<()> {
    nothing_is_half_done_without(Scarce::Space).await
}

#[tokio::test]
async fn where_no_file_can_grow_nothing_is_half_done() -> Result<()> {
    nothing_is_half_done_without(Scarce::File).await
}

async fn nothing_is_half_done_without(scarce: Scarce) -> Result<()> {
    let ground = Ground::lay().await?;
    let url = ground.account.homeserver.base_url.clone();
    for work in Work::ALL {
        let told = || format!("{work:?} without {scarce:?}");
        ground.prepare(work).await?;
        let command = ground.command(work, &url, &ground.output(work), None)?;
        let disk = scarce.disk(0, &ground);
        let outcome = command.on(disk).run().await.with_context(told)?;
        ensure!(outcome.code()? == 1, "{}: {outcome}", told());
        outcome.ensure_two_sentences().with_context(told)?;
        ground.nothing_is_there(work)?;
        ground.ends_well(work, outcome).await.with_context(told)?;
        end_what_is_left_behind(&ground.account).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_reset_survives_a_disk_that_gets_full() -> Result<()> {
    a_reset_survives(Scarce::Space).await
}

#[tokio::test]
async fn a_reset_survives_a_file_that_cannot_grow() -> Result<()> {
    a_reset_survives(Scarce::File).await
}

/// The disk gets full at every stage of a reset: before the change it is not begun, after it the journal leads to the end.
async fn a_reset_survives(scarce: Scarce) -> Result<()> {
    let mut codes = Vec::new();
    let mut ground = Ground::lay().await?;
    for bytes in scarce.stages() {
        let told = || format!("{scarce:?} of {bytes} bytes");
        let url = ground.account.homeserver.base_url.clone();
        let command = ground.command(Work::Reset, &url, &ground.output(Work::Reset), None)?;
        let disk = scarce.disk(bytes, &ground);
        let outcome = command.on(disk).run().await.with_context(told)?;
        let code = outcome.code()?;
        ensure!([0, 1, 20, 21].contains(&code), "{}: {outcome}", told());
        codes.push(code);
        if code != 0 {
            outcome.ensure_two_sentences().with_context(told)?;
        }
        if code == 1 {
            continue;
        }
        if code != 0 {
            ground.ends_well(Work::Reset, outcome).await.with_context(told)?;
        }
        end_what_is_left_behind(&ground.account).await?;
        ground.password_is_changed();
    }
    counts::tell(format_args!(
        "resets with ever more {scarce:?} on the disk ended with {codes:?}"
    ))?;
    ensure!(codes.contains(&1), "each reset came as far as the change: {codes:?}");
    let stopped = codes.iter().any(|it| [20, 21].contains(it));
    ensure!(stopped, "no reset was stopped after the change: {codes:?}");
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
