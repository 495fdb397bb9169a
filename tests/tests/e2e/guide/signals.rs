//! Ended from elsewhere, by SIGTERM and SIGKILL, and on a full disk: nothing is half done.

use std::sync::Arc;

use lifeboat_tests::{lifeboat::Disk, proxy::Fault, wait::until};
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use tokio::sync::Notify;

use super::*;

/// Goes as far as the plan, and says yes to it.
async fn begin_reset(terminal: &Terminal, account: &TestAccount, base_url: &str) -> Result<()> {
    arrive(terminal, account, base_url).await?;
    enter(terminal, account).await?;
    terminal.answers("What now?", ENTER).await?;
    terminal.answers("What shall become of your sessions?", ENTER).await?;
    terminal.answers("Which way?", &typed("old password")).await?;
    agree(terminal).await
}

#[tokio::test]
async fn sigterm_at_a_question_signs_out_and_keeps_the_place() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let before = devices(&account).await?;
    let terminal = TerminalSpec::new("").start()?;
    arrive(&terminal, &account, &account.homeserver.base_url).await?;
    enter(&terminal, &account).await?;
    terminal.asked("What now?").await?;
    ensure!(devices(&account).await? != before, "it is not signed in");
    terminal.signals(Signal::TERM)?;
    let outcome = terminal.ends(130, &[&account.password, key_of(&account)?]).await?;
    ensure!(devices(&account).await? == before, "a session was left behind");

    let terminal = TerminalSpec::new("").after(outcome).start()?;
    terminal.sees("Welcome back").await?;
    terminal.asked("What now?").await?;
    terminal.types(CTRL_C)?;
    terminal.ends(130, &[]).await?;
    Ok(())
}

#[tokio::test]
async fn killed_in_the_middle_of_the_change_it_is_finished_the_next_time() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let hold = Arc::new(Notify::new());
    proxy.intercept(move |it| {
        it.is(&Method::POST, "/account/password")
            .then(|| Fault::Held(Arc::clone(&hold)))
    });
    let terminal = TerminalSpec::new("").start()?;
    begin_reset(&terminal, &account, &proxy.base_url()).await?;
    until("the middle of the change", async || {
        let log = proxy.log();
        Ok(log
            .iter()
            .any(|it| it.is(&Method::POST, "/account/password"))
            .then_some(()))
    })
    .await?;
    terminal.signals(Signal::KILL)?;
    let secrets = [account.password.as_str(), NEW, key_of(&account)?];
    // What the terminal makes of the signal.
    let killed = terminal.ends(128 + 9, &secrets).await?;

    proxy.let_through();
    let terminal = TerminalSpec::new("").after(killed).start()?;
    terminal.answers("What now?", ENTER).await?;
    terminal.sees("A reset that is not finished").await?;
    terminal.answers("What now?", &typed("finish")).await?;
    terminal.answers("The new password that you chose", &typed(NEW)).await?;
    terminal.answers("The new password once more", &typed(NEW)).await?;
    terminal.answers("Your old password", &typed(&account.password)).await?;
    terminal.answers("Recovery key", &typed(key_of(&account)?)).await?;
    terminal
        .sees("messages that were readable before are readable now")
        .await?;
    terminal.ends(0, &secrets).await?;
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    new_password_counts(&account).await
}

/// The keys that other sessions hand over need a place, for as long as the conversation lasts.
#[tokio::test]
async fn where_no_file_can_grow_nobody_is_signed_in() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let before = devices(&account).await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let terminal = TerminalSpec::new("").on(Disk::LargestFile(0)).start()?;
    arrive(&terminal, &account, &proxy.base_url()).await?;
    terminal.answers("How do you sign in?", &typed("1")).await?;
    terminal.answers("Password of", &typed(&account.password)).await?;
    // It is said why, and asked again.
    terminal
        .sees("temporary store for the keys of this session cannot be used")
        .await?;
    terminal.answers("How do you sign in?", &typed("leave")).await?;
    terminal.answers("Stop?", &typed("yes")).await?;
    terminal.ends(130, &[&account.password]).await?;
    ensure!(sign_ins(&proxy) == 0, "{} sign-ins", sign_ins(&proxy));
    ensure!(devices(&account).await? == before, "a session was left behind");
    Ok(())
}
