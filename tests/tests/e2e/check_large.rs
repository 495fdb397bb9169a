//! A check of an account that is large in every respect needs little memory, and its screen can still be read.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use lifeboat_tests::{
    counts,
    large_account::{AccountSize, LargeAccount},
};

/// As many as a build without optimisation opens in half a minute. `cargo xtask bench load` takes the million that is promised.
const ENTRIES: u64 = 30_000;
/// On a machine that does other things too.
const DEADLINE: Duration = Duration::from_secs(300);
/// In KiB. What is promised for the million is 250 MiB, of which its table of entries alone takes 42.
const MOST_MEMORY: u64 = 200 * 1024;
/// What a person still scrolls through.
const MOST_LINES: usize = 150;
/// As wide as terminals are, and what is written where there is none.
const COLUMNS: usize = 80;

#[tokio::test]
async fn a_thousand_rooms_and_two_hundred_sessions_stay_readable() -> Result<()> {
    let size = AccountSize {
        entries: ENTRIES,
        ..AccountSize::PROMISED
    };
    let look = Arc::new(LargeAccount::generate(size)?).check(DEADLINE).await?;
    let (outcome, lines, widest) = (&look.outcome, look.lines(), look.widest());
    let peak = outcome.memory.all;
    counts::tell(format_args!(
        "a check of {} rooms, {} sessions, {ENTRIES} entries and {} storage keys took {:?} and {} MiB, and wrote {lines} \
         lines of up to {widest} letters",
        size.rooms,
        size.sessions,
        size.storage_keys,
        outcome.took,
        peak / 1024
    ))?;
    ensure!(peak > 0 && peak <= MOST_MEMORY, "{peak} KiB");
    ensure!(lines > 0 && lines <= MOST_LINES, "{lines} lines\n{outcome}");
    ensure!(widest > 0 && widest <= COLUMNS, "{widest} letters\n{outcome}");
    Ok(())
}
