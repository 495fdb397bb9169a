//! On a terminal: questions and answers, colour and its absence, Ctrl-C at a question.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    lifeboat::{Lifeboat, PROGRAM_VARIABLE, Running},
    proxy::Proxy,
    snapshot::snapshot_of,
};
use matrix_sdk::reqwest::Method;

/// Runs `lifeboat` with `arguments` on a terminal of its own, which `script` (of util-linux) makes; what is typed goes
/// through `keyboard`, a named pipe.
pub(crate) fn on_a_terminal(arguments: &str) -> Result<Lifeboat> {
    let program = std::env::var_os(PROGRAM_VARIABLE).context("no lifeboat to test")?;
    let program = Path::new(&program).display();
    let run = format!(
        "mkfifo keyboard && exec 3<>keyboard && exec script --quiet --return --flush \
         --command 'exec {program} {arguments}' /dev/null <&3 >&2"
    );
    let shell = Lifeboat::of(Path::new("/bin/sh"), ["-c", &run])?;
    Ok(shell.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8"))
}

/// What stands on the screen, wherever its lines are broken.
pub(crate) fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) async fn types(running: &Running, after: &str, keys: &str) -> Result<()> {
    running
        .said(after, |text| flowing(text).contains(after).then_some(()))
        .await?;
    let keyboard = std::fs::OpenOptions::new()
        .write(true)
        .open(running.home().join("keyboard"))?;
    std::io::Write::write_all(&mut &keyboard, keys.as_bytes())?;
    Ok(())
}

async fn account() -> Result<TestAccount> {
    AccountSpec::healthy(Way::PassphraseOfRounds(1000)).build().await
}

fn check(account: &TestAccount, base_url: &str) -> String {
    format!("check {} --homeserver {base_url} --quick", account.user_id)
}

#[tokio::test]
async fn a_person_is_asked_for_password_and_recovery_key() -> Result<()> {
    let account = account().await?;
    let before = snapshot_of(&account).await?;
    let recovery = account.recovery.text().context("a passphrase")?;
    let running = on_a_terminal(&check(&account, &account.homeserver.base_url))?.start()?;
    types(&running, "Password of", &format!("{}\n", account.password)).await?;
    types(&running, "Recovery key or passphrase", &format!("{recovery}\n")).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 10, "{outcome}");
    ensure!(outcome.stderr.contains("If every session is signed out"), "{outcome}");
    ensure!(
        outcome.stderr.contains("backup-not-proven"),
        "the key was tried: {outcome}"
    );
    ensure!(outcome.stderr.contains("\u{1b}[1m"), "colour on a terminal: {outcome}");
    for secret in [&account.password, recovery] {
        ensure!(!outcome.stderr.contains(secret), "a secret is on the screen");
    }
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn a_person_who_chooses_an_access_token_is_asked_for_one() -> Result<()> {
    let account = account().await?;
    let before = snapshot_of(&account).await?;
    let token = account.api()?.token().context("a token")?;
    let line = check(&account, &account.homeserver.base_url);
    let running = on_a_terminal(&format!("{line} --auth token"))?.start()?;
    types(&running, "Access token of", &format!("{token}\n")).await?;
    types(&running, "Recovery key or passphrase", "\n").await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 10, "{outcome}");
    for words in ["Password of", token] {
        ensure!(!outcome.stderr.contains(words), "{words} is on the screen");
    }
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn no_color_and_clicolor_are_heeded() -> Result<()> {
    let account = account().await?;
    let line = check(&account, &account.homeserver.base_url);
    for (variable, value) in [("NO_COLOR", "1"), ("CLICOLOR", "0")] {
        let running = on_a_terminal(&line)?.env(variable, value).start()?;
        types(&running, "Password of", &format!("{}\n", account.password)).await?;
        types(&running, "Recovery key or passphrase", "\n").await?;
        let outcome = running.outcome().await?;
        ensure!(outcome.code()? == 10, "{variable}: {outcome}");
        ensure!(
            outcome.stderr.contains("recovery-key-not-tested"),
            "{variable}: {outcome}"
        );
        let colours = outcome.stderr.split("\u{1b}[").skip(1).filter(|it| {
            let end = it.find(|letter: char| letter.is_ascii_alphabetic());
            end.is_some_and(|end| it[end..].starts_with('m'))
        });
        ensure!(colours.count() == 0, "{variable}: {:?}", outcome.stderr);
    }
    Ok(())
}

/// `screen` in a session over ssh that was told of no language is one.
#[tokio::test]
async fn a_terminal_without_unicode_gets_nothing_but_ascii() -> Result<()> {
    let account = account().await?;
    let line = check(&account, &account.homeserver.base_url);
    let running = on_a_terminal(&line)?.env("LC_ALL", "C").env("TERM", "screen").start()?;
    types(&running, "Password of", &format!("{}\n", account.password)).await?;
    types(&running, "Recovery key or passphrase", "\n").await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 10, "{outcome}");
    ensure!(outcome.stderr.contains("recovery-key-not-tested"), "{outcome}");
    ensure!(outcome.stderr.is_ascii(), "{outcome}");
    Ok(())
}

#[tokio::test]
async fn ctrl_c_at_a_question_ends_it_before_anything_is_sent() -> Result<()> {
    let account = account().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    for (question, answered) in [("Password of", false), ("Recovery key or passphrase", true)] {
        let running = on_a_terminal(&check(&account, &proxy.base_url()))?.start()?;
        if answered {
            types(&running, "Password of", &format!("{}\n", account.password)).await?;
        }
        types(&running, question, "\u{3}").await?;
        let outcome = running.outcome().await?;
        ensure!(outcome.code()? == 130, "{question}: {outcome}");
        ensure!(outcome.stderr.contains("Nothing was changed"), "{question}: {outcome}");
        ensure!(
            !proxy.log().iter().any(|it| it.is(&Method::POST, "/login")),
            "{question}: it signed in"
        );
    }
    Ok(())
}
