//! What everybody on the machine can see of a running program and of what it starts: arguments and environment.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::Result;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use tokio::time::sleep;

const GLANCE: Duration = Duration::from_millis(20);

/// What was to be seen of processes; nothing of those that were over before anybody looked.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<(String, &'static str), Vec<u8>>);

impl Seen {
    /// How many processes showed this.
    pub(super) fn number(&self, kind: &str) -> usize {
        self.0.keys().filter(|(_, it)| *it == kind).count()
    }

    /// All of it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.values().flatten().copied().collect()
    }
}

/// Runs it to its end, and returns what was to be seen meanwhile.
pub(super) async fn watched(command: Lifeboat) -> Result<(Outcome, Seen)> {
    let mut running = command.start()?;
    let mut seen = Seen::default();
    while running.runs()? {
        seen.0.extend(visible(running.id()));
        sleep(GLANCE).await;
    }
    let outcome = running.outcome().await?;
    Ok((outcome, seen))
}

/// The arguments and environments of the processes of one session; every run of the tests begins one of its own.
fn visible(session: u32) -> BTreeMap<(String, &'static str), Vec<u8>> {
    let processes = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let mut seen = BTreeMap::new();
    for process in processes {
        let id = process.file_name().to_string_lossy().into_owned();
        let status = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // The name stands in brackets, and may hold some itself; session is the fourth field behind it.
        let rest = status.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
        if rest.split_whitespace().nth(3) != Some(session.to_string().as_str()) {
            continue;
        }
        for kind in ["cmdline", "environ"] {
            // It may be over, and its environment may be for root alone to read: Lifeboat sees to that itself.
            if let Ok(text) = fs::read(process.path().join(kind)) {
                seen.insert((id.clone(), kind), text);
            }
        }
    }
    seen
}
