//! E-mail addresses, mails and the link in them.

use anyhow::{Context, Result};
use lifeboat_tests::account::{AccountSpec, Defect, Way};
use lifeboat_tests::name;
use lifeboat_tests::server::{Homeserver, Profile};
use matrix_sdk::reqwest::Method;
use serde_json::{Value, json};

use super::spoiled;

/// Asks for a reset mail; returns what the last request of the reset needs.
async fn ask_for_mail(homeserver: &Homeserver, email: &str) -> Result<Value> {
    let client_secret = name::fresh("secret")?;
    let request = json!({"client_secret": client_secret, "email": email, "send_attempt": 1});
    let answer = homeserver
        .api()
        .post("/_matrix/client/v3/account/password/email/requestToken", &request)
        .await?;
    Ok(json!({"sid": answer["sid"], "client_secret": client_secret}))
}

#[tokio::test]
async fn the_link_in_the_mail_confirms_when_its_button_is_pressed() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).with(Defect::BrandNew).build().await?;
    let homeserver = &account.homeserver;
    let email = account.email.as_deref().context("no address")?;
    let creds = ask_for_mail(homeserver, email).await?;
    let link = homeserver.mailbox().wait_for(email, 1).await?.reset_link()?;
    let request = json!({
        "new_password": "New-Password-2", "logout_devices": false,
        "auth": {"type": "m.login.email.identity", "threepid_creds": creds},
    });
    let path = "/_matrix/client/v3/account/password";

    link.open().await?;
    let refused = homeserver.api().call(Method::POST, path, Some(&request)).await?;
    assert_eq!(refused.status, 401, "opening the link confirms nothing");

    link.press().await?;
    homeserver.api().post(path, &request).await?;
    homeserver.sign_in(account.localpart(), "New-Password-2").await?;
    assert!(account.first()?.runs(), "the session was kept");
    Ok(())
}

#[tokio::test]
async fn a_mail_goes_to_its_own_address_alone() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).with(Defect::BrandNew).build().await?;
    let email = account.email.as_deref().context("no address")?;
    ask_for_mail(&account.homeserver, email).await?;
    let mailbox = account.homeserver.mailbox();
    mailbox.wait_for(email, 1).await?;
    assert_eq!(mailbox.messages_to(email)?.len(), 1);
    assert!(mailbox.messages_to("nobody@mail.lifeboat.localhost")?.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_account_without_an_address() -> Result<()> {
    let account = spoiled(Defect::NoEmail).await?;
    let addresses = account.api()?.get("/_matrix/client/v3/account/3pid").await?;
    assert_eq!(addresses["threepids"], json!([]));
    Ok(())
}

#[tokio::test]
async fn every_profile_has_a_server() -> Result<()> {
    for profile in [Profile::Default, Profile::Limits, Profile::Policy, Profile::ShortLink] {
        let homeserver = Homeserver::find(profile)?;
        let versions = homeserver.api().get("/_matrix/client/versions").await?;
        assert!(versions["versions"].is_array(), "{profile:?}");
    }
    Ok(())
}
