//! The new password, and the proof that nothing is lost.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};
use lifeboat_tests::{
    proxy::{Fault, Reply},
    session::Session,
};
use matrix_sdk::reqwest::Method;

use super::Story;

impl Story {
    /// The new sign-in is put off by the server's limits; then the reset is finished.
    pub(super) async fn reset(&mut self) -> Result<()> {
        let files = "--password-file password.txt --new-password-file new.txt --recovery-key-file key.txt";
        let line = format!("reset @mira {files} --route old-password --stay --dry-run");
        self.runs("reset-plan", &line, 0).await?;
        let changed = AtomicBool::new(false);
        self.proxy.intercept(move |it| {
            changed.fetch_or(it.is(&Method::POST, "/account/password"), Ordering::SeqCst);
            let limited = Reply::error(429, "M_LIMIT_EXCEEDED", "Too Many Requests").header("Retry-After", "3600");
            let again = changed.load(Ordering::SeqCst) && it.is(&Method::POST, "/v3/login");
            again.then_some(Fault::Answer(limited))
        });
        let line = format!("reset @mira {files} --route old-password --stay --yes");
        self.runs("reset-cut", &line, 20).await?;
        self.proxy.let_through();
        let files = "--old-password-file password.txt --new-password-file new.txt --recovery-key-file key.txt";
        self.runs("resume", &format!("resume @mira {files}"), 0).await
    }

    pub(super) async fn prove_and_leave(&mut self) -> Result<()> {
        ensure!(
            self.account.sessions.iter().all(Session::runs),
            "a session was signed out"
        );
        self.runs("forget-refused", "util forget @mira", 2).await?;
        self.runs("leave", "leave @mira", 0).await?;
        let with_key = "--password-file new.txt --recovery-key-file key.txt";
        self.runs("prove", &format!("prove before.json {with_key}"), 0).await?;
        let line = format!("check @mira {with_key} --status-file after.json");
        self.runs("check-after", &line, 0).await?;
        self.runs("compare", "report before.json after.json", 0).await
    }
}
