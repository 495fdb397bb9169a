//! The ways in, and the way out.

use anyhow::{Result, ensure};
use lifeboat_tests::snapshot::snapshot_of;

use super::{account, address, allow, allow_code, check, codes, command, device_ids, recovery};

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
        let next = next.arg("--ca-file").arg(lifeboat_tests::tls::authority());
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
