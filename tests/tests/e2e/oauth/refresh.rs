//! Tokens that run out while Lifeboat works: they look exactly like tokens that were revoked.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::TestAccount,
    lifeboat::{Lifeboat, Outcome},
    oauth::OAuthServer,
    proxy::{Fault, Proxy},
    wait,
};
use serde_json::json;
use tokio::sync::Notify;

use super::{account, address, allow, codes, command, device_ids, recovery};

/// What the forecast asks for: the one through the SDK, the other as a stream of our own.
const FORECAST: [&str; 2] = ["/messages", "/room_keys/keys"];

/// Runs a check that signs in with a browser; has `meanwhile` happen once the forecast has begun, and only then goes on.
async fn interrupted(
    command: Lifeboat,
    account: &TestAccount,
    proxy: &Proxy,
    meanwhile: impl AsyncFnOnce(&OAuthServer) -> Result<()>,
) -> Result<Outcome> {
    let release = Arc::new(Notify::new());
    let held = Arc::clone(&release);
    // What is held is in no log yet.
    let asked: Arc<Mutex<BTreeSet<&str>>> = Arc::default();
    let noted = Arc::clone(&asked);
    proxy.intercept(move |exchange| {
        let path = FORECAST.into_iter().find(|it| exchange.path.ends_with(it))?;
        noted.lock().unwrap_or_else(PoisonError::into_inner).insert(path);
        Some(Fault::Held(Arc::clone(&held)))
    });
    let running = command.start()?;
    allow(account, &address(&running, 0).await?).await?;
    wait::until("the forecast to begin", async || {
        let asked = asked.lock().unwrap_or_else(PoisonError::into_inner).len();
        Ok((asked == FORECAST.len()).then_some(()))
    })
    .await?;
    meanwhile(&account.homeserver.oauth()?).await?;
    proxy.let_through();
    // A request may still be on its way to where it is held.
    let releasing = tokio::spawn(async move {
        loop {
            release.notify_waiters();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let outcome = running.outcome().await;
    releasing.abort();
    outcome
}

#[tokio::test]
async fn a_token_runs_out_in_the_middle_of_a_forecast() -> Result<()> {
    let account = account().await?;
    let before = device_ids(&account).await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let check = command("check", &account, &proxy.base_url())?
        .args(["--auth", "oauth", "--json"])
        .secret("--recovery-key-file", recovery(&account)?)?;
    let run_out = async |oauth: &OAuthServer| oauth.run_out(account.localpart()).await;
    let outcome = interrupted(check, &account, &proxy, run_out).await?;
    let found = codes(&outcome)?;
    ensure!(
        found.iter().eq(["accounts-delegated"]),
        "what was found is what an undisturbed check finds: {outcome}"
    );
    let log = proxy.log();
    for path in FORECAST {
        let refused = log
            .iter()
            .filter(|it| it.path.ends_with(path) && it.status == Some(401));
        ensure!(refused.count() > 0, "no token ran out at {path}");
    }
    let refreshes = account.homeserver.oauth()?.refreshes(account.localpart()).await?;
    ensure!(refreshes > 0, "{outcome}");
    ensure!(device_ids(&account).await? == before, "the session is still there");
    Ok(())
}

#[tokio::test]
async fn a_provider_that_is_away_ends_no_session_and_clears_nothing() -> Result<()> {
    let account = account().await?;
    let before = device_ids(&account).await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let check = command("check", &account, &proxy.base_url())?.args(["--auth", "oauth", "--json"]);
    let away = async |oauth: &OAuthServer| {
        let fault = (503, json!({"error": "temporarily_unavailable"}));
        oauth.set_fault(account.localpart(), Some(fault)).await?;
        oauth.run_out(account.localpart()).await
    };
    let outcome = interrupted(check, &account, &proxy, away).await?;
    ensure!(outcome.json()?["verdict"]["ended"] != "clear", "{outcome}");
    ensure!(codes(&outcome)?.contains("coverage-unknown"), "{outcome}");
    // It could not be signed out either, and the person is told so.
    ensure!(outcome.stderr.contains("may remain"), "{outcome}");
    let after = device_ids(&account).await?;
    after.difference(&before).next().context("the session is still there")?;
    Ok(())
}
