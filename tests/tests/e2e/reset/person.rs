//! A person at a terminal: typed answers, second thoughts, Ctrl-C.

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::TestAccount,
    lifeboat::terminal::{CTRL_C, Terminal, TerminalSpec},
    session::Session,
};

use super::{NEW, healthy, ways::confirm};

fn reset(account: &TestAccount, more: &str) -> Result<Terminal> {
    let base_url = &account.homeserver.base_url;
    TerminalSpec::new(&format!("reset {} --homeserver {base_url} {more}", account.user_id)).start()
}

/// Signs in and gives the recovery key.
async fn enter(terminal: &Terminal, account: &TestAccount) -> Result<()> {
    let key = account.recovery.text().context("a recovery key")?;
    terminal
        .answers("Password of", &format!("{}\n", account.password))
        .await?;
    terminal
        .answers("Recovery key or passphrase", &format!("{key}\n"))
        .await
}

/// Signs in, sees the plan and agrees to it, mistypes the new password twice and then does not.
async fn answers(terminal: &Terminal, account: &TestAccount) -> Result<()> {
    enter(terminal, account).await?;
    terminal
        .answers("Shall Lifeboat do this? Type yes to go on", "yes\n")
        .await?;
    let (first, second) = ("The new password (it is not shown)", "The new password once more");
    terminal.answers(first, &format!("{}\n", account.password)).await?;
    terminal.sees("The new password is the old one.").await?;
    terminal.answers(first, &format!("{NEW}\n")).await?;
    terminal.answers(second, "something else\n").await?;
    terminal.sees("The two are not the same").await?;
    terminal.answers(first, &format!("{NEW}\n")).await?;
    terminal.answers(second, &format!("{NEW}\n")).await
}

#[tokio::test]
async fn everything_is_asked_for_and_shown() -> Result<()> {
    let account = healthy().await?;
    let terminal = reset(&account, "")?;
    answers(&terminal, &account).await?;
    for words in [
        "Ways to change the password",
        "The plan for",
        "logout_devices: false",
        "The new password is set.",
        "readable now",
        "Your identity is unchanged.",
    ] {
        terminal.sees(words).await?;
    }
    let key = account.recovery.text().context("a recovery key")?;
    terminal.ends(0, &[&account.password, NEW, key]).await?;
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    Ok(())
}

/// The first Ctrl-C asks, and says what is done and what is not; whoever goes on is not asked again for anything.
#[tokio::test]
async fn ctrl_c_asks_once_whether_to_stop() -> Result<()> {
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
    let terminal = reset(&account, &format!("--route email --email {address}"))?;
    answers(&terminal, &account).await?;
    terminal.sees("Waiting for the link to be confirmed.").await?;
    terminal.types(CTRL_C)?;
    for words in [
        "Stop here?",
        "Done: looking once more, asking for the mail.",
        "Not done yet: signing in",
    ] {
        terminal.sees(words).await?;
    }
    confirm(&account.homeserver.mailbox(), address, 1).await?;
    terminal.ends(0, &[]).await?;
    Ok(())
}

#[tokio::test]
async fn ctrl_c_twice_stops_where_nothing_is_half_done() -> Result<()> {
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
    let terminal = reset(&account, &format!("--route email --email {address}"))?;
    answers(&terminal, &account).await?;
    terminal.sees("Waiting for the link to be confirmed.").await?;
    terminal.types(CTRL_C)?;
    terminal.sees("Press Ctrl-C once more to stop").await?;
    terminal.types(CTRL_C)?;
    terminal.sees("The password is unchanged.").await?;
    terminal.ends(130, &[]).await?;
    Ok(())
}

#[tokio::test]
async fn whoever_does_not_agree_to_the_plan_changes_nothing() -> Result<()> {
    let account = healthy().await?;
    let terminal = reset(&account, "")?;
    enter(&terminal, &account).await?;
    terminal
        .answers("Shall Lifeboat do this? Type yes to go on", "y\n")
        .await?;
    terminal.sees("Nothing was changed.").await?;
    terminal.ends(130, &[]).await?;
    let base_url = &account.homeserver.base_url;
    let later = Session::log_in(base_url, account.user_id.localpart(), &account.password, "Later").await?;
    later.sign_out().await
}
