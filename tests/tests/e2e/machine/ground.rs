//! What the commands work on, and what each of them owes.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::{AccountSpec, History, Secret, ServerBackup, TestAccount, Way};
use lifeboat_tests::api::{Api, segment};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::Proxy;
use serde_json::json;
use tempfile::TempDir;

use super::work::Work;
use crate::ark::{ark_of, save};
use crate::reset::{cut_from_the_change_on, is_change};

const SMALL: History = History {
    rooms: 1,
    messages_each: 3,
    messages_per_key: 1,
};

/// The status file of an earlier check.
const BEFORE: &str = "before.json";
/// The list of the accounts that are audited.
const LIST: &str = "accounts.txt";

/// An account for all of them, an ark of it, and an administrator of its server.
pub(super) struct Ground {
    pub(super) account: TestAccount,
    admin: Api,
    /// What lies in its home is read only.
    saved: Outcome,
    outputs: TempDir,
    new_password: String,
}

impl Ground {
    pub(super) async fn lay() -> Result<Self> {
        let account = AccountSpec::healthy(Way::Key).history(SMALL).build().await?;
        let saved = save(&account)?.run().await?;
        ensure!(saved.code()? == 0, "{saved}");
        let admin = account.homeserver.admin().await?;
        std::fs::write(saved.home().join(LIST), account.user_id.as_str())?;
        let outputs = tempfile::tempdir()?;
        let new_password = "New-Password-2".to_owned();
        Ok(Self {
            account,
            admin,
            saved,
            outputs,
            new_password,
        })
    }

    /// The folder of all that a command is asked to write.
    pub(super) fn outputs(&self) -> &Path {
        self.outputs.path()
    }

    /// Where a command writes what it is asked for.
    pub(super) fn output(&self, work: Work) -> PathBuf {
        self.outputs.path().join(work.words().join("-"))
    }

    /// What is there only when the command has done it all.
    fn last_of_it(&self, work: Work) -> PathBuf {
        match work {
            Work::DeskAudit => self.output(work).join("summary.html"),
            _ => self.output(work),
        }
    }

    /// Where an administrator's reset writes the password that it makes.
    fn made_password(&self) -> PathBuf {
        self.output(Work::DeskReset).with_extension("password")
    }

