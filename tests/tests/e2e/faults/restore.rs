//! Putting an ark back: the account has what it lacked, or the run says that it has not.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::{AccountSpec, Secret, ServerBackup, TestAccount, Way};
use lifeboat_tests::api::segment;
use lifeboat_tests::lifeboat::Outcome;
use lifeboat_tests::proxy::Exchange;
use lifeboat_tests::snapshot::{Snapshot, snapshot_of};
use matrix_sdk::reqwest::Method;
use matrix_sdk::ruma::OwnedRoomId;
use serde_json::{Value, json};

use super::{Kind, Pace, SMALL, matrix};
use crate::ark::{ark_of, restore::restore_at, save};
use matrix::Patient;

/// Every wait that a fault causes, one after the other.
const DEADLINE: Duration = Duration::from_secs(120);
/// The secret that is taken away before each run, beside the key backup.
const SECRET: Secret = Secret::UserSigning;

struct Restore {
    account: TestAccount,
    before: Snapshot,
    entries: Entries,
    /// The run that saved it, with the home in which it lies.
    saved: Outcome,
}

type Entries = BTreeMap<OwnedRoomId, BTreeMap<String, Value>>;

impl Restore {
    fn ark(&self) -> PathBuf {
        ark_of(&self.saved)
    }

    async fn restore(&self, url: &str, pace: Pace) -> Result<Outcome> {
        let key = self.account.recovery.text().context("no recovery key")?;
        let command = restore_at(&self.account, &self.ark(), url, &["--yes"])?;
        let command = command.secret("--recovery-key-file", key)?;
        pace.given_to(command).deadline(pace.deadline(DEADLINE)).run().await
    }

    /// Takes the key backup and a secret away.
    async fn damage(&self) -> Result<()> {
        let api = self.account.api()?;
        if let Some(backup) = ServerBackup::active(api).await? {
            let path = format!("/_matrix/client/v3/room_keys/version/{}", segment(&backup.version));
            api.delete(&path).await?;
        }
        let user = segment(self.account.user_id.as_str());
        let path = format!("/_matrix/client/v3/user/{user}/account_data/{}", SECRET.event_type());
        api.put(&path, &json!({})).await.map(drop)
    }

    /// What the account lacks of what it had.
    async fn lacking(&self) -> Result<Vec<String>> {
        let entries = match ServerBackup::active(self.account.api()?).await? {
            Some(backup) => backup.entries().await?,
            None => Entries::new(),
        };
        let mut lacking = self.before.differences(&snapshot_of(&self.account).await?);
        // A new backup has a new version. Sessions that are left behind are told of elsewhere.
        lacking.retain(|it| !it.starts_with("backup: ") && !it.contains("Lifeboat"));
        if entries != self.entries {
            lacking.push(format!(
                "entries: {}",
                entries.values().map(BTreeMap::len).sum::<usize>()
            ));
        }
        Ok(lacking)
    }
}

impl Patient for Restore {
    const NAME: &'static str = "ark restore";
    const ACCOUNTS: usize = 3;
    const LOOKS_AS_THE_CHECK: bool = true;

    async fn admit() -> Result<Self> {
        let account = AccountSpec::healthy(Way::Key).history(SMALL).build().await?;
        // They would make a new key backup by themselves.
        account.stop_sessions();
        let before = snapshot_of(&account).await?;
        let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
        let saved = save(&account)?.run().await?;
        ensure!(saved.code()? == 0, "{saved}");
        Ok(Self {
            account,
            before,
            entries: backup.entries().await?,
            saved,
        })
    }

    fn account(&self) -> &TestAccount {
        &self.account
    }

    async fn run(&self, url: &str, pace: Pace) -> Result<Outcome> {
        self.damage().await?;
        self.restore(url, pace).await
    }

    async fn judge(&self, outcome: Outcome) -> Result<i32> {
        let code = outcome.code()?;
        ensure!([0, 1, 21].contains(&code), "status {code}");
        let lacking = self.lacking().await?;
        match code {
            0 => ensure!(lacking.is_empty(), "done, but {lacking:#?}"),
            1 => {
                let nothing = ServerBackup::active(self.account.api()?).await?.is_none();
                let blank = lacking.iter().any(|it| it.contains(SECRET.event_type()));
                ensure!(nothing && blank, "“nothing was changed”, but only {lacking:#?}");
            }
            _ => {
                let again = self.restore(&self.account.homeserver.base_url, Pace::Unhurried).await?;
                ensure!(again.code()? == 0, "once more it ends\n{again}");
                let lacking = self.lacking().await?;
                ensure!(lacking.is_empty(), "done once more, but {lacking:#?}");
            }
        }
        Ok(code)
    }

    async fn discharge(self) -> Result<()> {
        Ok(())
    }

    /// The plan is made, and what it says begins.
    fn turns(_: usize, it: &Exchange) -> bool {
        it.is(&Method::POST, "/room_keys/version") || it.method == Method::PUT
    }
}

#[tokio::test]
async fn no_fault_makes_a_restore_say_that_something_is_back_which_is_not() -> Result<()> {
    matrix::matrix::<Restore>(&Kind::ALL, |it, check| check.contains(it)).await
}

/// Whether there is a new backup is not known, and it ends as it does where everybody waits a tenth of it.
pub(super) async fn true_silence() -> Result<()> {
    matrix::true_silence::<Restore>(0, "POST /_matrix/client/v3/room_keys/version", 21).await
}
