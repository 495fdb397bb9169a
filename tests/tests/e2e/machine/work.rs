//! The table of commands that write something, and what each of them owes.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::{AccountSpec, History, Secret, ServerBackup, TestAccount, Way};
use lifeboat_tests::api::segment;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::Exchange;
use matrix_sdk::reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::ark::{ark_of, save};

const SMALL: History = History {
    rooms: 1,
    messages_each: 3,
    messages_per_key: 1,
};

/// A command that writes something, on this machine or to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Check,
    ArkSave,
    ArkRestore,
    ExportKeys,
    Rescue,
    Repair,
    Verify,
    Reset,
    Resume,
    Leave,
}

impl Work {
    /// In an order in which each leaves an account for the next; [`Self::Leave`] belongs to the session of a verification,
    /// [`Self::Resume`] to a reset that was stopped, and after a reset the password is another.
    pub(super) const ALL: [Self; 8] = [
        Self::Check,
        Self::ArkSave,
        Self::ExportKeys,
        Self::Rescue,
        Self::Repair,
        Self::ArkRestore,
        Self::Verify,
        Self::Reset,
    ];

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Check => &["check"],
            Self::ArkSave => &["ark", "save"],
            Self::ArkRestore => &["ark", "restore"],
            Self::ExportKeys => &["export-keys"],
            Self::Rescue => &["rescue"],
            Self::Repair => &["repair"],
            Self::Verify => &["verify"],
            Self::Reset => &["reset"],
            Self::Resume => &["resume"],
            Self::Leave => &["leave"],
        }
    }

    /// The request in the middle of what it does.
    pub(super) fn is_in_the_middle(self, it: &Exchange) -> bool {
        match self {
            Self::Check => it.is(&Method::GET, "/messages"),
            Self::ArkSave => it.is(&Method::GET, "/room_keys/keys"),
            Self::ExportKeys => it.method == Method::GET && it.path.contains("/room_keys/keys"),
            Self::Repair => it.method == Method::PUT && it.path.contains("/room_keys/version/"),
            Self::ArkRestore => it.method == Method::PUT && it.path.contains("/account_data/"),
            Self::Rescue | Self::Verify | Self::Resume => it.is(&Method::POST, "/keys/signatures/upload"),
            Self::Reset => it.is(&Method::POST, "/account/password"),
            Self::Leave => it.is(&Method::POST, "/logout"),
        }
    }

    /// Tells whether it writes a file that is named by whoever calls it.
    pub(super) fn has_output(self) -> bool {
        matches!(self, Self::Check | Self::ArkSave | Self::ExportKeys | Self::Rescue)
    }

    /// Tells whether it keeps something in the user's state folder that it cannot do without.
    pub(super) fn needs_state(self) -> bool {
        !matches!(self, Self::Check | Self::ArkSave | Self::ExportKeys | Self::Leave)
    }
}

/// An account for all of them, and an ark of it.
pub(super) struct Ground {
    pub(super) account: TestAccount,
    saved: Outcome,
    outputs: TempDir,
    new_password: String,
}

impl Ground {
    pub(super) async fn lay() -> Result<Self> {
        let account = AccountSpec::healthy(Way::Key).history(SMALL).build().await?;
        let saved = save(&account)?.run().await?;
        ensure!(saved.code()? == 0, "{saved}");
        let outputs = tempfile::tempdir()?;
        let new_password = "New-Password-2".to_owned();
        Ok(Self {
            account,
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
            _ => Ok(()),
        }
    }

    /// The command line, in the home of `earlier` if there is one, where the homeserver is at `url`.
    pub(super) fn command(&self, work: Work, url: &str, output: &Path, earlier: Option<Outcome>) -> Result<Lifeboat> {
        let begun = match earlier {
            Some(earlier) => earlier.then(work.words())?,
            None => Lifeboat::new(work.words())?,
        };
        let account = &self.account;
        let key = account.recovery.text().context("no recovery key")?;
        let command = begun.args([account.user_id.as_str(), "--homeserver", url]);
        let command = match work {
            Work::ArkSave | Work::ExportKeys => command.arg(output),
            Work::ArkRestore => command.arg(ark_of(&self.saved)).arg("--yes"),
            Work::Check | Work::Rescue => command.arg("--status-file").arg(output),
            Work::Verify => command.arg("--keep-session"),
            Work::Repair | Work::Reset => command.arg("--yes"),
            Work::Resume => {
                return command
                    .secret("--old-password-file", &account.password)?
                    .secret("--new-password-file", &self.new_password)?
                    .secret("--recovery-key-file", key);
            }
            // It is the only one that the account's other sessions know to be verified.
            Work::Leave => return Ok(command.arg("--force")),
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
        ensure!(ended.code()? == 0, "{work:?} does not end well\n{ended}");
        let output = self.output(work);
        if work.has_output() {
            ensure!(output.metadata()?.len() > 100, "{work:?} wrote nothing");
            std::fs::remove_file(output)?;
        }
        for left in self.outputs.path().read_dir()? {
            let name = left?.file_name().to_string_lossy().into_owned();
            // Whoever was killed could not tidy up, but nobody takes it for something whole.
            ensure!(
                name.starts_with('.') && name.ends_with(".unfinished"),
                "{work:?} left {name}"
            );
        }
        Ok(ended)
    }

    /// Notes that a reset has changed the password.
    pub(super) fn password_is_changed(&mut self) {
        let next = format!("{}-", self.new_password);
        self.account.password = std::mem::replace(&mut self.new_password, next);
    }

    /// Makes sure that nothing has the name of something whole.
    pub(super) fn nothing_is_there(&self, work: Work) -> Result<()> {
        ensure!(!self.output(work).exists(), "{work:?} left half of a file");
        Ok(())
    }
}
