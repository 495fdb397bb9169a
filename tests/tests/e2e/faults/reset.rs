//! The reset: before the change nothing is half done, after it a journal leads to the end, whatever goes wrong.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::TestAccount;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::{Exchange, Proxy};
use lifeboat_tests::wait::until_within;
use matrix_sdk::reqwest::Method;
use serde_json::json;

use super::{Kind, Pace, matrix};
use crate::live::devices;
use crate::reset::{
    confirm_next, cut_from_the_change_on, ensure_proven, healthy, is_change, who_at, with_secrets, with_secrets_again,
};
use matrix::{Patient, Request};

/// Every wait that a fault causes, one after the other.
const DEADLINE: Duration = Duration::from_secs(120);

/// Goes on where a run stopped, undisturbed: that must lead to the end.
async fn resume(outcome: Outcome, account: &TestAccount, old: &str, new: &str) -> Result<()> {
    let command = outcome.then(who_at("resume", account, &account.homeserver.base_url))?;
    let resumed = with_secrets_again(command, account, old, new)?.run().await?;
    ensure!(resumed.code()? == 0, "it cannot be resumed\n{resumed}");
    ensure_proven(&resumed.json()?)
        .with_context(|| resumed.to_string())
        .map(drop)
}

/// Whoever is not at the end says what is known of the password, and what leads there.
fn tells_how_it_stands(outcome: &Outcome) -> Result<()> {
    let document = outcome.json()?;
    let (Some(error), hint) = (document["error"].as_str(), document["hint"].as_str()) else {
        return Ok(());
    };
    let stands: &[&str] = match outcome.code()? {
        20 => &["changed is not known yet", "nobody is signed in with it yet"],
        _ => &["is signed in, but not everything is back"],
    };
    ensure!(
        stands.iter().any(|it| error.contains(it)),
        "how it stands is not told\n{document:#}"
    );
    let leads_on = hint.is_some_and(|it| it.contains("lifeboat resume "));
    ensure!(leads_on, "what goes on with it is not told\n{document:#}");
    Ok(())
}

