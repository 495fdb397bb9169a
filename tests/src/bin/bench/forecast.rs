//! How fast messages are read and judged when the server takes no time.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use tokio::time::sleep;

use crate::{
    extent::Extent,
    history::{History, USER},
    peak::peak_of,
    table::{Bound, Table, mebibytes, per_second, rates},
};

const RUNS: usize = 5;
/// How often the growing peak is looked at.
const GLANCE: Duration = Duration::from_millis(3);

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
        let (outcome, peak) = run(&server.base_url(), events).await?;
        times.push(outcome.took);
        peaks.push(peak);
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

async fn run(base_url: &str, events: u64) -> Result<(Outcome, f64)> {
    let lifeboat = Lifeboat::new(["check", USER, "--homeserver", base_url, "--json"])?;
    let mut running = lifeboat.secret("--access-token-file", "token")?.start()?;
    let (process, mut peak) = (running.id().to_string(), 0.0_f64);
    while running.runs()? {
        // Between the look and this one it may have ended.
        peak = peak.max(peak_of(&process).unwrap_or(0.0));
        sleep(GLANCE).await;
    }
    let outcome = running.outcome().await?;
    let document = outcome.json()?;
    let forecast = &document["forecast"];
    ensure!(
        forecast["events"]["covered"] == events && forecast["complete"] == true,
        "{:#}\n{}",
        forecast["events"],
        outcome.stderr
    );
    Ok((outcome, peak))
}
