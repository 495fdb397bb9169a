//! Two runs on one account at once, and what nobody else may read.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::{AccountSpec, TestAccount, Way};
use lifeboat_tests::lifeboat::Lifeboat;
use lifeboat_tests::proxy::{Fault, Proxy};
use lifeboat_tests::wait::until;
use matrix_sdk::reqwest::Method;
use tokio::sync::Notify;

fn command(account: &TestAccount, url: &str, name: &str) -> Result<Lifeboat> {
    let key = account.recovery.text().context("no recovery key")?;
    Lifeboat::new([name, account.user_id.as_str(), "--homeserver", url])?
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", key)
}

#[tokio::test]
async fn the_second_says_so_and_asks_nobody() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let (held, untouched) = (
        Proxy::start(&account.homeserver.base_url).await?,
        Proxy::start(&account.homeserver.base_url).await?,
    );
    let release = Arc::new(Notify::new());
    let gate = Arc::clone(&release);
    held.intercept(move |it| it.is(&Method::POST, "/login").then(|| Fault::Held(Arc::clone(&gate))));
    let first = command(&account, &held.base_url(), "rescue")?.start()?;
    until("the first to sign in", async || {
        Ok(held.log().iter().any(|it| it.is(&Method::POST, "/login")).then_some(()))
    })
    .await?;

    // It holds the keys of an account now: nothing of its memory may end up in a file.
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", first.id()))?;
    let core = limits.lines().find(|it| it.starts_with("Max core file size"));
    let core: Vec<&str> = core.context("no limit")?.split_whitespace().skip(4).collect();
    ensure!(core[..2] == ["0", "0"], "{limits}");

    let state = first.home().join("state");
    for name in ["rescue", "repair", "verify", "reset"] {
        let second = command(&account, &untouched.base_url(), name)?.env("XDG_STATE_HOME", &state);
        let outcome = match name {
            "reset" => second.args(["--route", "old-password", "--yes", "--generate-password", "new.txt"]),
            "repair" => second.arg("--yes"),
            _ => second,
        };
        let outcome = outcome.run().await?;
        ensure!(outcome.code()? == 1, "{name}: {outcome}");
        ensure!(
            outcome.stderr.contains("nother Lifeboat is at work"),
            "{name}: {outcome}"
        );
    }
    ensure!(untouched.log().is_empty(), "a second run asked {:?}", untouched.log());

    // Looking is always possible.
    let check = command(&account, &account.homeserver.base_url, "check")?.env("XDG_STATE_HOME", &state);
    let outcome = check.run().await?;
    ensure!([0, 11].contains(&outcome.code()?), "{outcome}");

    release.notify_one();
    held.let_through();
    let outcome = first.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    Ok(())
}
