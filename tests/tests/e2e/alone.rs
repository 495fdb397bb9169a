//! Two runs on one account at once, and what nobody else may read.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use lifeboat_tests::account::{AccountSpec, TestAccount, Way};
use lifeboat_tests::api::Api;
use lifeboat_tests::lifeboat::terminal::{Terminal, TerminalSpec};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::{Fault, Proxy};
use lifeboat_tests::wait::until;
use matrix_sdk::reqwest::Method;
use tokio::sync::Notify;

use crate::guide::typed;

/// The status file of an earlier check.
const BEFORE: &str = "before.json";
/// What the second says.
const AT_WORK: &str = "nother Lifeboat is at work on this account";

fn command(account: &TestAccount, url: &str, name: &str) -> Result<Lifeboat> {
    of_the_account(account, url, &[name])
}

/// A command with all that the account's owner knows.
fn of_the_account(account: &TestAccount, url: &str, words: &[&str]) -> Result<Lifeboat> {
    let key = account.recovery.text().context("no recovery key")?;
    Lifeboat::new(words)?
        .args([account.user_id.as_str(), "--homeserver", url])
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", key)
}

/// The commands that change an account or what is kept of it.
fn changing(account: &TestAccount, url: &str) -> Result<Vec<Lifeboat>> {
    let user = account.user_id.as_str();
    let generate = ["--route", "old-password", "--yes", "--generate-password", "new.txt"];
    let resume = Lifeboat::new(["resume", user, "--homeserver", url])?
        .secret("--old-password-file", &account.password)?
        .secret("--new-password-file", "New-Password-2")?;
    Ok(vec![
        command(account, url, "rescue")?,
        command(account, url, "repair")?.arg("--yes"),
        command(account, url, "verify")?,
        command(account, url, "reset")?.args(generate),
        of_the_account(account, url, &["ark", "restore"])?.args(["an.ark", "--yes"]),
        resume,
        Lifeboat::new(["leave", user, "--homeserver", url, "--force"])?,
        Lifeboat::new(["util", "forget", user, "--anyway"])?,
        command(account, url, "check")?.args(["--quick", "--keep-session"]),
    ])
}

/// The commands that only look, one of them at messages that `before` is about.
fn looking(account: &TestAccount, url: &str, before: &Path) -> Result<Vec<Lifeboat>> {
    let key = account.recovery.text().context("no recovery key")?;
    let save = Lifeboat::new(["ark", "save", account.user_id.as_str(), "new.ark", "--homeserver", url])?;
    let prove = Lifeboat::new(["prove", "--homeserver", url])?
        .arg(before)
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", key)?;
    let export = command(account, url, "export-keys")?.arg("keys.txt");
    Ok(vec![
        command(account, url, "check")?,
        command(account, url, "check")?.arg("--quick"),
        command(account, url, "check")?.arg("--ask-sessions"),
        command(account, url, "try-key")?,
        save.secret("--password-file", &account.password)?,
        export.secret("--passphrase-file", "a passphrase for the key file")?,
        prove,
    ])
}

/// What an administrator does with the account.
fn at_the_desk(account: &TestAccount, url: &str, admin: &Api) -> Result<Vec<Lifeboat>> {
    let desk = |command: &str| {
        Lifeboat::new(["desk", command, account.user_id.as_str(), "--homeserver", url])?
            .secret("--admin-token-file", admin.token().context("no token")?)
    };
    let reset = ["--temporary-password-file", "new.txt", "--letter", "letter.txt"];
    Ok(vec![
        desk("check")?,
        desk("check")?.args(["--as-user", "--consent", "by phone"]),
        desk("reset")?.args(reset).args(["--yes", "--accept-cautions"]),
    ])
}

async fn has_to_wait(second: Lifeboat, state: &Path) -> Result<Outcome> {
    let outcome = second.env("XDG_STATE_HOME", state).run().await?;
    ensure!(outcome.code()? == 1, "{outcome}");
    ensure!(outcome.stderr.contains(AT_WORK), "{outcome}");
    outcome.ensure_two_sentences()?;
    Ok(outcome)
}

/// The guide as the second: it ends as soon as it knows whose account it is about.
async fn guide_has_to_wait(account: &TestAccount, state: &Path) -> Result<()> {
    let terminal = guide_at(state)?;
    terminal
        .answers("Your user id", &typed(account.user_id.as_str()))
        .await?;
    let outcome = terminal.ends(1, &[]).await?;
    ensure!(outcome.says(AT_WORK) && outcome.says("hint:"), "{outcome}");
    // The next question would have been this one.
    ensure!(!outcome.says("The server’s address"), "{outcome}");
    Ok(())
}

