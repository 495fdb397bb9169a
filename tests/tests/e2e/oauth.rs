//! Accounts that an OAuth server keeps: ways in and out, tokens that run out, the account page.

mod account_page;
mod refresh;
mod sign_in;
mod trouble;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    browser::{Browser, Page},
    lifeboat::{Lifeboat, Outcome, Running},
    server::Profile,
    tls,
};

async fn account() -> Result<TestAccount> {
    AccountSpec::healthy(Way::PassphraseOfRounds(1000))
        .on(Profile::OAuth)
        .build()
        .await
}

/// A command on this account that trusts the test authority.
pub(crate) fn command(name: &str, account: &TestAccount, base_url: &str) -> Result<Lifeboat> {
    let command = Lifeboat::new([name, account.user_id.as_str(), "--homeserver", base_url])?;
    Ok(command.arg("--ca-file").arg(tls::authority()))
}

fn check(account: &TestAccount, auth: &str) -> Result<Lifeboat> {
    Ok(command("check", account, &account.homeserver.base_url)?.args(["--auth", auth, "--json"]))
}

fn recovery(account: &TestAccount) -> Result<&str> {
    account.recovery.text().context("a passphrase")
}

/// Waits for the last address that the person is to open; `nth` counts from 0.
pub(crate) async fn address(running: &Running, nth: usize) -> Result<String> {
    let find = |text: &str| {
        let lines = text.split_inclusive('\n').filter(|it| it.ends_with('\n'));
        let mut addresses = lines.map(str::trim).filter(|it| it.starts_with("https://"));
        addresses.nth(nth).map(str::to_owned)
    };
    running.said("the address for the browser", find).await
}

/// Waits for the code that the person is to type.
async fn user_code(running: &Running) -> Result<String> {
    let find = |text: &str| {
        let after = text.split("and type this code there").nth(1)?;
        let mut lines = after
            .split_inclusive('\n')
            .filter(|it| it.ends_with('\n'))
            .map(str::trim);
        lines.nth(2).map(str::to_owned)
    };
    running.said("the code for the browser", find).await
}

/// What the person of this account types at a browser, and presses when asked whether Lifeboat may come in.
fn person<'a>(account: &'a TestAccount, password: &'a str, answer: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("username", account.localpart()),
        ("password", password),
        ("answer", answer),
    ]
}

/// The person lets Lifeboat in at this address.
pub(crate) async fn allow(account: &TestAccount, address: &str) -> Result<Page> {
    allow_with(account, &account.password, address).await
}

/// The same where the password is another one by now.
pub(crate) async fn allow_with(account: &TestAccount, password: &str, address: &str) -> Result<Page> {
    Browser::new(person(account, password, "allow"))?.open(address).await
}

/// The person types the code that is shown into another browser, and lets Lifeboat in.
pub(crate) async fn allow_code(account: &TestAccount, running: &Running) -> Result<()> {
    let link = address(running, 0).await?;
    let page = with_a_code(account, &user_code(running).await?, "allow")?
        .open(&link)
        .await?;
    ensure!(page.text.contains("You can close this page"), "{page:?}");
    Ok(())
}

/// The same person, who is asked for a code first.
fn with_a_code(account: &TestAccount, code: &str, answer: &str) -> Result<Browser> {
    let person = person(account, &account.password, answer).into_iter();
    Browser::new(person.chain([("user_code", code)]))
}

pub(crate) async fn device_ids(account: &TestAccount) -> Result<BTreeSet<String>> {
    let listed = account.api()?.get("/_matrix/client/v3/devices").await?;
    let devices = listed["devices"].as_array().context("devices")?;
    Ok(devices
        .iter()
        .filter_map(|it| it["device_id"].as_str().map(str::to_owned))
        .collect())
}

fn codes(outcome: &Outcome) -> Result<BTreeSet<String>> {
    let report = outcome.json()?;
    let findings = report["findings"].as_array().with_context(|| format!("{outcome}"))?;
    Ok(findings
        .iter()
        .filter_map(|it| it["code"].as_str().map(str::to_owned))
        .collect())
}
