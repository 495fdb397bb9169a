//! What a check of a large account comes to, and what it leaves on the screen.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use serde_json::Value;

use super::LargeAccount;
use crate::{
    large_backup::USER,
    lifeboat::{Lifeboat, Outcome},
};

/// Name of the status file.
const STATUS: &str = "status.json";

/// A check of it that has seen everything.
pub struct Look {
    /// How it ended.
    pub outcome: Outcome,
}

impl LargeAccount {
    /// Checks it with its recovery key; fails when that takes longer than `deadline`, and unless everything was there to
    /// be seen, and was looked at.
    pub async fn check(self: Arc<Self>, deadline: Duration) -> Result<Look> {
        let server = Arc::clone(&self).serve().await?;
        let base_url = server.base_url();
        let arguments = [
            "check",
            USER,
            "--homeserver",
            &base_url,
            "--no-cache",
            "--status-file",
            STATUS,
        ];
        let lifeboat = Lifeboat::new(arguments)?
            .secret("--access-token-file", "token")?
            .secret("--recovery-key-file", &self.recovery_key)?
            .deadline(deadline);
        let look = Look {
            outcome: lifeboat.run().await?,
        };
        look.ensure_all_seen(&self)?;
        Ok(look)
    }
}

impl Look {
    fn ensure_all_seen(&self, account: &LargeAccount) -> Result<()> {
        let (outcome, size) = (&self.outcome, account.size);
        ensure!(outcome.code()? == 10, "{outcome}");
        ensure!(outcome.stdout.contains("would be lost"), "{outcome}");
        let status: Value = serde_json::from_slice(&std::fs::read(outcome.home().join(STATUS))?)?;
        let facts = &status["facts"];
        let proof = &facts["proof"]["known"];
        ensure!(proof["open"] == size.entries && proof["complete"] == true, "{proof:#}");
        let coverage = &facts["coverage"]["known"];
        ensure!(
            coverage["total"] == size.messages()
                && coverage["at_risk"] == size.uncovered()
                && coverage["complete"] == true,
            "{coverage:#}"
        );
        let sessions = facts["sessions"]["known"].as_array().map(Vec::len);
        let keys = facts["storage"]["known"]["keys"].as_object();
        let seen = (sessions, keys.map(serde_json::Map::len));
        let all = (usize::try_from(size.sessions)?, usize::try_from(size.storage_keys)?);
        ensure!(seen == (Some(all.0), Some(all.1)), "sessions and keys: {seen:?}");
        Ok(())
    }

    /// How many lines are on the screen.
    pub fn lines(&self) -> usize {
        self.outcome.stdout.lines().count()
    }

    /// How many letters the longest of them has; 0 of an empty screen. Command lines stay whole, for them to be copied.
    pub fn widest(&self) -> usize {
        let lines = self.outcome.stdout.lines().filter(|it| !it.contains("lifeboat "));
        lines.map(|it| it.chars().count()).max().unwrap_or_default()
    }
}
