//! On a terminal: questions and answers, colour and its absence, Ctrl-C at a question.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    lifeboat::{
        Lifeboat, PROGRAM_VARIABLE, Running,
        terminal::{CTRL_C, TerminalSpec, colours},
    },
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
         --command '{program} {arguments}' /dev/null <&3 >&2"
    );
    Ok(Lifeboat::of(Path::new("/bin/sh"), ["-c", &run])?.env("TERM", "xterm-256color"))
}

pub(crate) async fn types(running: &Running, after: &str, keys: &str) -> Result<()> {
    running.said(after, |text| text.contains(after).then_some(())).await?;
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
    let terminal = TerminalSpec::new(&check(&account, &account.homeserver.base_url)).start()?;
    terminal
        .answers("Password of", &format!("{}\n", account.password))
        .await?;
    terminal
        .answers("Recovery key or passphrase", &format!("{recovery}\n"))
        .await?;
    terminal.sees("If every session is signed out").await?;
    terminal
        .sees("backup-not-proven")
        .await
        .context("the key was not tried")?;
    ensure!(!colours(&terminal.raw()).is_empty(), "no colour on a terminal");
    terminal.ends(10, &[&account.password, recovery]).await?;
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn no_color_is_heeded() -> Result<()> {
    let account = account().await?;
    let line = check(&account, &account.homeserver.base_url);
    let terminal = TerminalSpec::new(&line).env("NO_COLOR", "1").start()?;
    terminal
        .answers("Password of", &format!("{}\n", account.password))
        .await?;
    terminal.answers("Recovery key or passphrase", "\n").await?;
    terminal.sees("recovery-key-not-tested").await?;
    let outcome = terminal.ends(10, &[&account.password]).await?;
    ensure!(colours(&outcome.stderr).is_empty(), "{:?}", outcome.stderr);
    Ok(())
}

#[tokio::test]
async fn ctrl_c_at_a_question_ends_it_before_anything_is_sent() -> Result<()> {
    let account = account().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    for (question, answered) in [("Password of", false), ("Recovery key or passphrase", true)] {
        let terminal = TerminalSpec::new(&check(&account, &proxy.base_url())).start()?;
        if answered {
            terminal
                .answers("Password of", &format!("{}\n", account.password))
                .await?;
        }
        terminal.asked(question).await?;
        terminal.types(CTRL_C)?;
        terminal.sees("Nothing was changed").await?;
        terminal.ends(130, &[&account.password]).await?;
        ensure!(
            !proxy.log().iter().any(|it| it.is(&Method::POST, "/login")),
            "{question}: it signed in"
        );
    }
    Ok(())
}
