//! A person at a terminal: typed answers, second thoughts, Ctrl-C.

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{account::TestAccount, lifeboat::Running, session::Session};

use super::{NEW, healthy, ways::confirm};
use crate::terminal::{flowing, on_a_terminal, types};

fn reset(account: &TestAccount, more: &str) -> String {
    let base_url = &account.homeserver.base_url;
    format!("reset {} --homeserver {base_url} {more}", account.user_id)
}

/// Signs in, sees the plan and agrees to it, mistypes the new password twice and then does not.
async fn answers(running: &Running, account: &TestAccount) -> Result<()> {
    let key = account.recovery.text().context("a recovery key")?;
    types(running, "Password of", &format!("{}\n", account.password)).await?;
    types(running, "Recovery key or passphrase", &format!("{key}\n")).await?;
    types(running, "Shall Lifeboat do this? Type yes to go on", "yes\n").await?;
    types(
        running,
        "The new password (it is not shown)",
        &format!("{}\n", account.password),
    )
    .await?;
    types(running, "The new password is the old one.", &format!("{NEW}\n")).await?;
    types(running, "The new password once more", "something else\n").await?;
    types(running, "The two are not the same", &format!("{NEW}\n")).await?;
    asked_twice(running, "The new password once more").await?;
    types(running, "", &format!("{NEW}\n")).await
}

async fn asked_twice(running: &Running, question: &str) -> Result<()> {
    let asked = |text: &str| (text.matches(question).count() == 2).then_some(());
    running.said("the question once more", asked).await
}

#[tokio::test]
async fn everything_is_asked_for_and_shown() -> Result<()> {
    let account = healthy().await?;
    let running = on_a_terminal(&reset(&account, ""))?.start()?;
    answers(&running, &account).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    for words in [
        "Ways to change the password",
        "The plan for",
        "every session stays signed in",
        "The new password is set.",
        "readable now",
        "Your identity is unchanged.",
    ] {
        ensure!(flowing(&outcome.stderr).contains(words), "{words}: {outcome}");
    }
    let key = account.recovery.text().context("a recovery key")?;
    for secret in [&account.password, NEW, key] {
        ensure!(!outcome.stderr.contains(secret), "a secret is on the screen");
    }
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    Ok(())
}

/// The first Ctrl-C asks, and says what is done and what is not; whoever goes on is not asked again for anything.
#[tokio::test]
async fn ctrl_c_asks_once_whether_to_stop() -> Result<()> {
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
    let running = on_a_terminal(&reset(&account, &format!("--route email --email {address}")))?.start()?;
    answers(&running, &account).await?;
    types(&running, "Waiting for the link to be confirmed.", "\u{3}").await?;
    for words in [
        "Stop here?",
        "Done: looking once more, asking for the mail.",
        "Not done yet: signing in",
    ] {
        running
            .said(words, |text| flowing(text).contains(words).then_some(()))
            .await?;
    }
    confirm(&account.homeserver.mailbox(), address, 1).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    Ok(())
}

/// Whoever stops can go on later, and types the new password twice: it is still to be set.
#[tokio::test]
async fn ctrl_c_twice_stops_where_nothing_is_half_done() -> Result<()> {
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
    let running = on_a_terminal(&reset(&account, &format!("--route email --email {address}")))?.start()?;
    answers(&running, &account).await?;
    types(&running, "Waiting for the link to be confirmed.", "\u{3}").await?;
    types(&running, "Press Ctrl-C once more to stop", "\u{3}").await?;
    let stopped = running.outcome().await?;
    ensure!(stopped.code()? == 130, "{stopped}");
    ensure!(
        flowing(&stopped.stderr).contains("The password is unchanged."),
        "{stopped}"
    );

    let base_url = &account.homeserver.base_url;
    let running = on_a_terminal(&format!("resume {} --homeserver {base_url}", account.user_id))?
        .env("XDG_STATE_HOME", stopped.home().join("state"))
        .start()?;
    types(&running, "The new password that you chose", &format!("{NEW}\n")).await?;
    types(&running, "The new password once more", "a slip of the finger\n").await?;
    types(&running, "The two are not the same", &format!("{NEW}\n")).await?;
    asked_twice(&running, "The new password once more").await?;
    types(&running, "", &format!("{NEW}\n")).await?;
    types(&running, "Your old password", "\n").await?;
    let key = account.recovery.text().context("a recovery key")?;
    types(&running, "Recovery key or passphrase", &format!("{key}\n")).await?;
    types(&running, "The e-mail address of your account", &format!("{address}\n")).await?;
    let mailbox = account.homeserver.mailbox();
    confirm(&mailbox, address, 1).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(flowing(&outcome.stderr).contains("readable now"), "{outcome}");
    ensure!(mailbox.messages_to(address)?.len() == 1, "a second mail was sent");
    Ok(())
}

#[tokio::test]
async fn whoever_does_not_agree_to_the_plan_changes_nothing() -> Result<()> {
    let account = healthy().await?;
    let key = account.recovery.text().context("a recovery key")?;
    let running = on_a_terminal(&reset(&account, ""))?.start()?;
    types(&running, "Password of", &format!("{}\n", account.password)).await?;
    types(&running, "Recovery key or passphrase", &format!("{key}\n")).await?;
    types(&running, "Shall Lifeboat do this? Type yes to go on", "y\n").await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 130, "{outcome}");
    ensure!(flowing(&outcome.stderr).contains("Nothing was changed."), "{outcome}");
    let base_url = &account.homeserver.base_url;
    let later = Session::log_in(base_url, account.user_id.localpart(), &account.password, "Later").await?;
    later.sign_out().await
}
