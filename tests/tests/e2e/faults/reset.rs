//! The reset until the change: nothing is half done, whatever goes wrong.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::TestAccount;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::Exchange;
use matrix_sdk::reqwest::Method;
use serde_json::json;

use super::{Kind, Pace, matrix};
use crate::reset::{ensure_proven, healthy, is_change, who_at, with_secrets};
use matrix::Patient;

/// Every wait that a fault causes, one after the other.
const DEADLINE: Duration = Duration::from_secs(120);

/// What `resume` needs once more.
fn with_secrets_again(command: Lifeboat, account: &TestAccount, old: &str, new: &str) -> Result<Lifeboat> {
    let key = account.recovery.text().context("a recovery key")?;
    command
        .secret("--old-password-file", old)?
        .secret("--new-password-file", new)?
        .secret("--recovery-key-file", key)
}

/// Goes on where a run stopped, undisturbed: that must lead to the end.
async fn resume(outcome: Outcome, account: &TestAccount, old: &str, new: &str) -> Result<()> {
    let command = outcome.then(who_at("resume", account, &account.homeserver.base_url))?;
    let resumed = with_secrets_again(command, account, old, new)?.run().await?;
    ensure!(resumed.code()? == 0, "it cannot be resumed\n{resumed}");
    // There was nothing left to do, or everything is proven.
    if !resumed.stdout.is_empty() {
        ensure_proven(&resumed.json()?).with_context(|| resumed.to_string())?;
    }
    Ok(())
}

/// Tells whether somebody can sign in with it; leaves no session.
async fn is_password(account: &TestAccount, password: &str) -> Result<bool> {
    let api = account.homeserver.api();
    let request = json!({
        "type": "m.login.password", "password": password, "device_id": "LOOKING",
        "identifier": {"type": "m.id.user", "user": account.user_id},
    });
    let answer = api
        .call(Method::POST, "/_matrix/client/v3/login", Some(&request))
        .await?;
    if answer.status != 200 {
        return Ok(false);
    }
    let token = answer.body["access_token"].as_str().context("no token")?;
    api.with_token(token)
        .post("/_matrix/client/v3/logout", &json!({}))
        .await?;
    Ok(true)
}

/// A whole reset, whose check is another matrix and whose restore is the next.
struct Reset {
    account: TestAccount,
    old: RefCell<String>,
    number: Cell<u32>,
}

impl Reset {
    fn new_password(&self) -> String {
        format!("New-Password-{}", self.number.get())
    }
}

impl Patient for Reset {
    const NAME: &'static str = "reset until the change";
    const ACCOUNTS: usize = 4;

    async fn admit() -> Result<Self> {
        let account = healthy().await?;
        Ok(Self {
            old: RefCell::new(account.password.clone()),
            number: Cell::new(0),
            account,
        })
    }

    fn account(&self) -> &TestAccount {
        &self.account
    }

    async fn run(&self, url: &str, pace: Pace) -> Result<Outcome> {
        self.number.set(self.number.get() + 1);
        let old = self.old.borrow().clone();
        let command = Lifeboat::new(who_at("reset", &self.account, url))?
            .args(["--yes", "--route", "old-password"])
            .deadline(DEADLINE);
        with_secrets(pace.given_to(command), &self.account, &old, &self.new_password())?
            .run()
            .await
    }

    async fn judge(&self, outcome: Outcome) -> Result<i32> {
        let code = outcome.code()?;
        ensure!([0, 1, 10, 11, 20, 21].contains(&code), "status {code}");
        let (old, new) = (self.old.borrow().clone(), self.new_password());
        match code {
            0 => ensure_proven(&outcome.json()?).map(drop)?,
            20 | 21 => resume(outcome, &self.account, &old, &new).await?,
            _ => {
                ensure!(is_password(&self.account, &old).await?, "“nothing was changed”");
                return Ok(code);
            }
        }
        ensure!(is_password(&self.account, &new).await?, "the new password is not true");
        self.old.replace(new);
        Ok(code)
    }

    async fn discharge(self) -> Result<()> {
        let outcome = self.run(&self.account.homeserver.base_url, Pace::Unhurried).await?;
        ensure!(outcome.code()? == 0, "what follows is not right\n{outcome}");
        ensure_proven(&outcome.json()?).map(drop)
    }

    /// The check is over; after that, the password is changed.
    fn turns(_: usize, it: &Exchange) -> bool {
        it.is(&Method::GET, "/password_policy") || is_change(it)
    }
}

#[tokio::test]
async fn no_fault_leaves_a_change_half_done() -> Result<()> {
    matrix::matrix::<Reset>(&Kind::SORTS, |it, check| it.part > 1 || check.contains(it)).await
}
