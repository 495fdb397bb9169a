//! The rescue: what only sessions hold reaches the backup or is said to be missing, and nothing else changes.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::{AccountSpec, ServerBackup, TestAccount, Way};
use lifeboat_tests::lifeboat::Outcome;
use lifeboat_tests::proxy::Exchange;
use lifeboat_tests::snapshot::{Snapshot, snapshot_of};
use matrix_sdk::reqwest::Method;
use matrix_sdk::ruma::OwnedRoomId;

use super::{Kind, Pace, SMALL, matrix};
use crate::rescue::command::lifeboat_at;
use matrix::{Patient, is_a_look};

/// How long sessions are waited for that do not answer, in seconds.
const WAIT: &str = "2";
/// Every wait that a fault causes, one after the other.
const DEADLINE: Duration = Duration::from_secs(120);

struct Rescue {
    account: TestAccount,
    before: Snapshot,
    backup: ServerBackup,
    /// The entry that is taken away before each run.
    entry: (OwnedRoomId, String),
    entries: usize,
}

impl Rescue {
    async fn is_there(&self) -> Result<bool> {
        let entries = self.backup.entries().await?;
        let (room, session_id) = &self.entry;
        Ok(entries.get(room).is_some_and(|it| it.contains_key(session_id)))
    }
}

impl Patient for Rescue {
    const NAME: &'static str = "rescue";
    const ACCOUNTS: usize = 4;
    const LOOKS_AS_THE_CHECK: bool = true;

    async fn admit() -> Result<Self> {
        let account = AccountSpec::healthy(Way::Key).history(SMALL).build().await?;
        let before = snapshot_of(&account).await?;
        let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
        let entries = backup.entries().await?;
        let (room, sessions) = entries.first_key_value().context("no entries")?;
        let entry = (room.clone(), sessions.keys().next().context("no entry")?.clone());
        Ok(Self {
            account,
            before,
            entry,
            entries: entries.values().map(|it| it.len()).sum(),
            backup,
        })
    }

    fn account(&self) -> &TestAccount {
        &self.account
    }

    async fn run(&self, url: &str, pace: Pace) -> Result<Outcome> {
        if self.is_there().await? {
            self.backup.delete(&self.entry.0, &self.entry.1).await?;
        }
        let command = lifeboat_at(url, &self.account, "rescue")?.args(["--no-ark", "--wait", WAIT]);
        pace.given_to(command).deadline(pace.deadline(DEADLINE)).run().await
    }

    async fn judge(&self, outcome: Outcome) -> Result<i32> {
        let code = outcome.code()?;
        ensure!([0, 1, 10].contains(&code), "status {code}");
        let there = self.is_there().await?;
        if code == 1 {
            ensure!(!there, "nothing was changed, but the key is in the backup");
            return Ok(code);
        }
        let document = outcome.json()?;
        if document["error"].is_string() {
            // Blocked because it failed once a room key may have been added.
            outcome.ensure_two_sentences()?;
            let told = document["error"].as_str().is_some_and(|it| it.contains("1 room key"));
            ensure!(code == 10 && told, "{document:#}");
        } else {
            ensure!(document["clear"] == (code == 0), "{document:#}");
        }
        if code == 0 {
            ensure!(there, "clear, but the key is not in the backup");
        }
        Ok(code)
    }

    async fn discharge(self) -> Result<()> {
        let outcome = self.run(&self.account.homeserver.base_url, Pace::Unhurried).await?;
        ensure!(outcome.code()? == 0, "what follows is not clear\n{outcome}");
        let entries = self.backup.entries().await?;
        let entries: usize = entries.values().map(|it| it.len()).sum();
        ensure!(entries == self.entries, "{entries} entries, not {}", self.entries);
        let mut differences = self.before.differences(&snapshot_of(&self.account).await?);
        // Its `etag` counts changes.
        differences.retain(|it| !it.starts_with("backup: "));
        ensure!(differences.is_empty(), "{differences:#?}");
        Ok(())
    }

    /// The session has keys from then on.
    fn turns(part: usize, it: &Exchange) -> bool {
        part == 0 && it.is(&Method::POST, "/keys/upload")
    }
}

#[tokio::test]
async fn no_fault_makes_a_rescue_say_that_something_is_safe_which_is_not() -> Result<()> {
    matrix::matrix::<Rescue>(&Kind::ALL, is_a_look).await
}

/// The session is not signed, and it ends as it does where everybody waits a tenth of it.
pub(super) async fn true_silence() -> Result<()> {
    matrix::true_silence::<Rescue>(1, "POST /_matrix/client/v3/keys/signatures/upload", 1).await
}