    /// Gives the command something to do.
    pub(super) async fn prepare(&self, work: Work) -> Result<()> {
        let api = self.account.api()?;
        let backup = async || ServerBackup::active(api).await?.context("no backup");
        match work {
            Work::Rescue => {
                let backup = backup().await?;
                let entries = backup.entries().await?;
                let (room, sessions) = entries.first_key_value().context("no entries")?;
                backup.delete(room, sessions.keys().next().context("no entry")?).await
            }
            Work::Repair => {
                let backup = backup().await?;
                let mut auth_data = backup.info["auth_data"].clone();
                auth_data["signatures"] = json!({});
                backup.set_auth_data(&auth_data).await
            }
            Work::ArkRestore => {
                let user = segment(self.account.user_id.as_str());
                let secret = Secret::UserSigning.event_type();
                let path = format!("/_matrix/client/v3/user/{user}/account_data/{secret}");
                api.put(&path, &json!({})).await.map(drop)
            }
            Work::Prove => {
                let before = self.saved.home().join(BEFORE);
                if before.exists() {
                    std::fs::remove_file(&before)?;
                }
                let check = self.command(Work::Check, &self.account.homeserver.base_url, &before, None)?;
                let checked = check.run().await?;
                ensure!([0, 10, 11].contains(&checked.code()?), "{checked}");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A reset that was killed before it changed anything.
    pub(super) async fn killed(&self) -> Result<Outcome> {
        let proxy = Proxy::start(&self.account.homeserver.base_url).await?;
        let reset = self.command(Work::Reset, &proxy.base_url(), &self.output(Work::Reset), None)?;
        let killed = reset.env("LIFEBOAT_TEST_KILL_AT", "4").run().await?;
        ensure!(killed.status.signal() == Some(9), "{killed}");
        ensure!(!proxy.log().iter().any(is_change), "the password is changed already");
        Ok(killed)
    }

    /// A reset that changed the password, and could not sign in after it.
    pub(super) async fn stranded(&self) -> Result<Outcome> {
        let proxy = Proxy::start(&self.account.homeserver.base_url).await?;
        cut_from_the_change_on(&proxy);
        let reset = self.command(Work::Reset, &proxy.base_url(), &self.output(Work::Reset), None)?;
        // It tries for a while.
        let stranded = reset.env("LIFEBOAT_TEST_HURRY", "10").run().await?;
        ensure!(stranded.code()? == 20, "{stranded}");
        Ok(stranded)
    }

    /// The command line, in the home of `earlier` if there is one, where the homeserver is at `url`.
    pub(super) fn command(&self, work: Work, url: &str, output: &Path, earlier: Option<Outcome>) -> Result<Lifeboat> {
        let begun = match earlier {
            Some(earlier) => earlier.then(work.words())?,
            None => Lifeboat::new(work.words())?,
        };
        let account = &self.account;
        let key = account.recovery.text().context("no recovery key")?;
        let command = match work {
            Work::Prove => begun.arg(self.saved.home().join(BEFORE)),
            Work::DeskAudit => begun.arg(&account.homeserver.server_name),
            _ => begun.arg(account.user_id.as_str()),
        };
        let command = command.args(["--homeserver", url]);
        let command = match work {
            Work::ArkSave | Work::ExportKeys => command.arg(output),
            Work::ArkRestore => command.arg(ark_of(&self.saved)).arg("--yes"),
            Work::Check | Work::Rescue => command.arg("--status-file").arg(output),
            Work::Verify => command.arg("--keep-session"),
            Work::TryKey | Work::Prove => command,
            Work::Repair | Work::Reset => command.arg("--yes"),
            Work::Resume => {
                return command
                    .secret("--old-password-file", &account.password)?
                    .secret("--new-password-file", &self.new_password)?
                    .secret("--recovery-key-file", key);
            }
            // It is the only one that the account's other sessions know to be verified.
            Work::Leave => return Ok(command.arg("--force")),
            Work::DeskCheck => return self.at_the_desk(command.args(["--fate", "kept", "--status-file"]).arg(output)),
            Work::DeskAudit => {
                let list = self.saved.home().join(LIST);
                let command = command.args(["--rps", "1000", "--users"]).arg(list);
                return self.at_the_desk(command.arg("--folder").arg(output));
            }
            Work::DeskReset => {
                let command = command.args(["--yes", "--accept-cautions", "--letter"]).arg(output);
                return self.at_the_desk(command.arg("--temporary-password-file").arg(self.made_password()));
            }
        };
        let command = command.secret("--password-file", &account.password)?;
        match work {
            Work::ArkSave => Ok(command),
            Work::ExportKeys => command
                .secret("--recovery-key-file", key)?
                .secret("--passphrase-file", "a passphrase for the key file"),
            Work::Reset => command
                .args(["--route", "old-password"])
                .secret("--recovery-key-file", key)?
                .secret("--new-password-file", &self.new_password),
            _ => command.secret("--recovery-key-file", key),
        }
    }

    fn at_the_desk(&self, command: Lifeboat) -> Result<Lifeboat> {
        command.secret("--admin-token-file", self.admin.token().context("no token")?)
    }

    /// Does the same in the same home, undisturbed, and what is left of a reset: everything is as it would have been.
    pub(super) async fn ends_well(&self, work: Work, earlier: Outcome) -> Result<Outcome> {
        let url = &self.account.homeserver.base_url;
        let mut earlier = earlier;
        if work == Work::Reset {
            let resume = self.command(Work::Resume, url, &self.output(work), Some(earlier))?;
            earlier = resume.run().await?;
        }
        // Of a reset that stopped before its journal had a line there is nothing to resume.
        let ended = match work == Work::Reset && earlier.code()? != 2 {
            true => earlier,
            false => {
                let again = self.command(work, url, &self.output(work), Some(earlier))?;
                again.run().await?
            }
        };
        self.has_ended_well(work, &ended).await?;
        Ok(ended)
    }

    /// Makes sure that it did all that it was to do, and takes away what it wrote.
    pub(super) async fn has_ended_well(&self, work: Work, ended: &Outcome) -> Result<()> {
        ensure!(ended.code()? == work.well(), "{work:?} does not end well\n{ended}");
        let output = self.output(work);
        if work.has_output() {
            let length = self.last_of_it(work).metadata()?.len();
            ensure!(length > 100, "{work:?} wrote nothing\n{ended}");
        }
        match work {
            Work::DeskAudit => std::fs::remove_dir_all(output)?,
            Work::DeskReset => {
                let password = std::fs::read_to_string(self.made_password())?;
                let localpart = self.account.localpart();
                let signed_in = self.account.homeserver.sign_in(localpart, password.trim()).await;
                signed_in.context("the password in the file is another one")?;
                for file in [output.with_extension("html"), self.made_password(), output] {
                    std::fs::remove_file(file)?;
                }
            }
            _ if work.has_output() => std::fs::remove_file(output)?,
            _ => {}
        }
        for left in self.outputs.path().read_dir()? {
            let name = left?.file_name().to_string_lossy().into_owned();
            // Whoever was killed could not tidy up, but nobody takes it for something whole.
            ensure!(
                name.starts_with('.') && name.ends_with(".unfinished"),
                "{work:?} left {name}"
            );
        }
        Ok(())
    }

    /// Notes that a reset has changed the password.
    pub(super) fn password_is_changed(&mut self) {
        let next = format!("{}-", self.new_password);
        self.account.password = std::mem::replace(&mut self.new_password, next);
    }

    /// Makes sure that nothing has the name of something whole.
    pub(super) fn nothing_is_there(&self, work: Work) -> Result<()> {
        ensure!(!self.last_of_it(work).exists(), "{work:?} left half of a file");
        ensure!(
            work != Work::DeskReset || !self.made_password().exists(),
            "{work:?} left half of a password"
        );
        Ok(())
    }
}
