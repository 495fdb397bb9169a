//! The check: it never says clear on less than it knows undisturbed, and changes nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join4;
use lifeboat_tests::account::{AccountSpec, TestAccount, Way};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::Proxy;
use lifeboat_tests::snapshot::{Snapshot, snapshot_of};
use serde_json::Value;

use super::{Kind, Pace, SMALL, matrix, rescue, reset, restore};
use matrix::{Patient, Request};

/// The longest wait for two answers in a row, and a machine that does other things too.
const DEADLINE: Duration = Duration::from_secs(200);

pub(super) struct Check {
    account: TestAccount,
    before: Snapshot,
    undisturbed: Value,
}

async fn check(account: &TestAccount, url: &str) -> Result<Outcome> {
    let key = account.recovery.text().context("no recovery key")?;
    let arguments = [
        "check",
        account.user_id.as_str(),
        "--homeserver",
        url,
        "--json",
        "--no-cache",
    ];
    Lifeboat::new(arguments)?
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", key)?
        .deadline(DEADLINE)
        .run()
        .await
}

/// The requests of a check of the account.
pub(super) async fn requests(account: &TestAccount) -> Result<BTreeSet<Request>> {
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let outcome = check(account, &proxy.base_url()).await?;
    // One that ends at the sign-in sends next to nothing.
    ensure!([0, 10, 11].contains(&outcome.code()?), "it has not looked\n{outcome}");
    Ok(matrix::named::<Check>(&proxy.log()))
}

/// What the word “clear” rests on.
fn knowledge(document: &Value) -> Value {
    let facts = &document["facts"];
    ["identity", "storage", "backup", "key_trial", "proof", "coverage"]
        .map(|part| (part.to_owned(), facts[part].clone()))
        .into_iter()
        .collect()
}

impl Patient for Check {
    const NAME: &'static str = "check";
    /// The sessions of several checks on one account would see each other.
    const ACCOUNTS: usize = 3;
    const SHARED: bool = true;
    const PACE: Pace = Pace::Unhurried;

    async fn admit() -> Result<Self> {
        let account = AccountSpec::healthy(Way::Key).history(SMALL).build().await?;
        account.stop_sessions();
        let before = snapshot_of(&account).await?;
        let outcome = check(&account, &account.homeserver.base_url).await?;
        ensure!(outcome.code()? == 0, "the account is not clear\n{outcome}");
        Ok(Self {
            undisturbed: knowledge(&outcome.json()?),
            account,
            before,
        })
    }

    fn account(&self) -> &TestAccount {
        &self.account
    }

    async fn run(&self, url: &str, _: Pace) -> Result<Outcome> {
        check(&self.account, url).await
    }

    async fn judge(&self, outcome: Outcome) -> Result<i32> {
        let code = outcome.code()?;
        ensure!([0, 1, 10, 11].contains(&code), "status {code}");
        if code == 0 {
            let known = knowledge(&outcome.json()?);
            ensure!(known == self.undisturbed, "clear on other knowledge\n{known:#}");
        }
        Ok(code)
    }

    async fn discharge(self) -> Result<()> {
        let differences = self.before.differences(&snapshot_of(&self.account).await?);
        ensure!(differences.is_empty(), "{differences:#?}");
        Ok(())
    }
}

/// The others wait a tenth of it in their own matrices; meanwhile each of them does once as people would.
#[tokio::test]
async fn no_fault_makes_a_check_say_what_it_does_not_know() -> Result<()> {
    let check = matrix::matrix::<Check>(&Kind::ALL, |_, _| false);
    let (rescue, restore, reset) = (rescue::true_silence(), restore::true_silence(), reset::true_silence());
    try_join4(check, rescue, restore, reset).await?;
    Ok(())
}
