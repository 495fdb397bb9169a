//! What becomes of sessions: chosen ones, all others, Lifeboat's own.

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::TestAccount,
    lifeboat::{Lifeboat, Outcome, terminal::TerminalSpec},
    proxy::{Fault, Proxy, Reply},
    session::Session,
    wait,
};
use matrix_sdk::reqwest::Method;
use serde_json::json;

use super::{NEW, ensure_proven, healthy, reset, reset_at, ways::device_ids, who};

async fn ends(session: &Session) -> Result<()> {
    wait::until("the session to end", async || Ok((!session.runs()).then_some(()))).await
}

async fn later(account: &TestAccount) -> Result<Session> {
    Session::log_in(&account.homeserver.base_url, account.user_id.localpart(), NEW, "Later").await
}

/// Goes on in the same home with `lifeboat leave`.
pub(super) fn leave(outcome: Outcome, account: &TestAccount) -> Result<Lifeboat> {
    let who = who("leave", account);
    outcome.then(who.iter().filter(|it| **it != "--json"))
}

#[tokio::test]
async fn chosen_sessions_are_signed_out_one_by_one() -> Result<()> {
    let account = healthy().await?;
    let other = account.sessions.get(1).context("a second session")?;
    let outcome = reset(&account)?
        .arg("--end-session")
        .arg(other.device_id().as_str())
        .run()
        .await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let document = outcome.json()?;
    ensure_proven(&document)?;
    ensure!(
        document["aboard"] == false && document["ark"].is_string(),
        "{document:#}"
    );
    ends(other).await?;
    ensure!(account.first()?.runs(), "the wrong session was signed out");
    Ok(())
}

/// Somebody else is in the account: the password first, then the keys, then everybody else is out.
#[tokio::test]
async fn hacked_accounts_lose_nothing_and_everybody_else() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let outcome = reset_at(&account, &proxy.base_url())?.arg("--hacked").run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let document = outcome.json()?;
    ensure_proven(&document)?;
    ensure!(document["aboard"] == true && document["fate"] == "kept", "{document:#}");
    for session in &account.sessions {
        ends(session).await?;
    }
    let log = proxy.log();
    let place = |what: &str, find: &dyn Fn(&lifeboat_tests::proxy::Exchange) -> bool| {
        log.iter().position(find).with_context(|| what.to_owned())
    };
    let changed = place("the change", &|it| it.is(&Method::POST, "/account/password"))?;
    let keys = place("the keys", &|it| it.path.contains("/room_keys/keys/"))?;
    let ended = place("the end of a session", &|it| it.method == Method::DELETE)?;
    ensure!(changed < keys && keys < ended, "{changed} {keys} {ended}");

    // Lifeboat is the only one left, and leaves when another session can take its place.
    let outcome = leave(outcome, &account)?.run().await?;
    ensure!(outcome.code()? == 10, "{outcome}");
    let element = later(&account).await?;
    let key = account.recovery.text().context("a recovery key")?;
    element.client().encryption().recovery().recover(key).await?;
    element
        .wait_until("the session to be vouched for", async |client| {
            let own = client.encryption().get_own_device().await?;
            Ok(own.is_some_and(|it| it.is_cross_signed_by_owner()))
        })
        .await?;
    let outcome = leave(outcome, &account)?.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(device_ids(&element).await?.len() == 1, "Lifeboat is still there");
    element.sign_out().await
}

/// Between two sessions the server may want to be left alone for some seconds: whoever looks on is told.
#[tokio::test]
async fn a_person_sees_that_the_server_asks_to_wait() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let mut refused = false;
    proxy.intercept(move |it| {
        if refused || it.method != Method::DELETE {
            return None;
        }
        refused = true;
        let wait = json!({"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 5_000});
        Some(Fault::Answer(Reply::json(429, &wait)))
    });
    let folder = tempfile::tempdir()?;
    let file = |name: &str, text: &str| -> Result<String> {
        let path = folder.path().join(name);
        std::fs::write(&path, text)?;
        Ok(path.display().to_string())
    };
    let key = account.recovery.text().context("a recovery key")?;
    let line = format!(
        "reset {} --homeserver {} --hacked --yes --password-file {} --new-password-file {} --recovery-key-file {}",
        account.user_id,
        proxy.base_url(),
        file("password.txt", &account.password)?,
        file("new-password.txt", NEW)?,
        file("recovery-key.txt", key)?,
    );
    let terminal = TerminalSpec::new(&line).start()?;
    terminal
        .sees("signing the other sessions out the server asks to wait")
        .await?;
    terminal.ends(0, &[&account.password, NEW, key]).await?;
    for session in &account.sessions {
        ends(session).await?;
    }
    Ok(())
}

/// What is not back after the change may be in the very sessions that were to end: they stay.
#[tokio::test]
async fn no_session_is_signed_out_while_something_is_missing() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let mut changed = false;
    // After the change, no single room key comes back.
    proxy.intercept(move |it| {
        changed |= it.is(&Method::POST, "/account/password");
        let keys = it.method == Method::GET && it.path.contains("/room_keys/keys/");
        (changed && keys).then(|| Fault::rewrite(|_| json!({"sessions": {}})))
    });
    let outcome = reset_at(&account, &proxy.base_url())?.arg("--hacked").run().await?;
    ensure!(outcome.code()? == 21, "{outcome}");
    let document = outcome.json()?;
    ensure!(document["left_out"] == json!(["end-others"]), "{document:#}");
    ensure!(document["history"]["lost"] != 0, "{document:#}");
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    Ok(())
}

#[tokio::test]
async fn lifeboat_stays_when_it_is_told_to() -> Result<()> {
    let account = healthy().await?;
    let outcome = reset(&account)?.arg("--stay").run().await?;
    ensure!(outcome.code()? == 0 && outcome.json()?["aboard"] == true, "{outcome}");
    // Other sessions were kept and are vouched for, so it may leave at once.
    let outcome = leave(outcome, &account)?.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(
        device_ids(account.first()?).await?.len() == 2,
        "Lifeboat is still there"
    );
    Ok(())
}

#[tokio::test]
async fn no_ark_where_none_is_wanted() -> Result<()> {
    let account = healthy().await?;
    let outcome = reset(&account)?.args(["--end-sessions", "--no-ark"]).run().await?;
    ensure!(outcome.code()? == 0 && outcome.json()?["ark"].is_null(), "{outcome}");
    Ok(())
}

/// Some systems have one folder for data and for state: a new session there takes the place of no evidence.
#[tokio::test]
async fn one_folder_for_everything_loses_nothing() -> Result<()> {
    let account = healthy().await?;
    let command = reset(&account)?.arg("--end-sessions");
    let state = command.home().join("state");
    let outcome = command.env("XDG_DATA_HOME", state).run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let document = outcome.json()?;
    ensure_proven(&document)?;
    let folder = std::path::PathBuf::from(document["evidence"].as_str().context("evidence")?);
    for name in [
        "journal.jsonl",
        "before.json",
        "before.ark",
        "history.json",
        "after.json",
    ] {
        ensure!(folder.join(name).is_file(), "{name} is gone");
    }
    Ok(())
}
