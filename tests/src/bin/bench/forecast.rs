//! How fast messages are read and judged when the server takes no time.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use tokio::time::sleep;

use crate::{
    history::{EVENTS, History, SIZE, USER},
    peak::peak_of,
    table::{Table, median, rate},
};

const RUNS: usize = 5;
/// How often the growing peak is looked at.
const GLANCE: Duration = Duration::from_millis(3);

pub(crate) async fn measure() -> Result<Table> {
    let history = Arc::new(History::generate()?);
    let bytes = history.bytes();
    let server = history.serve().await?;
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (outcome, peak) = run(&server.base_url()).await?;
        times.push(outcome.took);
        peaks.push(peak);
    }
    let mut table = Table::new(
        "Forecast",
        format!(
            "`lifeboat check` from the start of the program to its end, against a server in another process of the same \
             machine that answers at once from memory: {EVENTS} lawful messages ({:.0} bytes each) in {} rooms, {} room \
             keys. Medians of {RUNS} runs, each without memory of the one before.",
            bytes as f64 / EVENTS as f64,
            SIZE.rooms,
            SIZE.entries,
        ),
    );
    table.row("messages", rate(EVENTS, median(times)), "at least 100 000 /s");
    table.row(
        "peak memory of the program",
        format!("{:.1} MiB", median(peaks)),
        "at most 150 MiB",
    );
    Ok(table)
}

async fn run(base_url: &str) -> Result<(Outcome, f64)> {
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
        forecast["events"]["covered"] == EVENTS && forecast["complete"] == true,
        "{:#}\n{}",
        forecast["events"],
        outcome.stderr
    );
    Ok((outcome, peak))
}
