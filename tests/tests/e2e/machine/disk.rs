//! Disks that are full, and folders that nobody can write to, root neither.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    counts,
    lifeboat::{Disk, Lifeboat, Outcome},
    proxy::Proxy,
};

use super::{ground::Ground, work::Work};
use crate::live::end_what_is_left_behind;

/// A folder of the kernel's, in which nothing can be made.
const CLOSED: &str = "/sys";

/// Of what a disk has too little.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scarce {
    /// Of room in one file: the system refuses it as too large.
    File,
    /// Of room for all files together: the system says that no space is left.
    Space,
}

impl Scarce {
    /// A disk that has room for so many bytes, under the home and the folder of the outputs.
    pub(super) fn disk(self, bytes: u64, outputs: &Path) -> Disk {
        match self {
            Self::File => Disk::LargestFile(bytes),
            Self::Space => Disk::Free {
                bytes,
                beside: outputs.to_owned(),
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
    let mut ground = Ground::lay().await?;
    for work in Work::ALL {
        ground.prepare(work).await?;
        let ended = without_room(&ground, work, scarce, None).await?;
        if work == Work::Verify {
            without_room(&ground, Work::Leave, scarce, Some(ended)).await?;
        }
        end_what_is_left_behind(&ground.account).await?;
    }
    ground.password_is_changed();
    let stranded = ground.stranded().await?;
    without_room(&ground, Work::Resume, scarce, Some(stranded)).await?;
    end_what_is_left_behind(&ground.account).await?;
    ground.password_is_changed();
    without_room(&ground, Work::DeskReset, scarce, None).await?;
    Ok(())
}

/// Does it where there is no room at all, and once more, undisturbed; what writes nothing is not disturbed the first time
/// either. Returns what it ended with.
async fn without_room(ground: &Ground, work: Work, scarce: Scarce, earlier: Option<Outcome>) -> Result<Outcome> {
    let told = || format!("{work:?} without {scarce:?}");
    let url = &ground.account.homeserver.base_url;
    let command = ground.command(work, url, &ground.output(work), earlier)?;
    let outcome = command
        .on(scarce.disk(0, ground.outputs()))
        .run()
        .await
        .with_context(told)?;
    // What leaves a session writes little, and may find room for it in what the store has already.
    let found_room = work == Work::Leave && outcome.code()? == 0;
    if !work.writes() || found_room {
        ground.has_ended_well(work, &outcome).await.with_context(told)?;
        return Ok(outcome);
    }
    let expected = match work {
        // It is still to be finished: the password is changed, and nobody is signed in with it.
        Work::Resume => 20,
        _ => 1,
    };
    ensure!(outcome.code()? == expected, "{}: {outcome}", told());
    outcome.ensure_two_sentences().with_context(told)?;
    ground.nothing_is_there(work)?;
    ground.ends_well(work, outcome).await.with_context(told)
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
        let disk = scarce.disk(bytes, ground.outputs());
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
    for work in Work::ALL.into_iter().chain([Work::DeskReset]) {
        if work.has_output() {
            let command = ground.command(work, &proxy.base_url(), &closed, None)?;
            refused(&ground, work, command, &proxy).await?;
        }
        if work.needs_state() {
            without_state(&ground, work, &proxy, None).await?;
        }
    }
    let url = &ground.account.homeserver.base_url;
    let verify = ground.command(Work::Verify, url, &ground.output(Work::Verify), None)?;
    let verified = verify.run().await?;
    ground.has_ended_well(Work::Verify, &verified).await?;
    let left = without_state(&ground, Work::Leave, &proxy, Some(verified)).await?;
    ground.ends_well(Work::Leave, left).await?;
    let stranded = ground.stranded().await?;
    let unfinished = without_state(&ground, Work::Resume, &proxy, Some(stranded)).await?;
    ground.ends_well(Work::Resume, unfinished).await?;
    Ok(())
}

/// Does it where nobody can write into the folder of what is kept between commands.
async fn without_state(ground: &Ground, work: Work, proxy: &Proxy, earlier: Option<Outcome>) -> Result<Outcome> {
    let command = ground.command(work, &proxy.base_url(), &ground.output(work), earlier)?;
    refused(ground, work, command.env("XDG_STATE_HOME", CLOSED), proxy).await
}

/// Runs it, and makes sure that it says what is wrong, asks nobody and leaves nothing.
async fn refused(ground: &Ground, work: Work, command: Lifeboat, proxy: &Proxy) -> Result<Outcome> {
    let outcome = command.run().await?;
    ensure!(outcome.code()? == 1, "{work:?}: {outcome}");
    outcome.ensure_two_sentences()?;
    ensure!(proxy.log().is_empty(), "{work:?} asked {:?}", proxy.log());
    ground.nothing_is_there(work)?;
    Ok(outcome)
}

/// A check remembers what it read, and can do without; the others have nothing to keep there.
#[tokio::test]
async fn whatever_only_looks_needs_no_folder_of_its_own() -> Result<()> {
    let ground = Ground::lay().await?;
    let url = &ground.account.homeserver.base_url;
    for work in Work::ALL.into_iter().filter(|it| !it.needs_state()) {
        ground.prepare(work).await?;
        let mut command = ground.command(work, url, &ground.output(work), None)?;
        for folder in ["XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
            command = command.env(folder, CLOSED);
        }
        let outcome = command.run().await?;
        ground.has_ended_well(work, &outcome).await?;
    }
    Ok(())
}
