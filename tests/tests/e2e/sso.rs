//! Signing in with a browser: Synapse with a CAS server, and the pages a person walks through.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    api::segment,
    browser,
    lifeboat::{Lifeboat, Running},
    name,
    proxy::{Fault, Proxy},
    server::{Homeserver, Profile, Rank},
    snapshot::snapshot_of,
};
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use serde_json::json;

async fn account() -> Result<TestAccount> {
    AccountSpec::healthy(Way::PassphraseOfRounds(1000))
        .on(Profile::Sso)
        .build()
        .await
}

fn check(account: &TestAccount) -> Result<Lifeboat> {
    check_at(account, &account.homeserver.base_url)
}

fn check_at(account: &TestAccount, homeserver: &str) -> Result<Lifeboat> {
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
    ensure!(outcome.says(&words), "{outcome}");
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
    ensure!(outcome.says("does not offer signing in by browser"), "{outcome}");
    ensure!(outcome.says("Leave out --sso"), "{outcome}");
    ensure!(!outcome.says("http"), "an address that leads nowhere: {outcome}");
    Ok(())
}

/// The server's own provider is one of three: the person goes to the one that was named, and to no other.
#[tokio::test]
async fn one_of_several_identity_providers_is_chosen_by_its_name() -> Result<()> {
    let account = account().await?;
    let before = snapshot_of(&account).await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    proxy.intercept(|it| {
        let more = |mut answer: serde_json::Value| {
            let flows = answer["flows"].as_array_mut().into_iter().flatten();
            for flow in flows.filter(|it| it["type"] == "m.login.sso") {
                let others = [
                    json!({"id": "oidc-uni", "name": "University", "brand": "org.example.uni"}),
                    json!({"id": "saml-work", "name": "Work"}),
                ];
                let providers = flow["identity_providers"].as_array_mut();
                providers.into_iter().for_each(|it| it.extend(others.clone()));
            }
            answer
        };
        it.is(&Method::GET, "/v3/login").then(|| Fault::rewrite(more))
    });
    let check = |provider: &str| -> Result<Lifeboat> {
        Ok(check_at(&account, &proxy.base_url())?.args(["--identity-provider", provider]))
    };
    for (name, id) in [("university", "oidc-uni"), ("Work", "saml-work")] {
        let running = check(name)?.start()?;
        let address = address(&running).await?;
        ensure!(address.contains(&format!("/login/sso/redirect/{id}?")), "{address}");
        running.signal(Signal::INT)?;
        ensure!(running.outcome().await?.code()? == 130);
    }
    let running = check("CAS")?.start()?;
    let address = address(&running).await?;
    ensure!(address.contains("/login/sso/redirect/cas?"), "{address}");
    browser::sign_in(&address, account.localpart()).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.json()?["account"] == account.user_id.as_str(), "{outcome}");
    let unknown = check("GitHub")?.run().await?;
    ensure!(
        unknown.code()? == 1 && unknown.stderr.contains("University"),
        "{unknown}"
    );
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

/// Where the server takes passwords and this account has none, the account is told so, and not that it is a wrong one.
#[tokio::test]
async fn an_account_without_a_password_has_none_to_change() -> Result<()> {
    let homeserver = Homeserver::find(Profile::Sso)?;
    let (localpart, admin) = (name::fresh("sso-only")?, homeserver.admin().await?);
    let user = homeserver.user_id(&localpart);
    let path = format!("/_synapse/admin/v2/users/{}", segment(&user));
    let external = json!([{"auth_provider": "cas", "external_id": localpart}]);
    admin.put(&path, &json!({"external_ids": external})).await?;
    let running = Lifeboat::new(["reset", &user, "--homeserver", &homeserver.base_url, "--sso"])?
        .args(["--route", "old-password", "--yes", "--accept-cautions"])
        .secret("--old-password-file", "There is none")?
        .secret("--new-password-file", "New-Password-2")?
        .start()?;
    browser::sign_in(&address(&running).await?, &localpart).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 1, "{outcome}");
    ensure!(outcome.says("has no password on this server"), "{outcome}");
    ensure!(outcome.says("The password is unchanged."), "{outcome}");
    let devices = admin.get(&format!("{path}/devices")).await?;
    ensure!(devices["devices"] == json!([]), "a session was left behind: {devices}");
    // Its administrator sees who signs the person in.
    let seen = Lifeboat::new(["desk", "check", &user, "--homeserver", &homeserver.base_url, "--json"])?
        .secret("--admin-token-file", admin.token().context("a token")?)?
        .run()
        .await?;
    let findings = seen.json()?["findings"].to_string();
    ensure!(findings.contains("signs-in-elsewhere"), "{seen}");
    Ok(())
}
