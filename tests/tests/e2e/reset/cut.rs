//! Answers that are lost or odd around the change of the password.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Result, ensure};
use lifeboat_tests::{
    proxy::{Exchange, Fault, Proxy, Reply},
    session::Session,
};
use matrix_sdk::reqwest::Method;
use serde_json::{Value, json};

use super::{NEW, ensure_proven, healthy, reset_at, resume, who_at, with_secrets};

pub(crate) fn is_change(exchange: &Exchange) -> bool {
    exchange.is(&Method::POST, "/account/password")
}

/// Lets the change of the password through, and nothing after it.
pub(crate) fn cut_from_the_change_on(proxy: &Proxy) {
    let mut changed = false;
    proxy.intercept(move |it| {
        let cut = changed.then_some(Fault::CutBefore);
        changed |= is_change(it);
        cut
    });
}

/// A key backup with a key that nobody in these tests has, as the server describes it.
pub(crate) fn other_backup() -> Value {
    json!({
        "version": "77", "algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "count": 0, "etag": "0",
        "auth_data": {"public_key": "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo"},
    })
}

/// Meets the first change of the password with `fault`, and whatever else `also` chooses.
fn meet(proxy: &Proxy, fault: Fault) -> Arc<AtomicUsize> {
    let changes = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&changes);
    proxy.intercept(move |it| {
        let first = is_change(it) && seen.fetch_add(1, Ordering::SeqCst) == 0;
        first.then(|| fault.clone())
    });
    changes
}

#[tokio::test]
async fn an_answer_that_is_lost_is_found_out() -> Result<()> {
    // Lost before the server saw the change, and lost on the way back.
    for (fault, changes) in [(Fault::CutBefore, 2), (Fault::CutAfter, 1)] {
        let account = healthy().await?;
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        let seen = meet(&proxy, fault.clone());
        let outcome = reset_at(&account, &proxy.base_url())?.run().await?;
        ensure!(outcome.code()? == 0, "{fault:?}: {outcome}");
        ensure_proven(&outcome.json()?)?;
        ensure!(
            seen.load(Ordering::SeqCst) == changes,
            "{fault:?}: {}",
            seen.load(Ordering::SeqCst)
        );
        ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    }
    Ok(())
}

/// The answer is lost and the server is gone: nobody knows, and that has its own exit status and its own command.
#[tokio::test]
async fn the_dark_moment() -> Result<()> {
    for fault in [Fault::CutBefore, Fault::CutAfter] {
        let account = healthy().await?;
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        let gone = Arc::new(AtomicUsize::new(0));
        let (since, meets) = (Arc::clone(&gone), fault.clone());
        proxy.intercept(move |it| {
            if is_change(it) && since.fetch_add(1, Ordering::SeqCst) == 0 {
                return Some(meets.clone());
            }
            (since.load(Ordering::SeqCst) > 0).then_some(Fault::CutBefore)
        });
        let dark = reset_at(&account, &proxy.base_url())?.run().await?;
        ensure!(dark.code()? == 20, "{fault:?}: {dark}");
        ensure!(dark.stderr.contains("lifeboat resume"), "{dark}");
        ensure!(dark.stderr.contains("Nothing is lost."), "{dark}");
        proxy.let_through();
        // Whoever begins anew is sent there, too.
        let again = dark.then(who_at("reset", &account, &proxy.base_url()))?.arg("--yes");
        let again = with_secrets(again, &account, &account.password, "Third-Password-3")?;
        let again = again.run().await?;
        ensure!(again.code()? == 20, "{fault:?}: {again}");
        ensure!(again.stderr.contains("Finish it first: lifeboat resume"), "{again}");
        let resumed = resume(again, &account, &account.password, NEW)?.run().await?;
        ensure!(resumed.code()? == 0, "{fault:?}: {resumed}");
        ensure_proven(&resumed.json()?)?;
        let later = Session::log_in(&account.homeserver.base_url, account.user_id.localpart(), NEW, "Later").await?;
        later.sign_out().await?;
    }
    Ok(())
}

/// What was checked is not what is there any more: the clearance lapses, and nothing is changed.
#[tokio::test]
async fn a_backup_that_was_replaced_meanwhile() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let asked = Arc::new(AtomicUsize::new(0));
    proxy.intercept(move |it| {
        let version = it.is(&Method::GET, "/room_keys/version");
        let later = version && asked.fetch_add(1, Ordering::SeqCst) > 0;
        later.then(|| Fault::Answer(Reply::json(200, &other_backup())))
    });
    let outcome = reset_at(&account, &proxy.base_url())?.run().await?;
    ensure!(outcome.code()? == 1, "{outcome}");
    ensure!(
        outcome.stderr.contains("the key backup was replaced since the check")
            || outcome.stderr.contains("The key backup was replaced"),
        "{outcome}"
    );
    ensure!(!proxy.log().iter().any(is_change), "the password was changed");
    Ok(())
}

/// A recovery key that is refused after the change loses nothing: another one is tried without starting over.
#[tokio::test]
async fn a_recovery_key_that_is_refused_after_the_change() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let changed = Arc::new(AtomicUsize::new(0));
    let since = Arc::clone(&changed);
    proxy.intercept(move |it| {
        if is_change(it) {
            since.fetch_add(1, Ordering::SeqCst);
        }
        // The storage key is another one after the change.
        let described = it.method == Method::GET && it.path.contains("/m.secret_storage.key.");
        (described && since.load(Ordering::SeqCst) > 0).then(|| {
            Fault::rewrite(|mut it| {
                it["mac"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
                it
            })
        })
    });
    let incomplete = reset_at(&account, &proxy.base_url())?.run().await?;
    ensure!(incomplete.code()? == 21, "{incomplete}");
    ensure!(incomplete.stderr.contains("lifeboat resume"), "{incomplete}");
    proxy.let_through();
    // Somebody else's key is refused again, and the right one does it.
    let other = "EsT3 4kza y1Xs efFA tKyi HVwT kdEP 4UEk rvNr dFvy 8nGq AkqP";
    let refused = incomplete
        .then(who_at("resume", &account, &proxy.base_url()))?
        .secret("--new-password-file", NEW)?
        .secret("--recovery-key-file", other)?
        .run()
        .await?;
    ensure!(refused.code()? == 21, "{refused}");
    let resumed = resume(refused, &account, &account.password, NEW)?.run().await?;
    ensure!(resumed.code()? == 0, "{resumed}");
    ensure_proven(&resumed.json()?)?;
    ensure!(changed.load(Ordering::SeqCst) == 1, "the password was changed twice");
    Ok(())
}

#[tokio::test]
async fn two_runs_at_once() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let waits = Arc::new(AtomicUsize::new(0));
    let (held, waiting) = (Arc::clone(&waits), Arc::clone(&waits));
    proxy.intercept(move |it| {
        let first = it.is(&Method::POST, "/v3/login") && held.fetch_add(1, Ordering::SeqCst) == 0;
        first.then_some(Fault::Late(std::time::Duration::from_secs(20)))
    });
    let running = reset_at(&account, &proxy.base_url())?.start()?;
    let begun = async || Ok((waiting.load(Ordering::SeqCst) > 0).then_some(()));
    lifeboat_tests::wait::until("the first run to begin", begun).await?;
    let second = reset_at(&account, &proxy.base_url())?
        .env("XDG_STATE_HOME", running.home().join("state"))
        .run()
        .await?;
    ensure!(
        second.code()? == 1 && second.stderr.contains("nother Lifeboat is at work"),
        "{second}"
    );
    proxy.let_through();
    drop(running);
    Ok(())
}
