//! Signing in with a browser: Synapse with a CAS server, and the pages a person walks through.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    browser,
    lifeboat::{Lifeboat, Running},
    name,
    server::{Homeserver, Profile, Rank},
    snapshot::snapshot_of,
};
use rustix::process::Signal;

async fn account() -> Result<TestAccount> {
    AccountSpec::healthy(Way::PassphraseOfRounds(1000))
        .on(Profile::Sso)
        .build()
        .await
}

fn check(account: &TestAccount) -> Result<Lifeboat> {
    let homeserver = &account.homeserver.base_url;
    let arguments = [
        "check",
        account.user_id.as_str(),
        "--homeserver",
        homeserver,
        "--sso",
        "--quick",
        "--json",
    ];
    Lifeboat::new(arguments)
}

/// Waits for the address that the person is to open.
async fn address(running: &Running) -> Result<String> {
    let find = |text: &str| {
        let lines = text.split_inclusive('\n').filter(|it| it.ends_with('\n'));
        lines
            .map(str::trim)
            .find(|it| it.starts_with("http"))
            .map(str::to_owned)
    };
    running.said("the address for the browser", find).await
}

#[tokio::test]
async fn a_person_signs_in_with_a_browser() -> Result<()> {
    let account = account().await?;
    let before = snapshot_of(&account).await?;
    let recovery = account.recovery.text().context("a passphrase")?;
    let running = check(&account)?.secret("--recovery-key-file", recovery)?.start()?;
    let page = browser::sign_in(&address(&running).await?, account.localpart()).await?;
    ensure!(page.status.is_success() && page.text.contains("Lifeboat"), "{page:?}");
    let outcome = running.outcome().await?;
    let document = outcome.json()?;
    ensure!(document["account"] == account.user_id.as_str(), "{outcome}");
    let this = document["facts"]["sessions"]["known"].as_array().context("sessions")?;
    ensure!(this.iter().filter(|it| it["this"] == true).count() == 1, "{outcome}");
    ensure!(!outcome.stderr.contains("loginToken="), "the sign-in token was shown");
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn the_wrong_person_in_the_browser_is_signed_out_again() -> Result<()> {
    let account = account().await?;
    let homeserver = &account.homeserver;
    let other = name::fresh("other")?;
    homeserver.register(&other, "a password of its own", Rank::User).await?;
    let running = check(&account)?.start()?;
    browser::sign_in(&address(&running).await?, &other).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 1, "{outcome}");
    let words = format!("You signed in as {}", homeserver.user_id(&other));
    let flat = outcome.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    ensure!(flat.contains(&words) || outcome.stdout.contains(&words), "{outcome}");
    let sessions = homeserver.sign_in(&other, "a password of its own").await?;
    let sessions = sessions.get("/_matrix/client/v3/devices").await?;
    ensure!(sessions["devices"].as_array().map(Vec::len) == Some(1), "{sessions}");
    Ok(())
}

#[tokio::test]
async fn stopped_while_the_browser_is_open_it_leaves_nothing() -> Result<()> {
    let account = account().await?;
    let before = snapshot_of(&account).await?;
    for signal in [Signal::INT, Signal::TERM] {
        let running = check(&account)?.start()?;
        let address = address(&running).await?;
        running.signal(signal)?;
        let outcome = running.outcome().await?;
        ensure!(outcome.code()? == 130, "{signal:?}: {outcome}");
        ensure!(
            !outcome.stderr.contains("may remain"),
            "there was no session yet: {outcome}"
        );
        // The browser now finds nobody at the end of its way.
        ensure!(browser::sign_in(&address, account.localpart()).await.is_err());
    }
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn a_server_without_browser_sign_in_is_said_at_once() -> Result<()> {
    let homeserver = Homeserver::find(Profile::Default)?;
    let user = homeserver.user_id("somebody");
    let arguments = ["check", &user, "--homeserver", &homeserver.base_url, "--sso", "--quick"];
    let outcome = Lifeboat::new(arguments)?.run().await?;
    ensure!(outcome.code()? == 1, "{outcome}");
    let flat = outcome.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    ensure!(flat.contains("does not offer signing in by browser"), "{outcome}");
    ensure!(flat.contains("Leave out --sso"), "{outcome}");
    ensure!(!flat.contains("http"), "an address that leads nowhere: {outcome}");
    Ok(())
}
