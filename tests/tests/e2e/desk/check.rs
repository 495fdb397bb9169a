//! Looking from outside, and with the eyes of the person.

use std::{
    collections::BTreeSet,
    ops::RangeInclusive,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, Way},
    api::segment,
    lifeboat::Outcome,
    proxy::Proxy,
    snapshot::snapshot_of,
    wait,
};
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::desk;
use crate::reset::{SHORT, healthy};

fn codes(report: &Value) -> BTreeSet<&str> {
    let findings = report["findings"].as_array().into_iter().flatten();
    findings.filter_map(|it| it["code"].as_str()).collect()
}

fn verdicts(outcome: &Outcome) -> Result<[String; 2]> {
    let report = outcome.json()?;
    Ok(["kept", "ended"].map(|fate| report["verdict"][fate].as_str().unwrap_or_default().to_owned()))
}

#[tokio::test]
async fn a_healthy_account_is_amber_and_never_clear() -> Result<()> {
    let account = healthy().await?;
    let admin = account.homeserver.admin().await?;
    let before = snapshot_of(&account).await?;
    let base_url = account.homeserver.base_url.as_str();
    let check = || desk("check", account.user_id.as_str(), base_url, &admin);
    let shown = check()?.run().await?;
    ensure!(shown.code()? == 10, "{shown}");
    ensure!(shown.says("Seen from your chair AMBER"), "{shown}");
    let outcome = check()?.args(["--json", "--fate", "kept"]).run().await?;
    ensure!(outcome.code()? == 11, "{outcome}");
    ensure!(verdicts(&outcome)? == ["caution", "blocked"], "{outcome}");
    let report = outcome.json()?;
    let facts = &report["facts"];
    let sessions = facts["sessions"]["known"].as_array().context("sessions")?;
    ensure!(sessions.len() == account.sessions.len(), "{report:#}");
    ensure!(sessions.iter().all(|it| it["keys"]["known"] == "signed"), "{report:#}");
    ensure!(
        facts["account"]["emails"]["known"].as_array().map(Vec::len) == Some(1),
        "{report:#}"
    );
    ensure!(
        facts["account"]["administration"]["restrictions"] == json!([]),
        "{report:#}"
    );
    // What only the person can know is a gap, and nothing that can be seen is amiss.
    for gap in ["key_trial", "proof", "coverage"] {
        ensure!(facts[gap]["unknown"] == "not-asked", "{gap}: {report:#}");
    }
    let expected = ["backup-unknown", "coverage-unknown", "recovery-key-not-tested"];
    ensure!(codes(&report).into_iter().eq(expected), "{report:#}");
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn what_is_broken_or_restricted_is_seen_from_outside() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .history(SHORT)
        .with(Defect::BackupKeyNotStored)
        .with(Defect::UnverifiedSession)
        .build()
        .await?;
    let admin = account.homeserver.admin().await?;
    let user = segment(account.user_id.as_str());
    let external = json!([{"auth_provider": "oidc-work", "external_id": account.user_id}]);
    admin
        .put(
            &format!("/_synapse/admin/v2/users/{user}"),
            &json!({"external_ids": external}),
        )
        .await?;
    admin
        .post(&format!("/_synapse/admin/v1/users/{user}/shadow_ban"), &json!({}))
        .await?;
    let base_url = account.homeserver.base_url.as_str();
    let check = || desk("check", account.user_id.as_str(), base_url, &admin);
    let outcome = check()?.args(["--json", "--status-file", "status.json"]).run().await?;
    let report = outcome.json()?;
    let found = codes(&report);
    for code in [
        "backup-key-not-in-storage",
        "session-not-signed",
        "signs-in-elsewhere",
        "account-restricted",
    ] {
        ensure!(found.contains(code), "{code}: {report:#}");
    }
    let shown = check()?.run().await?;
    ensure!(shown.says("Seen from your chair RED"), "{shown}");
    ensure!(shown.says("it is shadow-banned"), "{shown}");
    ensure!(shown.says("signs the person in: oidc-work"), "{shown}");
    // What was written is judged the same again.
    let again = outcome
        .then(["check", "--from", "status.json", "--json"])?
        .run()
        .await?;
    ensure!(again.json()?["findings"] == report["findings"], "{again}");
    Ok(())
}

