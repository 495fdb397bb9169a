//! Tokens that run out while Lifeboat works: they look exactly like tokens that were revoked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

/// Runs a check that signs in with a browser; has `meanwhile` happen when each of `paths` is asked for, while nothing
/// else is under way, and only then answers that.
async fn interrupted(
    command: Lifeboat,
    account: &TestAccount,
    proxy: &Proxy,
    paths: &[&'static str],
    meanwhile: impl AsyncFn(&OAuthServer) -> Result<()>,
) -> Result<Outcome> {
    let oauth = account.homeserver.oauth()?;
    let stage = Arc::new(Mutex::new(Stage::of(paths)));
    let hooked = Arc::clone(&stage);
    proxy.intercept(move |exchange| lock(&hooked).holds(exchange).map(Fault::Held));
    let running = command.start()?;
    allow(account, &address(&running, 0).await?).await?;
    for (number, path) in paths.iter().enumerate() {
        // A token that ran out again before it was used would be no token that lives for minutes.
        let used = async || Ok((number == 0 || all_is_asked_again(&proxy.log())).then_some(()));
        wait::until("new tokens", used).await?;
        wait::until(path, async || Ok(lock(&stage).stop_at(path).then_some(()))).await?;
        wait::until("quiet", async || Ok(lock(&stage).is_quiet(&proxy.log()).then_some(()))).await?;
        meanwhile(&oauth).await?;
        lock(&stage).go_on(path);
    }
    running.outcome().await
}

/// Which requests are held, and which go through.
struct Stage {
    /// The first request of each path waits for its own time.
    first: BTreeMap<&'static str, Option<Arc<Notify>>>,
    /// All others wait, too, while something happens that they would meet half done.
    others: Option<Vec<Arc<Notify>>>,
    held: usize,
}

impl Stage {
    fn of(paths: &[&'static str]) -> Self {
        Self {
            first: paths.iter().map(|it| (*it, None)).collect(),
            others: None,
            held: 0,
        }
    }

    fn holds(&mut self, exchange: &Exchange) -> Option<Arc<Notify>> {
        let release = Arc::new(Notify::new());
        let mut first = self.first.iter_mut().filter(|(_, it)| it.is_none());
        if let Some((_, first)) = first.find(|(path, _)| exchange.path.ends_with(**path)) {
            *first = Some(Arc::clone(&release));
        } else {
            self.others.as_mut()?.push(Arc::clone(&release));
        }
        self.held += 1;
        Some(release)
    }

    /// Holds everything from now on, once the first request of `path` is there.
    fn stop_at(&mut self, path: &str) -> bool {
        let there = self.first.get(path).is_some_and(Option::is_some);
        if there {
            self.others = Some(Vec::new());
        }
        there
    }

    /// Tells whether nothing waits for an answer but what is held.
    fn is_quiet(&self, log: &[Exchange]) -> bool {
        log.iter().filter(|it| it.status.is_none()).count() == self.held
    }

    /// Lets go of the first request of `path`, and of all others but those that wait for their own time.
    fn go_on(&mut self, path: &str) {
        let first = self.first.get(path).cloned().flatten();
        let released: Vec<_> = self.others.take().into_iter().flatten().chain(first).collect();
        self.held -= released.len();
        released.iter().for_each(|it| it.notify_one());
    }
}

/// Tells whether whatever was refused for its token has its answer now.
fn all_is_asked_again(log: &[Exchange]) -> bool {
    let again = |refused: &Exchange, later: &[Exchange]| {
        let same = |it: &&Exchange| it.path == refused.path && it.query == refused.query;
        later.iter().filter(same).any(|it| it.status == Some(200))
    };
    let refused = |it: &Exchange| it.status == Some(401);
    let mut places = log.iter().enumerate().filter(|(_, it)| refused(it)).peekable();
    places.peek().is_some() && places.all(|(place, it)| again(it, &log[place..]))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
