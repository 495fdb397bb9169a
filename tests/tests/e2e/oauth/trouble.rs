//! What goes wrong on the way in: nothing is left behind, and each has its own words.

use anyhow::{Result, ensure};
use lifeboat_tests::{
    lifeboat::{Lifeboat, Outcome},
    name,
    proxy::{Fault, Proxy},
};
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use serde_json::json;

use super::{Browser, account, address, allow, check, command, device_ids, person, user_code, with_a_code};

fn ensure_failed(outcome: &Outcome, code: i32, words: &str) -> Result<()> {
    ensure!(outcome.code()? == code, "{outcome}");
    ensure!(outcome.says(words), "not “{words}”: {outcome}");
    ensure!(!outcome.stderr.contains("may remain"), "{outcome}");
    Ok(())
}

#[tokio::test]
async fn a_person_says_no() -> Result<()> {
    let account = account().await?;
    let before = device_ids(&account).await?;
    let running = check(&account, "oauth")?.arg("--quick").start()?;
    Browser::new(person(&account, &account.password, "deny"))?
        .open(&address(&running, 0).await?)
        .await?;
    ensure_failed(&running.outcome().await?, 1, "declined in the browser")?;

    let running = check(&account, "device-code")?.arg("--quick").start()?;
    let code = user_code(&running).await?;
    let link = address(&running, 0).await?;
    with_a_code(&account, &code, "deny")?.open(&link).await?;
    ensure_failed(&running.outcome().await?, 1, "declined in the browser")?;
    ensure!(device_ids(&account).await? == before, "a session was left behind");
    Ok(())
}

#[tokio::test]
async fn codes_run_out_and_clients_are_unknown() -> Result<()> {
    let account = account().await?;
    let oauth = account.homeserver.oauth()?;
    let before = device_ids(&account).await?;
    let running = check(&account, "device-code")?.arg("--quick").start()?;
    oauth.expire(&user_code(&running).await?).await?;
    ensure_failed(&running.outcome().await?, 1, "took too long")?;
    for (status, error, words) in [
        (400, "invalid_grant", "took too long"),
        (401, "invalid_client", "invalid_client"),
        (502, "server_error", "authorization server"),
    ] {
        let fault = Some((status, json!({"error": error})));
        oauth.set_fault(account.localpart(), fault).await?;
        let running = check(&account, "oauth")?.arg("--quick").start()?;
        allow(&account, &address(&running, 0).await?).await?;
        ensure_failed(&running.outcome().await?, 1, words)?;
    }
    ensure!(device_ids(&account).await? == before, "a session was left behind");
    Ok(())
}

#[tokio::test]
async fn an_authorization_server_on_another_host_is_not_believed() -> Result<()> {
    let account = account().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "revocation_endpoint",
        "registration_endpoint",
        "device_authorization_endpoint",
    ] {
        proxy.intercept(move |exchange| {
            let elsewhere = move |mut metadata: serde_json::Value| {
                metadata[name] = json!("https://elsewhere.lifeboat.localhost/");
                metadata
            };
            exchange
                .is(&Method::GET, "/auth_metadata")
                .then(|| Fault::rewrite(elsewhere))
        });
        for auth in ["oauth", "device-code"] {
            let outcome = command("check", &account, &proxy.base_url())?
                .args(["--auth", auth, "--quick", "--json"])
                .run()
                .await?;
            ensure_failed(&outcome, 1, "does not belong to https://localhost")?;
            ensure!(!outcome.stderr.contains("Open this address"), "{outcome}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_wrong_person_in_the_browser_is_signed_out_again() -> Result<()> {
    let account = account().await?;
    let oauth = account.homeserver.oauth()?;
    let other = name::fresh("other")?;
    oauth.create(&other, "a password of its own").await?;
    let lent = oauth.begin(&other, "Laptop").await?;
    let running = check(&account, "oauth")?.arg("--quick").start()?;
    let mut browser = Browser::new([
        ("username", other.as_str()),
        ("password", "a password of its own"),
        ("answer", "allow"),
    ])?;
    browser.open(&address(&running, 0).await?).await?;
    let words = format!("You signed in as {}", account.homeserver.user_id(&other));
    ensure_failed(&running.outcome().await?, 1, &words)?;
    let api = account.homeserver.api().with_token(&lent.access_token);
    let sessions = api.get("/_matrix/client/v3/devices").await?;
    ensure!(sessions["devices"].as_array().map(Vec::len) == Some(1), "{sessions}");
    Ok(())
}

#[tokio::test]
async fn stopped_while_a_person_is_at_the_browser_it_leaves_nothing() -> Result<()> {
    let account = account().await?;
    let before = device_ids(&account).await?;
    for (auth, signal) in [("oauth", Signal::INT), ("device-code", Signal::TERM)] {
        let running = check(&account, auth)?.arg("--quick").start()?;
        address(&running, 0).await?;
        running.signal(signal)?;
        ensure_failed(&running.outcome().await?, 130, "Nothing was changed")?;
    }
    ensure!(device_ids(&account).await? == before, "a session was left behind");
    Ok(())
}

#[tokio::test]
async fn only_the_given_authority_is_trusted() -> Result<()> {
    let oauth = lifeboat_tests::server::Homeserver::find(lifeboat_tests::server::Profile::OAuth)?.oauth()?;
    let check = |ca_file: Option<&str>| -> Result<Lifeboat> {
        let who = [
            "check",
            "@mira:lifeboat.localhost",
            "--homeserver",
            oauth.base_url(),
            "--auth",
            "oauth",
        ];
        let command = Lifeboat::new(who)?;
        let Some(text) = ca_file else { return Ok(command) };
        let file = command.home().join("ca.pem");
        std::fs::write(&file, text)?;
        Ok(command.arg("--ca-file").arg(file))
    };
    ensure_failed(&check(None)?.run().await?, 1, "is signed by nobody this machine trusts")?;
    for nonsense in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let outcome = check(Some(nonsense))?.run().await?;
        ensure_failed(&outcome, 2, "cannot be used to check certificates")?;
    }
    Ok(())
}
