//! The ways in, and the way out.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    proxy::{Fault, Proxy, Reply},
    snapshot::snapshot_of,
    tls,
};
use matrix_sdk::reqwest::Method;
use serde_json::json;

use super::{account, address, allow, allow_code, check, codes, command, device_ids, recovery};
use crate::{
    terminal::{on_a_terminal, types},
    verify::read_code,
};

#[tokio::test]
async fn a_person_signs_in_with_the_code_flow_and_the_session_is_gone_afterwards() -> Result<()> {
    let account = account().await?;
    let before = snapshot_of(&account).await?;
    let running = check(&account, "oauth")?
        .secret("--recovery-key-file", recovery(&account)?)?
        .start()?;
    let page = allow(&account, &address(&running, 0).await?).await?;
    ensure!(page.status.is_success() && page.text.contains("Lifeboat"), "{page:?}");
    let outcome = running.outcome().await?;
    // Exactly what an account of this kind has to say, and the history was looked at.
    ensure!(codes(&outcome)?.iter().eq(["accounts-delegated"]), "{outcome}");
    ensure!(outcome.code()? == 0, "{outcome}");
    let report = outcome.json()?;
    ensure!(
        report["facts"]["server"]["password_change"]["known"] == "disabled",
        "{outcome}"
    );
    let sessions = report["facts"]["sessions"]["known"].as_array().map(Vec::len);
    ensure!(sessions == Some(3), "two and this one: {outcome}");
    ensure!(
        !outcome.stderr.contains("code=") || !outcome.stderr.contains("iss="),
        "{outcome}"
    );
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn a_person_types_a_code_into_another_browser() -> Result<()> {
    let account = account().await?;
    let before = snapshot_of(&account).await?;
    let running = check(&account, "device-code")?.arg("--quick").start()?;
    allow_code(&account, &running).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.json()?["account"] == account.user_id.as_str(), "{outcome}");
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

/// On a terminal a phone reads the address, with the code in it where the server has one.
#[tokio::test]
async fn a_camera_reads_where_the_code_is_typed() -> Result<()> {
    let account = account().await?;
    let before = device_ids(&account).await?;
    let (user, url) = (&account.user_id, &account.homeserver.base_url);
    let line = format!("check {user} --homeserver {url} --auth device-code --quick --ca-file");
    let running = on_a_terminal(&format!("{line} {}", tls::authority().display()))?.start()?;
    types(&running, "Recovery key or passphrase", "\n").await?;
    let read = running.said("the picture", |text| read_code(text).ok()).await?;
    let read = String::from_utf8(read)?;
    let shown = running.said("the address", |text| {
        let mut lines = text.lines().map(str::trim);
        lines.rfind(|it| it.starts_with("https://")).map(str::to_owned)
    });
    ensure!(shown.await? == read, "the picture leads to {read}");
    allow_code(&account, &running).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 10, "{outcome}");
    ensure!(device_ids(&account).await? == before, "a session was left behind");
    Ok(())
}

/// The word of the authorization server is not enough.
#[tokio::test]
async fn a_session_that_the_homeserver_still_takes_is_not_called_gone() -> Result<()> {
    let account = account().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let whose = json!({"user_id": account.user_id});
    let mut signed_in = false;
    proxy.intercept(move |it| {
        signed_in |= it.is(&Method::GET, "/devices");
        let asked = signed_in && it.is(&Method::GET, "/account/whoami");
        asked.then(|| Fault::Answer(Reply::json(200, &whose)))
    });
    let check = command("check", &account, &proxy.base_url())?;
    let running = check.args(["--auth", "oauth", "--quick", "--json"]).start()?;
    allow(&account, &address(&running, 0).await?).await?;
    let outcome = running.outcome().await?;
    for words in ["the homeserver still takes it", "may remain in your account"] {
        ensure!(outcome.says(words), "{words}: {outcome}");
    }
    outcome.json().context("what was found is told all the same")?;
    Ok(())
}

#[tokio::test]
async fn a_password_lets_in_where_the_server_offers_that_too() -> Result<()> {
    let account = account().await?;
    let before = device_ids(&account).await?;
    let oauth = account.homeserver.oauth()?;
    let check = || -> Result<_> {
        command("check", &account, oauth.base_url())?
            .args(["--quick", "--json"])
            .secret("--password-file", &account.password)
    };
    let outcome = check()?.run().await?;
    ensure!(outcome.json()?["account"] == account.user_id.as_str(), "{outcome}");
    ensure!(codes(&outcome)?.contains("accounts-delegated"), "{outcome}");
    ensure!(device_ids(&account).await? == before, "a session was left behind");
    for (status, errcode, words) in [
        (401, "M_USER_LOCKED", "This account is locked."),
        (403, "M_USER_DEACTIVATED", "This account is deactivated."),
        (403, "M_USER_SUSPENDED", "This account is suspended."),
        // As that server limits sign-ins: without a word how long.
        (429, "M_LIMIT_EXCEEDED", "Try again in a minute, and after that in ten"),
    ] {
        oauth.turn_away(account.localpart(), status, errcode).await?;
        let outcome = check()?.run().await?;
        ensure!(outcome.code()? == 1 && outcome.says(words), "{errcode}: {outcome}");
    }
    Ok(())
}

#[tokio::test]
async fn a_kept_session_goes_on_with_the_tokens_it_was_given_last() -> Result<()> {
    let account = account().await?;
    let oauth = account.homeserver.oauth()?;
    let before = device_ids(&account).await?;
    let running = check(&account, "oauth")?.args(["--quick", "--keep-session"]).start()?;
    allow(&account, &address(&running, 0).await?).await?;
    let mut outcome = running.outcome().await?;
    let kept: Vec<_> = device_ids(&account).await?.difference(&before).cloned().collect();
    ensure!(kept.len() == 1, "one session is kept: {kept:?}");
    // Each command finds a token that has run out, and leaves a refresh token behind that was never used before.
    for command in ["check", "leave"] {
        oauth.run_out(account.localpart()).await?;
        let base_url = &account.homeserver.base_url;
        let next = outcome.then([command, account.user_id.as_str(), "--homeserver", base_url])?;
        let next = next.arg("--ca-file").arg(tls::authority());
        let next = match command {
            "check" => next.args(["--quick", "--json"]),
            _ => next.arg("--force"),
        };
        outcome = next.run().await?;
        ensure!(!outcome.stderr.contains("has ended"), "{command}: {outcome}");
    }
    ensure!(outcome.code()? == 0, "{outcome}");
    // Each of the two has to; a token that runs out between two requests is taken anew once more.
    let refreshes = oauth.refreshes(account.localpart()).await?;
    ensure!(refreshes >= 2, "{refreshes} refreshes: {outcome}");
    ensure!(device_ids(&account).await? == before, "it is still there");
    Ok(())
}
