//! `lifeboat reset`, `resume` and `leave` against a real Synapse and a real mailbox.

mod answers;
mod cut;
mod killed;
mod mail;
mod page;
mod person;
mod refused;
mod sessions;
mod table;
mod ways;

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, History, TestAccount, Way},
    lifeboat::{Lifeboat, Outcome},
};
use serde_json::Value;

pub(crate) use self::{
    cut::{cut_from_the_change_on, is_change, other_backup},
    page::change_on_page,
    ways::{confirm, confirm_next},
};

/// What the tests change the password to.
const NEW: &str = "New-Password-2";

/// Few messages: what is tested here is the way there and back.
pub(crate) const SHORT: History = History {
    rooms: 1,
    messages_each: 3,
    messages_per_key: 2,
};

pub(crate) async fn healthy() -> Result<TestAccount> {
    AccountSpec::healthy(Way::Key).history(SHORT).build().await
}

/// The arguments that name an account.
fn who<'a>(command: &'a str, account: &'a TestAccount) -> [&'a str; 5] {
    who_at(command, account, &account.homeserver.base_url)
}

/// The same where the server is reached at another address, through a proxy.
pub(crate) fn who_at<'a>(command: &'a str, account: &'a TestAccount, base_url: &'a str) -> [&'a str; 5] {
    [command, account.user_id.as_str(), "--homeserver", base_url, "--json"]
}

/// Gives the command everything it would ask for.
pub(crate) fn with_secrets(command: Lifeboat, account: &TestAccount, old: &str, new: &str) -> Result<Lifeboat> {
    let key = account.recovery.text().context("a recovery key")?;
    command
        .secret("--password-file", old)?
        .secret("--new-password-file", new)?
        .secret("--recovery-key-file", key)
}

/// Gives `resume` what it needs once more.
pub(crate) fn with_secrets_again(command: Lifeboat, account: &TestAccount, old: &str, new: &str) -> Result<Lifeboat> {
    let key = account.recovery.text().context("a recovery key")?;
    command
        .secret("--old-password-file", old)?
        .secret("--new-password-file", new)?
        .secret("--recovery-key-file", key)
}

/// A reset of `account` that needs nobody.
fn reset(account: &TestAccount) -> Result<Lifeboat> {
    reset_at(account, &account.homeserver.base_url)
}

/// The same through a proxy.
fn reset_at(account: &TestAccount, base_url: &str) -> Result<Lifeboat> {
    let command = Lifeboat::new(who_at("reset", account, base_url))?.arg("--yes");
    with_secrets(command, account, &account.password, NEW)
}

/// Goes on with an interrupted one in the same home.
fn resume(outcome: Outcome, account: &TestAccount, old: &str, new: &str) -> Result<Lifeboat> {
    with_secrets_again(outcome.then(who("resume", account))?, account, old, new)
}

/// Makes sure that everything readable before is readable now, and returns how much that is.
pub(crate) fn ensure_proven(document: &Value) -> Result<u64> {
    let (before, after) = before_and_after(document)?;
    ensure!(before == after, "{before} before, {after} after\n{document:#}");
    Ok(after)
}

/// Makes sure that nothing was lost, and returns how much was readable before and is readable now.
fn before_and_after(document: &Value) -> Result<(u64, u64)> {
    let history = &document["history"];
    ensure!(history["lost"] == 0 && history["complete"] == true, "{document:#}");
    ensure!(history["identity"] == "same", "{document:#}");
    let sum = |side: &str| {
        let rooms = history["rooms"].as_array().into_iter().flatten();
        rooms.filter_map(|it| it[side]["readable"].as_u64()).sum::<u64>()
    };
    let (before, after) = (sum("before"), sum("after"));
    ensure!(
        before > 0 && after >= before,
        "{before} before, {after} after\n{document:#}"
    );
    Ok((before, after))
}

/// The arguments that accept, each by its name, what blocked a reset.
pub(crate) fn waivers(blocked: &Outcome) -> Result<Vec<String>> {
    ensure!(blocked.code()? == 10, "{blocked}");
    let document = blocked.json()?;
    let hint = document["hint"].as_str().context("a hint")?;
    let codes = hint.split("--waive ").skip(1).map(|it| it.trim().to_owned());
    let waivers: Vec<_> = codes.flat_map(|code| ["--waive".to_owned(), code]).collect();
    ensure!(!waivers.is_empty(), "{hint}");
    Ok(waivers)
}

/// How many messages the account can read.
fn readable(account: &TestAccount) -> u64 {
    account.rooms.iter().map(|it| it.readable().count() as u64).sum()
}