#[tokio::test]
async fn with_the_eyes_of_the_person_messages_are_counted_and_no_session_is_made() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .history(SHORT)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    let admin = account.homeserver.admin().await?;
    let before = snapshot_of(&account).await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let base_url = proxy.base_url();
    let command = || desk("check", account.user_id.as_str(), &base_url, &admin);
    // Nobody is acted for without their word.
    let silent = command()?.args(["--as-user", "--json"]).run().await?;
    ensure!(silent.code()? == 2 && silent.stderr.contains("--consent"), "{silent}");
    let began = now()?;
    let outcome = command()?
        .args(["--as-user", "--consent", "by phone, ticket 4711", "--json"])
        .run()
        .await?;
    runs_out_after_twelve_hours(&proxy, began..=now()?)?;
    let report = outcome.json()?;
    ensure!(verdicts(&outcome)? == ["caution", "blocked"], "{report:#}");
    ensure!(codes(&report).contains("coverage-at-risk"), "{report:#}");
    let lost = report["facts"]["coverage"]["known"]["at_risk"].as_u64();
    ensure!(lost.is_some_and(|it| it > 0), "{report:#}");
    let acted = &report["facts"]["account"]["administration"]["acted_as_person"];
    ensure!(acted["consent"] == "by phone, ticket 4711", "{report:#}");
    ensure!(
        acted["by"].as_str().is_some_and(|it| it.starts_with("@admin-")),
        "{report:#}"
    );
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    tokens_are_over(&proxy, admin.token().context("a token")?, &account.homeserver.api()).await?;

    // Stopped in the middle, it ends the token all the same.
    proxy.clear();
    let held = std::sync::Arc::new(tokio::sync::Notify::new());
    let hold = std::sync::Arc::clone(&held);
    proxy.intercept(move |it| {
        let listing = it.path.ends_with("/messages");
        listing.then(|| lifeboat_tests::proxy::Fault::Held(std::sync::Arc::clone(&hold)))
    });
    let running = command()?
        .args(["--as-user", "--consent", "by phone", "--json"])
        .start()?;
    wait::until("the history", async || {
        Ok(proxy
            .log()
            .iter()
            .any(|it| it.path.ends_with("/messages"))
            .then_some(()))
    })
    .await?;
    running.signal(Signal::INT)?;
    proxy.let_through();
    held.notify_waiters();
    running.outcome().await?;
    tokens_are_over(&proxy, admin.token().context("a token")?, &account.homeserver.api()).await
}

/// The moment, in milliseconds since the Unix epoch.
fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis().try_into()?)
}

/// However wrong the clock of the administrator's machine is, the server gives a token that is good, and for no longer.
#[tokio::test]
async fn with_the_eyes_of_the_person_by_whatever_clock() -> Result<()> {
    const YEAR: i64 = 365 * 24 * 60 * 60;
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let admin = account.homeserver.admin().await?;
    for jump in [YEAR, -YEAR] {
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        let began = now()?;
        let outcome = desk("check", account.user_id.as_str(), &proxy.base_url(), &admin)?
            .args(["--as-user", "--consent", "by phone", "--json"])
            .env("LIFEBOAT_TEST_CLOCK", jump.to_string())
            .run()
            .await?;
        let report = outcome.json().with_context(|| format!("{jump} seconds"))?;
        ensure!(
            report["facts"]["coverage"]["known"]["at_risk"] == 0,
            "{jump} seconds: {outcome}"
        );
        runs_out_after_twelve_hours(&proxy, began..=now()?).with_context(|| format!("{jump} seconds"))?;
        tokens_are_over(&proxy, admin.token().context("a token")?, &account.homeserver.api()).await?;
    }
    Ok(())
}

/// The token that acts as the person, asked for at this time, is over by itself twelve hours later, whatever happens to
/// Lifeboat. Servers say the time in whole seconds.
fn runs_out_after_twelve_hours(proxy: &Proxy, asked: RangeInclusive<u64>) -> Result<()> {
    const TWELVE_HOURS: u64 = 12 * 60 * 60 * 1000;
    let log = proxy.log();
    let mut logins = log
        .iter()
        .filter(|it| it.is(&Method::POST, "/login") && it.path.starts_with("/_synapse/admin/"));
    let login = logins.next().context("no token was asked for")?;
    let wanted: Value = serde_json::from_slice(&login.request_body)?;
    let until = wanted["valid_until_ms"].as_u64().context("for ever")?;
    let since = until.checked_sub(TWELVE_HOURS);
    let asked = asked.start().saturating_sub(1_000)..=*asked.end();
    ensure!(since.is_some_and(|it| asked.contains(&it)), "{wanted} at {asked:?}");
    ensure!(logins.next().is_none(), "more than one token: {log:#?}");
    Ok(())
}

/// Every token that went through and is not the administrator's own does not work any more.
async fn tokens_are_over(proxy: &Proxy, own: &str, api: &lifeboat_tests::api::Api) -> Result<()> {
    let log = proxy.log();
    let others: BTreeSet<String> = log
        .iter()
        .filter_map(|it| it.token.clone())
        .filter(|it| it != own)
        .collect();
    ensure!(others.len() == 1, "one token acts as the person: {}", others.len());
    ensure!(
        log.iter()
            .any(|it| it.is(&Method::POST, "/login") && it.path.contains("/_synapse/"))
    );
    for token in others {
        let answer = api
            .with_token(&token)
            .try_get("/_matrix/client/v3/account/whoami")
            .await?;
        ensure!(answer.status == 401, "{answer:?}");
    }
    Ok(())
}