fn guide_at(state: &Path) -> Result<Terminal> {
    let state = state.to_str().context("a path")?;
    TerminalSpec::new("")
        .env("NO_COLOR", "1")
        .env("XDG_STATE_HOME", state)
        .start()
}

/// A check that keeps its session, in a home of its own, with a status file.
async fn checked(account: &TestAccount) -> Result<Outcome> {
    let check =
        command(account, &account.homeserver.base_url, "check")?.args(["--keep-session", "--status-file", BEFORE]);
    let checked = check.run().await?;
    ensure!([0, 10, 11].contains(&checked.code()?), "{checked}");
    Ok(checked)
}

#[tokio::test]
async fn the_second_says_so_and_asks_nobody() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let admin = account.homeserver.admin().await?;
    let (held, untouched) = (
        Proxy::start(&account.homeserver.base_url).await?,
        Proxy::start(&account.homeserver.base_url).await?,
    );
    let kept = checked(&account).await?;
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

    let (state, url) = (first.home().join("state"), untouched.base_url());
    let seconds = changing(&account, &url)?
        .into_iter()
        .chain(looking(&account, &url, &kept.home().join(BEFORE))?)
        .chain(at_the_desk(&account, &url, &admin)?);
    // All at once, so that the first does not give its answer up meanwhile.
    let waiting = seconds.map(|second| {
        let (told, state) = (format!("{second:?}"), state.as_path());
        async move { has_to_wait(second, state).await.context(told) }
    });
    try_join_all(waiting).await?;
    guide_has_to_wait(&account, &state).await?;
    // Whoever keeps a session has one to leave.
    let leave = ["leave", account.user_id.as_str(), "--homeserver", &url, "--force"];
    let kept = has_to_wait(kept.then(leave)?, &state).await?;
    ensure!(untouched.log().is_empty(), "a second run asked {:?}", untouched.log());

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

/// Whoever only looks keeps others out, too, and so does a conversation from its beginning to its end.
#[tokio::test]
async fn a_check_and_the_guide_have_the_account_for_themselves() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let (held, untouched) = (
        Proxy::start(&account.homeserver.base_url).await?,
        Proxy::start(&account.homeserver.base_url).await?,
    );
    let seconds = || -> Result<[Lifeboat; 2]> {
        let url = untouched.base_url();
        Ok([
            command(&account, &url, "check")?.arg("--quick"),
            command(&account, &url, "rescue")?,
        ])
    };
    let release = Arc::new(Notify::new());
    let gate = Arc::clone(&release);
    held.intercept(move |it| it.is(&Method::GET, "/devices").then(|| Fault::Held(Arc::clone(&gate))));
    let first = command(&account, &held.base_url(), "check")?.arg("--quick").start()?;
    until("the first to look", async || {
        Ok(held
            .log()
            .iter()
            .any(|it| it.is(&Method::GET, "/devices"))
            .then_some(()))
    })
    .await?;
    let state = first.home().join("state");
    for second in seconds()? {
        has_to_wait(second, &state).await?;
    }
    guide_has_to_wait(&account, &state).await?;
    held.let_through();
    release.notify_one();
    let outcome = first.outcome().await?;
    ensure!([10, 11].contains(&outcome.code()?), "{outcome}");

    let terminal = guide_at(&state)?;
    let (user, url) = (account.user_id.as_str(), account.homeserver.base_url.as_str());
    terminal.answers("Your user id", &typed(user)).await?;
    terminal.answers("The server’s address", &typed(url)).await?;
    terminal.asked("How do you sign in?").await?;
    for second in seconds()? {
        has_to_wait(second, &state).await?;
    }
    ensure!(untouched.log().is_empty(), "a second run asked {:?}", untouched.log());
    terminal.answers("How do you sign in?", &typed("leave")).await?;
    terminal.answers("Stop?", &typed("yes")).await?;
    terminal.ends(130, &[]).await?;
    for next in seconds()? {
        let outcome = next.env("XDG_STATE_HOME", &state).run().await?;
        ensure!([0, 10, 11].contains(&outcome.code()?), "{outcome}");
    }
    Ok(())
}
