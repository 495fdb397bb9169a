//! Two runs on one account at once, and what nobody else may read.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::{AccountSpec, TestAccount, Way};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
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

/// The commands that change an account or what is kept of it, and ask no server before they have it for themselves.
fn changing(account: &TestAccount, url: &str) -> Result<[Lifeboat; 8]> {
    let user = account.user_id.as_str();
    let key = account.recovery.text().context("no recovery key")?;
    let generate = ["--route", "old-password", "--yes", "--generate-password", "new.txt"];
    let restore = Lifeboat::new(["ark", "restore", user, "an.ark", "--homeserver", url, "--yes"])?
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", key)?;
    let resume = Lifeboat::new(["resume", user, "--homeserver", url])?
        .secret("--old-password-file", &account.password)?
        .secret("--new-password-file", "New-Password-2")?;
    Ok([
        command(account, url, "rescue")?,
        command(account, url, "repair")?.arg("--yes"),
        command(account, url, "verify")?,
        command(account, url, "reset")?.args(generate),
        restore,
        resume,
        Lifeboat::new(["util", "forget", user, "--anyway"])?,
        command(account, url, "check")?.args(["--quick", "--keep-session"]),
    ])
}

/// A reset by an administrator.
async fn for_somebody(account: &TestAccount, url: &str) -> Result<Lifeboat> {
    let admin = account.homeserver.admin().await?;
    let desk = Lifeboat::new(["desk", "reset", account.user_id.as_str(), "--homeserver", url])?;
    desk.args(["--temporary-password-file", "new.txt", "--letter", "letter.txt"])
        .args(["--yes", "--accept-cautions"])
        .secret("--admin-token-file", admin.token().context("no token")?)
}

async fn has_to_wait(second: Lifeboat, state: &Path) -> Result<Outcome> {
    let outcome = second.env("XDG_STATE_HOME", state).run().await?;
    ensure!(outcome.code()? == 1, "{outcome}");
    ensure!(outcome.stderr.contains("nother Lifeboat is at work"), "{outcome}");
    Ok(outcome)
}

#[tokio::test]
async fn the_second_says_so_and_asks_nobody() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let (held, untouched) = (
        Proxy::start(&account.homeserver.base_url).await?,
        Proxy::start(&account.homeserver.base_url).await?,
    );
    // Only whoever keeps a session has one to leave.
    let check = command(&account, &account.homeserver.base_url, "check")?.args(["--quick", "--keep-session"]);
    let kept = check.run().await?;
    ensure!([10, 11].contains(&kept.code()?), "{kept}");
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

    // No other program of the same user may read it while it runs: what the system shows of it belongs to root then.
    let memory = std::fs::metadata(format!("/proc/{}/mem", first.id()))?;
    ensure!(memory.uid() == 0, "its memory belongs to {}", memory.uid());

    let state = first.home().join("state");
    for second in changing(&account, &untouched.base_url())? {
        let told = format!("{second:?}");
        has_to_wait(second, &state).await.context(told)?;
    }
    has_to_wait(for_somebody(&account, &untouched.base_url()).await?, &state).await?;
    ensure!(untouched.log().is_empty(), "a second run asked {:?}", untouched.log());
    let leave = [
        "leave",
        account.user_id.as_str(),
        "--homeserver",
        &untouched.base_url(),
        "--force",
    ];
    let kept = has_to_wait(kept.then(leave)?, &state).await?;
    ensure!(untouched.log().is_empty(), "a second run asked {:?}", untouched.log());

    // Looking is always possible.
    let check = command(&account, &account.homeserver.base_url, "check")?.env("XDG_STATE_HOME", &state);
    let outcome = check.run().await?;
    ensure!([0, 11].contains(&outcome.code()?), "{outcome}");

    release.notify_one();
    held.let_through();
    let outcome = first.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    // The session was there all the time, and can be left now.
    let url = account.homeserver.base_url.as_str();
    let left = kept.then(["leave", account.user_id.as_str(), "--homeserver", url, "--force"])?;
    let left = left.run().await?;
    ensure!(left.code()? == 0, "{left}");
    Ok(())
}
