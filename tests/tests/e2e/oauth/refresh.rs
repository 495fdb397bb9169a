//! Tokens that run out while Lifeboat works: they look exactly like tokens that were revoked.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::TestAccount,
    lifeboat::{Lifeboat, Outcome},
    oauth::OAuthServer,
    proxy::{Exchange, Fault, Proxy},
    wait,
};
use serde_json::json;
use tokio::sync::Notify;

use super::{account, address, allow, codes, command, device_ids, recovery};

/// What the forecast asks for: the one through the SDK, the other as a stream of our own.
const FORECAST: [&str; 2] = ["/messages", "/room_keys/keys"];

/// Runs a check that signs in with a browser; has `meanwhile` happen when each of `paths` is asked for, and only then
/// answers that.
async fn interrupted(
    command: Lifeboat,
    account: &TestAccount,
    proxy: &Proxy,
    paths: &[&'static str],
    meanwhile: impl AsyncFn(&OAuthServer) -> Result<()>,
) -> Result<Outcome> {
    let oauth = account.homeserver.oauth()?;
    let held = hold(proxy, paths);
    let running = command.start()?;
    allow(account, &address(&running, 0).await?).await?;
    let mut last: Option<&str> = None;
    for (path, held) in paths.iter().zip(held.iter()) {
        wait::until(path, async || Ok(held.asked.load(Ordering::SeqCst).then_some(()))).await?;
        if let Some(last) = last.replace(path) {
            // A token that ran out again before it was used would be no token that lives for minutes.
            let answered = |it: &Exchange| it.path.ends_with(last) && it.status == Some(200);
            wait::until(last, async || Ok(proxy.log().iter().any(answered).then_some(()))).await?;
        }
        meanwhile(&oauth).await?;
        held.release.notify_one();
    }
    running.outcome().await
}

/// A path whose first request is held.
#[derive(Default)]
struct HeldBack {
    asked: AtomicBool,
    release: Arc<Notify>,
}

/// Holds the first request of each of these paths, whichever comes first.
fn hold(proxy: &Proxy, paths: &[&'static str]) -> Arc<[HeldBack]> {
    let held: Arc<[HeldBack]> = paths.iter().map(|_| HeldBack::default()).collect();
    let (paths, hooked) = (paths.to_vec(), Arc::clone(&held));
    proxy.intercept(move |exchange| {
        let place = paths.iter().position(|it| exchange.path.ends_with(it))?;
        let held = hooked.get(place)?;
        let first = !held.asked.swap(true, Ordering::SeqCst);
        first.then(|| Fault::Held(Arc::clone(&held.release)))
    });
    held
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
    let outcome = interrupted(check, &account, &proxy, &FORECAST, run_out).await?;
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
    for path in FORECAST {
        let account = account().await?;
        let before = device_ids(&account).await?;
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        let check = command("check", &account, &proxy.base_url())?.args(["--auth", "oauth", "--json"]);
        let away = async |oauth: &OAuthServer| {
            let fault = (503, json!({"error": "temporarily_unavailable"}));
            oauth.set_fault(account.localpart(), Some(fault)).await?;
            oauth.run_out(account.localpart()).await
        };
        let outcome = interrupted(check, &account, &proxy, &[path], away).await?;
        ensure!(outcome.json()?["verdict"]["ended"] != "clear", "{path}: {outcome}");
        let found = codes(&outcome)?;
        let in_doubt = ["coverage-partial", "coverage-unknown"]
            .iter()
            .any(|it| found.contains(*it));
        ensure!(in_doubt, "{path}: {outcome}");
        // It could not be signed out either, and the person is told so.
        ensure!(outcome.stderr.contains("may remain"), "{path}: {outcome}");
        let after = device_ids(&account).await?;
        after.difference(&before).next().context("the session is still there")?;
    }
    Ok(())
}
