//! The account page: the person changes the password there, signs in again, and the history is proven.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::TestAccount,
    lifeboat::{Lifeboat, Running},
    tls, wait,
};

use super::{Browser, account, allow_code, check, command, device_ids, recovery};
use crate::reset::ensure_proven;

const NEW: &str = "New-Password-2";
/// What the address of a page has in it where a session is to be signed out.
const ENDS: &str = "action=org.matrix.device_delete";

/// Waits for an address on a line by itself that contains this; `nth` counts from 0.
async fn place(running: &Running, part: &str, nth: usize) -> Result<String> {
    let find = |text: &str| {
        let lines = text
            .split_inclusive('\n')
            .filter(|it| it.ends_with('\n'))
            .map(str::trim);
        let mut places = lines.filter(|it| it.starts_with("https://") && it.contains(part));
        places.nth(nth).map(str::to_owned)
    };
    running.said(part, find).await
}

/// Waits for a code that is not the one before.
async fn code(running: &Running, before: Option<&str>) -> Result<String> {
    let find = |text: &str| {
        let parts = text.split("and type this code there").skip(1);
        let code = |it: &str| {
            let mut lines = it.split_inclusive('\n').filter(|it| it.ends_with('\n')).map(str::trim);
            lines.nth(2).map(str::to_owned)
        };
        parts.filter_map(code).find(|it| Some(it.as_str()) != before)
    };
    running.said("a code for the browser", find).await
}

/// A reset by the page, which asks nobody at a terminal.
fn by_page(command: Lifeboat, account: &TestAccount) -> Result<Lifeboat> {
    command
        .args(["--auth", "device-code", "--route", "account-page", "--json", "--yes"])
        .arg("--accept-cautions")
        .secret("--recovery-key-file", recovery(account)?)
}

/// The person lets Lifeboat in with this code.
async fn let_in(account: &TestAccount, running: &Running, password: &str, code: &str) -> Result<()> {
    let answers = [
        ("username", account.localpart()),
        ("password", password),
        ("answer", "allow"),
        ("user_code", code),
    ];
    Browser::new(answers)?.open(&place(running, "/link", 0).await?).await?;
    Ok(())
}

/// The person sets the new password.
async fn set_new_password(account: &TestAccount, running: &Running) -> Result<()> {
    let answers = [
        ("username", account.localpart()),
        ("password", account.password.as_str()),
        ("new_password", NEW),
    ];
    let page = place(running, "/account/", 0).await?;
    let page = Browser::new(answers)?.open(&page).await?;
    ensure!(page.text.contains("Done"), "{page:?}");
    Ok(())
}

/// The person signs the session out that Lifeboat asks for; `nth` counts from 0. Returns which one that is.
async fn end_session(account: &TestAccount, running: &Running, nth: usize) -> Result<String> {
    let page = place(running, ENDS, nth).await?;
    let device = page.split("device_id=").nth(1).context("a device id")?;
    Browser::new([("username", account.localpart()), ("password", NEW)])?
        .open(&page)
        .await?;
    Ok(device.to_owned())
}

#[tokio::test]
async fn the_password_changes_on_the_page_and_the_history_is_proven() -> Result<()> {
    let account = account().await?;
    let [laptop, phone] = account.sessions.as_slice() else {
        anyhow::bail!("two sessions")
    };
    let before = device_ids(&account).await?;
    let command = command("reset", &account, &account.homeserver.base_url)?;
    let running = by_page(command, &account)?
        .arg("--end-session")
        .arg(phone.device_id().as_str())
        .start()?;
    let first = code(&running, None).await?;
    let_in(&account, &running, &account.password, &first).await?;
    set_new_password(&account, &running).await?;
    let second = code(&running, Some(&first)).await?;
    let_in(&account, &running, NEW, &second).await?;

    // The one session that is to end does so where such servers end sessions.
    let ended = end_session(&account, &running, 0).await?;
    ensure!(ended == phone.device_id().as_str(), "{ended}");
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let says = format!("The session {ended} is signed out, on the account page.");
    ensure!(outcome.stderr.contains(&says), "{outcome}");
    let document = outcome.json()?;
    ensure!(document["route"] == "account-page", "{document:#}");
    ensure_proven(&document)?;
    ensure!(laptop.runs(), "a session was signed out that was to be kept");
    wait::until("the other session to end", async || Ok((!phone.runs()).then_some(()))).await?;
    let mut left = before;
    left.remove(phone.device_id().as_str());
    ensure!(device_ids(&account).await? == left, "Lifeboat has left");
    Ok(())
}

/// Where every session is to go, the person ends those of others on the page, and Lifeboat what it has made itself.
#[tokio::test]
async fn nobody_is_sent_to_the_page_for_the_session_of_the_check() -> Result<()> {
    let account = account().await?;
    let before = device_ids(&account).await?;
    let command = command("reset", &account, &account.homeserver.base_url)?;
    let running = by_page(command, &account)?.arg("--end-sessions").start()?;
    let first = code(&running, None).await?;
    let_in(&account, &running, &account.password, &first).await?;
    set_new_password(&account, &running).await?;
    let second = code(&running, Some(&first)).await?;
    let_in(&account, &running, NEW, &second).await?;

    let mut ended = BTreeSet::new();
    for nth in 0..before.len() {
        ended.insert(end_session(&account, &running, nth).await?);
    }
    ensure!(ended == before, "{ended:?} and not {before:?}");
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(outcome.stderr.matches(ENDS).count() == before.len(), "{outcome}");
    ensure_proven(&outcome.json()?)?;
    for session in &account.sessions {
        wait::until("each session to end", async || Ok((!session.runs()).then_some(()))).await?;
    }
    Ok(())
}

/// A session that Lifeboat has kept is its own as well: whoever names it need not end it on the page.
#[tokio::test]
async fn a_kept_session_that_is_named_is_revoked() -> Result<()> {
    let account = account().await?;
    let before = device_ids(&account).await?;
    let checking = check(&account, "device-code")?
        .args(["--quick", "--keep-session"])
        .start()?;
    allow_code(&account, &checking).await?;
    let checked = checking.outcome().await?;
    let kept = device_ids(&account).await?;
    let kept = kept.difference(&before).next().context("a kept session")?;
    let base_url = account.homeserver.base_url.as_str();
    let command = checked.then(["reset", account.user_id.as_str(), "--homeserver", base_url])?;
    let command = command.arg("--ca-file").arg(tls::authority());
    let running = by_page(command, &account)?
        .arg("--end-session")
        .arg(kept.as_str())
        .start()?;
    set_new_password(&account, &running).await?;
    let code = code(&running, None).await?;
    let_in(&account, &running, NEW, &code).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let says = format!("The session {kept} is signed out, by Lifeboat.");
    ensure!(
        outcome.stderr.contains(&says) && !outcome.stderr.contains(ENDS),
        "{outcome}"
    );
    ensure!(device_ids(&account).await? == before, "Lifeboat is still there");
    Ok(())
}