/// Tells whether somebody can sign in with it; leaves no session.
pub(crate) async fn is_password(account: &TestAccount, password: &str) -> Result<bool> {
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

/// Tells whether it is how every command begins, which the matrix of the check shows: the server is found, and somebody signs in
/// for the first time.
fn begins(it: &Request) -> bool {
    match it.name.as_str() {
        "GET /_matrix/client/versions" => true,
        "POST /_matrix/client/v3/login" => it.part == 0,
        _ => false,
    }
}

/// A whole reset, with its look at the account; what follows the change is the next matrix.
struct Reset {
    account: TestAccount,
    old: RefCell<String>,
    number: Cell<u32>,
}

impl Reset {
    fn new_password(&self) -> String {
        format!("New-Password-{}", self.number.get())
    }

    /// A reset by this route to a password that was never used before.
    fn command(&self, route: &str, url: &str, pace: Pace) -> Result<Lifeboat> {
        self.number.set(self.number.get() + 1);
        let command = Lifeboat::new(who_at("reset", &self.account, url))?
            .args(["--yes", "--route", route])
            .deadline(pace.deadline(DEADLINE));
        let old = self.old.borrow().clone();
        with_secrets(pace.given_to(command), &self.account, &old, &self.new_password())
    }

    /// Judges a run, and has `resume` finish what is unfinished.
    async fn judged(&self, outcome: Outcome, resume: impl AsyncFn(Outcome, &str, &str) -> Result<()>) -> Result<i32> {
        let code = outcome.code()?;
        ensure!([0, 1, 10, 11, 20, 21].contains(&code), "status {code}");
        let (old, new) = (self.old.borrow().clone(), self.new_password());
        match code {
            0 => ensure_proven(&outcome.json()?).map(drop)?,
            20 | 21 => {
                tells_how_it_stands(&outcome)?;
                resume(outcome, &old, &new).await?;
            }
            _ => {
                ensure!(is_password(&self.account, &old).await?, "“nothing was changed”");
                return Ok(code);
            }
        }
        ensure!(is_password(&self.account, &new).await?, "the new password is not true");
        self.old.replace(new);
        Ok(code)
    }
}

impl Patient for Reset {
    const NAME: &'static str = "reset until the change";
    const ACCOUNTS: usize = 4;

    async fn admit() -> Result<Self> {
        let account = healthy().await?;
        account.stop_sessions();
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
        self.command("old-password", url, pace)?.run().await
    }

    async fn judge(&self, outcome: Outcome) -> Result<i32> {
        let resume = async |outcome: Outcome, old: &str, new: &str| resume(outcome, &self.account, old, new).await;
        self.judged(outcome, resume).await
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
    matrix::matrix::<Reset>(&Kind::ALL, |it, _| it.part > 1 || begins(it)).await
}

/// Whether the account is still as it was cannot be seen before the change, and it ends as it does where everybody waits a tenth
/// of it.
pub(super) async fn true_silence() -> Result<()> {
    matrix::true_silence::<Reset>(1, "POST /_matrix/client/v3/keys/query", 1).await
}

/// The same by mail, as far as its own requests go: that for the mail, and the change that waits for the link.
struct ByMail {
    reset: Reset,
    address: String,
    /// How many mails have come so far.
    mails: Cell<usize>,
}

impl ByMail {
    /// Runs it to its end, and presses the link of each mail that comes.
    async fn pressing(&self, command: Lifeboat) -> Result<Outcome> {
        let mailbox = self.account().homeserver.mailbox();
        let mut running = command.start()?;
        until_within(DEADLINE, "the end of the run", async || {
            self.mails
                .set(confirm_next(&mailbox, &self.address, self.mails.get()).await?);
            Ok((!running.runs()?).then_some(()))
        })
        .await?;
        running.outcome().await
    }
}

impl Patient for ByMail {
    const NAME: &'static str = "reset by mail";
    const ACCOUNTS: usize = 2;

    async fn admit() -> Result<Self> {
        let reset = Reset::admit().await?;
        Ok(Self {
            address: reset.account.email.clone().context("an address")?,
            reset,
            mails: Cell::new(0),
        })
    }

    fn account(&self) -> &TestAccount {
        &self.reset.account
    }

    async fn run(&self, url: &str, pace: Pace) -> Result<Outcome> {
        let command = self.reset.command("email", url, pace)?;
        self.pressing(command.args(["--email", &self.address])).await
    }

    async fn judge(&self, outcome: Outcome) -> Result<i32> {
        let resume = async |outcome: Outcome, old: &str, new: &str| {
            let account = self.account();
            let again = outcome.then(who_at("resume", account, &account.homeserver.base_url))?;
            let again = with_secrets_again(again, account, old, new)?.args(["--email", &self.address]);
            let resumed = self.pressing(again).await?;
            ensure!(resumed.code()? == 0, "it cannot be resumed\n{resumed}");
            ensure_proven(&resumed.json()?)
                .with_context(|| resumed.to_string())
                .map(drop)
        };
        self.reset.judged(outcome, resume).await
    }

    async fn discharge(self) -> Result<()> {
        self.reset.discharge().await
    }
}

#[tokio::test]
async fn no_fault_leaves_a_change_by_mail_half_done() -> Result<()> {
    // Some servers say 403 as long as nobody has confirmed the link: then it is waited for until the link is too old.
    let mut kinds = Kind::ALL.to_vec();
    kinds.retain(|it| *it != Kind::Forbidden);
    let elsewhere = |it: &Request, _: &BTreeSet<Request>| !it.name.contains("/account/password");
    matrix::matrix::<ByMail>(&kinds, elsewhere).await
}

/// What is left of a reset after the change: the same journal is taken up again and again.
struct Restore {
    account: TestAccount,
    /// The home of the run that changed the password and could not sign in any more.
    changed: Outcome,
}

const OLD: &str = "an old password";
const NEW: &str = "New-Password-2";

impl Patient for Restore {
    const NAME: &'static str = "reset from the change on";
    const ACCOUNTS: usize = 4;

    async fn admit() -> Result<Self> {
        let account = healthy().await?;
        account.stop_sessions();
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        cut_from_the_change_on(&proxy);
        let command = Lifeboat::new(who_at("reset", &account, &proxy.base_url()))?.arg("--yes");
        let command = with_secrets(command, &account, &account.password, NEW)?;
        let changed = command.run().await?;
        ensure!(changed.code()? == 20, "{changed}");
        Ok(Self { account, changed })
    }

    fn account(&self) -> &TestAccount {
        &self.account
    }

    async fn run(&self, url: &str, pace: Pace) -> Result<Outcome> {
        let command = Lifeboat::new(who_at("resume", &self.account, url))?;
        copy(&self.changed.home().join("state"), &command.home().join("state"))?;
        let command = pace.given_to(command).deadline(pace.deadline(DEADLINE));
        with_secrets_again(command, &self.account, OLD, NEW)?.run().await
    }

    async fn judge(&self, outcome: Outcome) -> Result<i32> {
        let code = outcome.code()?;
        ensure!([0, 20, 21].contains(&code), "status {code}");
        match code {
            0 => ensure_proven(&outcome.json()?).map(drop)?,
            _ => {
                tells_how_it_stands(&outcome)?;
                resume(outcome, &self.account, OLD, NEW).await?;
            }
        }
        // Whatever was taken up again has tidied up after itself.
        if code != 0 {
            let left = devices(&self.account).await?;
            ensure!(left.len() == self.account.sessions.len(), "{left:?} are left");
        }
        Ok(code)
    }

    async fn discharge(self) -> Result<()> {
        Ok(())
    }

    /// The server is found, and everything else is this command's own.
    fn turns(part: usize, it: &Exchange) -> bool {
        part == 0 && it.is(&Method::GET, "/versions")
    }
}

/// Copies a folder with what is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (entry, to) = (entry?, to.to_owned());
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &to)?,
            false => std::fs::copy(entry.path(), to).map(drop)?,
        }
    }
    Ok(())
}

#[tokio::test]
async fn no_fault_after_the_change_loses_anything() -> Result<()> {
    matrix::matrix::<Restore>(&Kind::ALL, |it, _| begins(it)).await
}
