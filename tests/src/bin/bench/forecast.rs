//! How fast messages are read and judged when the server takes no time.

use std::sync::Arc;

use anyhow::{Result, ensure};
use lifeboat_tests::{
    large_backup::USER,
    lifeboat::{Lifeboat, Outcome},
    peak::in_mebibytes,
};

use crate::{
    extent::Extent,
    history::History,
    table::{Bound, Table, mebibytes, per_second, rates},
};

const RUNS: usize = 5;

pub(crate) async fn measure(extent: Extent) -> Result<Table> {
    let history = Arc::new(History::generate(extent)?);
    let (events, rounds) = (history.events(), extent.rounds(RUNS));
    let mut table = Table::new(
        "Forecast",
        extent,
        format!(
            "`lifeboat check` from the start of the program to its end, against a server in another process of the same \
             machine that answers at once from memory: {events} lawful messages ({:.0} bytes each) in {} rooms, {} room \
             keys. {rounds} runs, each without memory of the one before.",
            history.bytes() as f64 / events as f64,
            history.room_count(),
            history.keys(),
        ),
    );
    let server = history.serve().await?;
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let outcome = run(&server.base_url(), events).await?;
        times.push(outcome.took);
        peaks.push(in_mebibytes(outcome.memory.all));
    }
    table.promise(
        "messages",
        &rates(events, &times),
        per_second,
        Bound::AtLeast(100_000.0),
    )?;
    table.promise("peak memory of the program", &peaks, mebibytes, Bound::AtMost(150.0))?;
    Ok(table)
}

async fn run(base_url: &str, events: u64) -> Result<Outcome> {
    let lifeboat = Lifeboat::new(["check", USER, "--homeserver", base_url, "--json"])?;
    let outcome = lifeboat.secret("--access-token-file", "token")?.run().await?;
    let document = outcome.json()?;
    let forecast = &document["forecast"];
    ensure!(
        forecast["events"]["covered"] == events && forecast["complete"] == true,
        "{:#}\n{}",
        forecast["events"],
        outcome.stderr
    );
    Ok(outcome)
}
