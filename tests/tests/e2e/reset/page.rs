//! The account page of an OAuth server: what such a server says is put into a Synapse's mouth, and its page is an
//! administrator who sets the password, as the page would, without ending any session.

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::TestAccount,
    api::{Api, segment},
    lifeboat::{Lifeboat, Running},
    proxy::{Exchange, Fault, Proxy, Reply},
};
use matrix_sdk::reqwest::Method;
use serde_json::json;

use super::{NEW, ensure_proven, healthy, reset_at, resume};

/// Answers as a server does that hands its accounts to an OAuth server and still takes passwords for signing in.
pub(super) fn delegated(it: &Exchange) -> Option<Fault> {
    if it.is(&Method::GET, "/auth_metadata") {
        let metadata = json!({
            "issuer": "https://account.example.org/", "account_management_uri": "https://account.example.org/account",
        });
        return Some(Fault::Answer(Reply::json(200, &metadata)));
    }
    if it.is(&Method::GET, "/capabilities") {
        return Some(Fault::rewrite(|mut it| {
            it["capabilities"]["m.change_password"] = json!({"enabled": false});
            it
        }));
    }
    let unknown = it.path.contains("/account/password");
    unknown.then(|| Fault::Answer(Reply::error(404, "M_UNRECOGNIZED", "Unrecognized request")))
}

/// Sets the password as the page does.
pub(crate) async fn change_on_page(admin: &Api, account: &TestAccount, new: &str) -> Result<()> {
    let path = format!(
        "/_synapse/admin/v1/reset_password/{}",
        segment(account.user_id.as_str())
    );
    let body = json!({"new_password": new, "logout_devices": false});
    admin.post(&path, &body).await?;
    Ok(())
}

/// Tells whether somebody is told to go to the page.
pub(super) fn sends_to_page(running: &Running) -> bool {
    running.has_said("https://account.example.org/account")
}

/// Looks after two seconds and not after ten whether somebody has been on the page.
pub(super) fn hurried(command: Lifeboat) -> Lifeboat {
    command.env("LIFEBOAT_TEST_HURRY", "5")
}

async fn wait_for_page(running: &Running) -> Result<()> {
    let says = |text: &str| text.contains("https://account.example.org/account").then_some(());
    running.said("the page's address", says).await
}

fn through(proxy: &Proxy, account: &TestAccount) -> Result<Lifeboat> {
    Ok(hurried(reset_at(account, &proxy.base_url())?).arg("--accept-cautions"))
}

/// The route is found by what the server says, and a sign-in with the new password shows that it was taken.
#[tokio::test]
async fn a_sign_in_shows_that_the_page_was_used() -> Result<()> {
    let account = healthy().await?;
    let admin = account.homeserver.admin().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    proxy.intercept(delegated);
    let running = through(&proxy, &account)?.start()?;
    wait_for_page(&running).await?;
    change_on_page(&admin, &account, NEW).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let document = outcome.json()?;
    ensure_proven(&document)?;
    ensure!(document["route"] == "account-page", "{document:#}");
    ensure!(
        outcome.stderr.contains("Forgot password?"),
        "what to look for there: {outcome}"
    );
    Ok(())
}

/// Stopped while waiting for the page: nothing is changed, and going on needs no second look at the page.
#[tokio::test]
async fn stopped_at_the_page_and_gone_on() -> Result<()> {
    let account = healthy().await?;
    let admin = account.homeserver.admin().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    proxy.intercept(delegated);
    let running = through(&proxy, &account)?.start()?;
    wait_for_page(&running).await?;
    running.signal(rustix::process::Signal::INT)?;
    let stopped = running.outcome().await?;
    ensure!(stopped.code()? == 130, "{stopped}");
    ensure!(stopped.stderr.contains("The password is unchanged."), "{stopped}");
    change_on_page(&admin, &account, NEW).await?;
    let resumed = resume(stopped, &account, &account.password, NEW)?.run().await?;
    ensure!(resumed.code()? == 0, "{resumed}");
    ensure_proven(&resumed.json()?).context("after the page")?;
    Ok(())
}
