//! How much memory an audit of a large server takes.

use std::time::Duration;

use anyhow::{Result, ensure};
use lifeboat_tests::{
    large_server::LargeServer,
    lifeboat::Lifeboat,
    peak::in_mebibytes,
    proxy::{Fault, Proxy},
};
use tokio::time::sleep;

use crate::{
    extent::Extent,
    table::{Bound, Table, mebibytes, of_all},
};

const ACCOUNTS: u64 = 10_000;
/// Every one of so many has sessions with keys.
const EVERY: usize = 5;
const RUNS: usize = 3;
/// How often the growing peak is looked at.
const GLANCE: Duration = Duration::from_millis(3);

pub(crate) async fn measure(extent: Extent) -> Result<Table> {
    let (accounts, rounds) = (extent.of(ACCOUNTS), extent.rounds(RUNS));
    let server = LargeServer {
        accounts: usize::try_from(accounts)?,
        every: EVERY,
    };
    let mut table = Table::new(
        "Audit",
        extent,
        format!(
            "`lifeboat desk audit` from the start of the program to its end, at a server of {accounts} accounts that \
             answers from memory, {} of them with three sessions that have keys; at most 1000 requests in a second. \
             {rounds} runs.",
            server.with_keys()
        ),
    );
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (took, peak) = run(server).await?;
        times.push(took);
        peaks.push(peak);
    }
    table.row("accounts", of_all(accounts, &times));
    table.promise("peak memory of the program", &peaks, mebibytes, Bound::AtMost(32.0))?;
    Ok(table)
}

async fn run(server: LargeServer) -> Result<(Duration, f64)> {
    let proxy = Proxy::start("http://127.0.0.1:9").await?;
    proxy.intercept(move |it| Some(Fault::Answer(server.answer(&it.path, &it.query, &it.request_body))));
    let audit = Lifeboat::new(["desk", "audit", "example.org", "--homeserver", &proxy.base_url()])?;
    let audit = audit.args(["--rps", "1000", "--folder", "audit", "--json"]);
    let mut running = audit.secret("--admin-token-file", "a token")?.start()?;
    let mut peak = 0;
    while running.runs()? {
        // Between the look and this one it may have ended.
        peak = running.memory().unwrap_or_default().all.max(peak);
        proxy.clear();
        sleep(GLANCE).await;
    }
    let outcome = running.outcome().await?;
    let summary = outcome.json()?;
    ensure!(
        summary["accounts"] == server.accounts && summary["lights"]["red"] == server.with_keys(),
        "{summary:#}\n{}",
        outcome.stderr
    );
    Ok((outcome.took, in_mebibytes(peak)))
}
