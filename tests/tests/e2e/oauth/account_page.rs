//! The account page: the person changes the password there, signs in again, and the history is proven.

use anyhow::{Result, ensure};
use lifeboat_tests::{lifeboat::Running, wait};

use super::{Browser, account, command, device_ids, recovery};
use crate::reset::ensure_proven;

const NEW: &str = "New-Password-2";

/// Waits for the address on a line by itself that contains this.
async fn place(running: &Running, part: &str) -> Result<String> {
    let find = |text: &str| {
        let mut lines = text
            .split_inclusive('\n')
            .filter(|it| it.ends_with('\n'))
            .map(str::trim);
        lines
            .find(|it| it.starts_with("https://") && it.contains(part))
            .map(str::to_owned)
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

#[tokio::test]
async fn the_password_changes_on_the_page_and_the_history_is_proven() -> Result<()> {
    let account = account().await?;
    let [laptop, phone] = account.sessions.as_slice() else {
        anyhow::bail!("two sessions")
    };
    let before = device_ids(&account).await?;
    let running = command("reset", &account, &account.homeserver.base_url)?
        .args(["--auth", "device-code", "--route", "account-page", "--json", "--yes"])
        .arg("--accept-cautions")
        .arg("--end-session")
        .arg(phone.device_id().as_str())
        .secret("--recovery-key-file", recovery(&account)?)?
        .start()?;
    let user = account.localpart();
    let sign_in = async |password: &str, code: &str| {
        let answers = [
            ("username", user),
            ("password", password),
            ("answer", "allow"),
            ("user_code", code),
        ];
        Browser::new(answers)?.open(&place(&running, "/link").await?).await
    };
    let first = code(&running, None).await?;
    sign_in(&account.password, &first).await?;

    let answers = [
        ("username", user),
        ("password", account.password.as_str()),
        ("new_password", NEW),
    ];
    let page = Browser::new(answers)?
        .open(&place(&running, "/account/").await?)
        .await?;
    ensure!(page.text.contains("Done"), "{page:?}");
    let second = code(&running, Some(&first)).await?;
    sign_in(NEW, &second).await?;

    // The one session that is to end does so where such servers end sessions.
    let page = place(&running, "action=org.matrix.device_delete").await?;
    ensure!(page.contains(phone.device_id().as_str()), "{page}");
    Browser::new([("username", user), ("password", NEW)])?
        .open(&page)
        .await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
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
