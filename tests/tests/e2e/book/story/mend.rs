//! What is wrong, and how it is mended.

use anyhow::{Context, Result};

use super::Story;

impl Story {
    pub(super) async fn look(&mut self) -> Result<()> {
        let with_key = "--password-file password.txt --recovery-key-file key.txt";
        let line = format!("check @mira {with_key} --status-file before.json --html before.html --with-names");
        self.runs_in_colour("check", &line, "before.html", 10).await?;
        self.runs("try-key", &format!("try-key @mira {with_key}"), 0).await?;
        let line = "report before.json --html mira.html";
        self.runs("report-page", line, 0).await
    }

    pub(super) async fn save_and_mend(&mut self, unknown: &str) -> Result<()> {
        let with_key = "--password-file password.txt --recovery-key-file key.txt";
        let line = "ark save @mira mira.ark --password-file password.txt";
        self.runs("ark-save", line, 0).await?;
        let line = "ark verify mira.ark --recovery-key-file key.txt";
        self.runs("ark-verify", line, 0).await?;
        self.runs("ark-show", "ark show mira.ark", 0).await?;
        // Of two that have the keys, nobody knows which one answers first: the phone is switched off for a while.
        self.account.sessions.get(1).context("a phone")?.stop();
        let line = format!("rescue @mira {with_key} --ark before-rescue.ark");
        self.runs("rescue", &line, 0).await?;
        self.account.sessions.get(1).context("a phone")?.start();
        let line = format!("repair @mira {with_key} --sign-session {unknown} --ark before-repair.ark --yes");
        self.runs("repair", &line, 0).await?;
        let line = format!("export-keys @mira keys.txt {with_key} --passphrase-file passphrase.txt");
        self.runs("export-keys", &line, 0).await?;
        let line = format!("verify @mira {with_key}");
        self.runs("verify", &line, 0).await
    }
}
