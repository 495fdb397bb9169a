//! Killed at every write of the journal, on every route that changes something by itself and with both fates, and
//! taken up again: the end is that of an undisturbed reset.

use std::os::unix::process::ExitStatusExt as _;

use anyhow::{Context, Result, bail, ensure};
use lifeboat_tests::{account::TestAccount, session::Session};

use super::{ensure_proven, healthy, resume, ways::confirm, who, with_secrets};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};

#[tokio::test]
async fn old_password_and_sessions_kept() -> Result<()> {
    every_moment("old-password", "kept").await
}

#[tokio::test]
async fn old_password_and_sessions_ended() -> Result<()> {
    every_moment("old-password", "ended").await
}

#[tokio::test]
async fn email_and_sessions_kept() -> Result<()> {
    every_moment("email", "kept").await
}

#[tokio::test]
async fn email_and_sessions_ended() -> Result<()> {
    every_moment("email", "ended").await
}

/// A journal of more lines than this has grown without this test being told.
const MOST_MOMENTS: u32 = 60;

/// Kills at the first moment, the second, and so on, until a reset comes to its end undisturbed.
#[expect(
    clippy::print_stdout,
    reason = "the count of the matrix belongs into the log of the tests"
)]
async fn every_moment(route: &str, fate: &str) -> Result<()> {
    let account = healthy().await?;
    let mut matrix = Matrix {
        address: account.email.clone().context("an address")?,
        account,
        route: route.to_owned(),
        fate: fate.to_owned(),
        mails: 0,
    };
    let mut old = matrix.account.password.clone();
    for moment in 0..MOST_MOMENTS {
        let new = format!("New-Password-{moment}");
        if matrix.killed_and_resumed(moment, &old, &new).await? {
            println!("{route}, sessions {fate}: killed at {moment} moments");
            ensure!(moment >= 20, "there are more moments than {moment}");
            return Ok(());
        }
        old = new;
    }
    bail!("the journal has no end")
}

struct Matrix {
    account: TestAccount,
    address: String,
    route: String,
    fate: String,
    /// How many mails have come so far.
    mails: usize,
}

impl Matrix {
    /// Tells whether the reset ended before that moment came.
    async fn killed_and_resumed(&mut self, moment: u32, old: &str, new: &str) -> Result<bool> {
        let account = &self.account;
        let command = Lifeboat::new(who("reset", account))?
            .args([
                "--yes",
                "--accept-cautions",
                "--route",
                &self.route,
                "--email",
                &self.address,
            ])
            .env("LIFEBOAT_TEST_KILL_AT", moment.to_string());
        let command = if self.fate == "ended" {
            command.arg("--end-sessions")
        } else {
            command
        };
        let killed = self.run(with_secrets(command, account, old, new)?).await?;
        if killed.status.signal().is_none() {
            ensure!(killed.code()? == 0, "moment {moment}: {killed}");
            ensure_proven(&killed.json()?)?;
            return Ok(true);
        }
        let account = &self.account;
        let resumed = self
            .run(resume(killed, account, old, new)?.arg("--email").arg(&self.address))
            .await?;
        let resumed = match resumed.code()? {
            0 => resumed,
            // Killed before the first line was written: there is nothing to resume, and nothing was changed.
            2 => {
                ensure!(moment <= 1, "moment {moment}: {resumed}");
                let again = resumed.then(who("reset", &self.account))?.args([
                    "--yes",
                    "--accept-cautions",
                    "--route",
                    &self.route,
                    "--email",
                    &self.address,
                ]);
                let again = if self.fate == "ended" {
                    again.arg("--end-sessions")
                } else {
                    again
                };
                let again = self.run(with_secrets(again, &self.account, old, new)?).await?;
                ensure!(again.code()? == 0, "moment {moment}: {again}");
                again
            }
            _ => bail!("moment {moment}: {resumed}"),
        };
        if !resumed.stdout.is_empty() {
            let document = resumed.json()?;
            ensure_proven(&document).with_context(|| format!("moment {moment}: {resumed}"))?;
        }
        self.ensure_the_end(moment, new, resumed).await?;
        Ok(false)
    }

    async fn run(&mut self, command: Lifeboat) -> Result<Outcome> {
        let mailbox = self.account.homeserver.mailbox();
        let mut running = command.start()?;
        if self.route == "email" {
            // Whenever another mail comes, its link is confirmed; a killed run may never ask for one.
            while running.runs()? {
                if mailbox.messages_to(&self.address)?.len() > self.mails {
                    self.mails += 1;
                    confirm(&mailbox, &self.address, self.mails).await?;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
        running.outcome().await
    }

    /// The new password is the only one, and no session is left but those that are meant to be.
    async fn ensure_the_end(&self, moment: u32, new: &str, resumed: Outcome) -> Result<()> {
        let account = &self.account;
        let localpart = account.user_id.localpart();
        let later = Session::log_in(&account.homeserver.base_url, localpart, new, "Later").await?;
        let listed = later.api().get("/_matrix/client/v3/devices").await?;
        let names: Vec<_> = listed["devices"]
            .as_array()
            .context("devices")?
            .iter()
            .map(|it| it["display_name"].as_str().unwrap_or("nameless").to_owned())
            .collect();
        let own = names.iter().filter(|it| it.starts_with("Lifeboat")).count();
        let meant = usize::from(self.fate == "ended");
        ensure!(own == meant, "moment {moment}: {names:?}\n{resumed}");
        if self.fate == "kept" {
            ensure!(
                account.sessions.iter().all(Session::runs),
                "moment {moment}: a session was signed out"
            );
        }
        if self.fate == "ended" {
            let leave = [
                "leave",
                account.user_id.as_str(),
                "--homeserver",
                &account.homeserver.base_url,
                "--force",
            ];
            let left = resumed.then(leave)?.run().await?;
            ensure!(left.code()? == 0, "moment {moment}: {left}");
        }
        later.sign_out().await
    }
}
