//! `lifeboat check` against a real Synapse: what it changes (nothing), asks (little) and leaves behind (nothing).

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    counts,
    lifeboat::{Lifeboat, PROGRAM_VARIABLE},
    proxy::{Fault, Proxy},
    snapshot::snapshot_of,
    wait,
};
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

/// `lifeboat check` for the account, at `base_url`, with its password and without a forecast.
fn check_at(account: &TestAccount, base_url: &str) -> Result<Lifeboat> {
    let arguments = [
        "check",
        account.user_id.as_str(),
        "--homeserver",
        base_url,
        "--quick",
        "--json",
    ];
    Lifeboat::new(arguments)?.secret("--password-file", &account.password)
}

/// The same with what opens secret storage.
fn check_with_key(account: &TestAccount, base_url: &str) -> Result<Lifeboat> {
    let text = account.recovery.text().context("the account has no recovery key")?;
    check_at(account, base_url)?.secret("--recovery-key-file", text)
}

async fn healthy() -> Result<TestAccount> {
    AccountSpec::healthy(Way::PassphraseOfRounds(1000)).build().await
}

fn codes(document: &Value) -> Vec<&str> {
    document["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| it["code"].as_str())
        .collect()
}

#[tokio::test]
async fn the_account_is_the_same_afterwards() -> Result<()> {
    let account = healthy().await?;
    let before = snapshot_of(&account).await?;
    let outcome = check_with_key(&account, &account.homeserver.base_url)?.run().await?;
    ensure!(outcome.code()? == 10, "{}", outcome.stderr);
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn a_lent_session_is_neither_added_to_nor_signed_out() -> Result<()> {
    let account = healthy().await?;
    let before = snapshot_of(&account).await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let token = account.api()?.token().context("signed in")?;
    let arguments = [
        "check",
        account.user_id.as_str(),
        "--homeserver",
        &proxy.base_url(),
        "--quick",
        "--json",
    ];
    let outcome = Lifeboat::new(arguments)?
        .secret("--access-token-file", token)?
        .run()
        .await?;
    let document = outcome.json()?;
    ensure!(codes(&document).contains(&"recovery-key-not-tested"), "{document:#}");
    let this = document["facts"]["sessions"]["known"].as_array().context("sessions")?;
    let this = this
        .iter()
        .find(|it| it["this"] == true)
        .context("no session is this one")?;
    ensure!(this["device_id"] == account.first()?.device_id().as_str(), "{this}");
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    let log = proxy.log();
    ensure!(
        !log.iter()
            .any(|it| it.path.ends_with("/login") && it.method == Method::POST)
    );
    ensure!(!log.iter().any(|it| it.path.ends_with("/logout")));
    Ok(())
}

#[tokio::test]
async fn a_healthy_account_needs_twenty_requests_at_most_and_uploads_no_keys() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let outcome = check_with_key(&account, &proxy.base_url())?.run().await?;
    let facts = &outcome.json()?["facts"];
    let trial = &facts["key_trial"]["known"]["candidates"][0];
    ensure!(
        trial["opens_default"] == true && trial["opens_active_backup"] == true,
        "{trial:#}"
    );
    let log = proxy.log();
    let asked: Vec<String> = log.iter().map(|it| format!("{} {}", it.method, it.path)).collect();
    ensure!(asked.len() <= 20, "{} requests: {asked:#?}", asked.len());
    let changes: Vec<&String> = asked.iter().filter(|it| !it.starts_with("GET ")).collect();
    let expected = [
        "POST /_matrix/client/v3/login",
        "POST /_matrix/client/v3/keys/query",
        "POST /_matrix/client/v3/logout",
    ];
    ensure!(changes == expected, "{changes:#?}");
    let sign_in = log
        .iter()
        .find(|it| it.is(&Method::POST, "/login"))
        .context("no sign-in")?;
    let sign_in: Value = serde_json::from_slice(&sign_in.request_body)?;
    ensure!(
        sign_in["initial_device_display_name"] == "Lifeboat check (removes itself)",
        "{sign_in}"
    );
    // The Admin API is asked for what it tells anybody, and gets nobody's token.
    ensure!(facts["server"]["admin_api"]["known"] == true, "{facts:#}");
    let of_administrators: Vec<_> = log.iter().filter(|it| it.path.starts_with("/_synapse/")).collect();
    ensure!(
        matches!(of_administrators[..], [it] if it.is(&Method::GET, "/server_version") && it.token.is_none()),
        "{of_administrators:?}"
    );
    let number = asked.len();
    Ok(counts::tell(format_args!(
        "a check of the healthy account: {number} requests"
    ))?)
}

#[tokio::test]
async fn interrupted_it_still_removes_its_session() -> Result<()> {
    let account = healthy().await?;
    for signal in [Signal::INT, Signal::TERM] {
        let before = snapshot_of(&account).await?;
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        proxy.intercept(|it| {
            it.path
                .ends_with("/keys/query")
                .then_some(Fault::Late(Duration::from_secs(60)))
        });
        let running = check_at(&account, &proxy.base_url())?.start()?;
        let asks = async || {
            Ok(proxy
                .log()
                .iter()
                .any(|it| it.path.ends_with("/keys/query"))
                .then_some(()))
        };
        wait::until("the check asks for keys", asks).await?;
        running.signal(signal)?;
        let outcome = running.outcome().await?;
        ensure!(outcome.code()? == 130, "{signal:?}: {}", outcome.stderr);
        ensure!(
            proxy.log().iter().any(|it| it.is(&Method::POST, "/logout")),
            "{signal:?}: no sign-out"
        );
        let differences = before.differences(&snapshot_of(&account).await?);
        ensure!(differences.is_empty(), "{signal:?}: {differences:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn interrupted_while_signing_in_it_removes_the_session_that_was_being_made() -> Result<()> {
    let account = healthy().await?;
    let before = snapshot_of(&account).await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let late = |it: &lifeboat_tests::proxy::Exchange| it.is(&Method::POST, "/login");
    proxy.intercept(move |it| late(it).then_some(Fault::Late(Duration::from_secs(2))));
    let running = check_at(&account, &proxy.base_url())?.start()?;
    let asks = async || Ok(proxy.log().iter().any(late).then_some(()));
    wait::until("the check signs in", asks).await?;
    running.signal(Signal::INT)?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 130, "{}", outcome.stderr);
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn a_failing_probe_is_a_gap_and_never_a_better_verdict() -> Result<()> {
    let account = healthy().await?;
    for (path_end, code) in [
        ("/keys/query", "identity-unknown"),
        ("/devices", "sessions-unknown"),
        ("/room_keys/version", "backup-unknown"),
        ("/sync", "storage-unknown"),
        ("/account/3pid", "email-unknown"),
    ] {
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        proxy.intercept(move |it| it.path.ends_with(path_end).then_some(Fault::CutBefore));
        let outcome = check_with_key(&account, &proxy.base_url())?.run().await?;
        let document = outcome.json()?;
        ensure!(codes(&document).contains(&code), "{path_end}: {:?}", codes(&document));
        ensure!(
            document["verdict"]["ended"] == "blocked",
            "{path_end}: {}",
            document["verdict"]
        );
        ensure!(
            proxy.log().iter().any(|it| it.is(&Method::POST, "/logout")),
            "{path_end}: no sign-out"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_rate_limit_in_the_middle_is_said() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    proxy.intercept(|it| {
        let body = json!({"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 60000});
        it.path
            .ends_with("/devices")
            .then(|| Fault::Answer(lifeboat_tests::proxy::Reply::json(429, &body)))
    });
    let document = check_at(&account, &proxy.base_url())?.run().await?.json()?;
    ensure!(
        document["facts"]["sessions"]["unknown"] == "rate-limited",
        "{}",
        document["facts"]["sessions"]
    );
    ensure!(codes(&document).contains(&"rate-limited"), "{:?}", codes(&document));
    Ok(())
}

#[tokio::test]
async fn a_status_file_is_private_new_and_judged_again_offline() -> Result<()> {
    let account = healthy().await?;
    let arguments = [
        "check",
        account.user_id.as_str(),
        "--homeserver",
        &account.homeserver.base_url,
        "--quick",
    ];
    let lifeboat = Lifeboat::new(arguments)?.secret("--password-file", &account.password)?;
    let outcome = lifeboat.arg("--status-file").arg("status.json").run().await?;
    ensure!(outcome.code()? == 10, "{}", outcome.stderr);
    let file = outcome.home().join("status.json");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file)?.permissions());
    ensure!(mode & 0o777 == 0o600, "{mode:o}");
    let text = std::fs::read_to_string(&file)?;
    for secret in [Some(account.password.as_str()), account.recovery.text()]
        .into_iter()
        .flatten()
    {
        ensure!(!text.contains(secret), "the status file holds a secret");
    }
    let arguments = ["check", "--from"]
        .map(std::ffi::OsString::from)
        .into_iter()
        .chain([file.into_os_string()]);
    let again = Lifeboat::new(arguments.collect::<Vec<_>>())?
        .arg("--json")
        .run()
        .await?;
    let (first, second): (Value, Value) = (serde_json::from_str(&text)?, again.json()?);
    ensure!(first["findings"] == second["findings"] && first["verdict"] == second["verdict"]);
    ensure!(again.code()? == 10);
    Ok(())
}

#[tokio::test]
async fn a_password_may_come_through_a_descriptor() -> Result<()> {
    let account = healthy().await?;
    let program = std::env::var(PROGRAM_VARIABLE)?;
    let (user, homeserver) = (account.user_id.as_str(), &account.homeserver.base_url);
    let line = format!(r#"exec "$0" check {user} --homeserver {homeserver} --quick --json --password-fd 7 7<"$2""#);
    let shell = Lifeboat::of(Path::new("/bin/sh"), ["-c", &line, &program])?.secret("--", &account.password)?;
    let outcome = shell.run().await?;
    ensure!(outcome.code()? == 10, "{outcome}");
    ensure!(outcome.json()?["account"] == user, "{outcome}");
    Ok(())
}

#[tokio::test]
async fn a_kept_session_serves_the_next_command() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let home = tempfile::tempdir()?;
    let run = async || {
        let lifeboat = check_at(&account, &proxy.base_url())?.env("XDG_DATA_HOME", home.path());
        lifeboat.arg("--keep-session").run().await
    };
    ensure!(run().await?.code()? == 10);
    ensure!(run().await?.code()? == 10);
    for file in files_below(home.path())? {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions());
        ensure!(mode & 0o077 == 0, "others can read {}: {mode:o}", file.display());
    }
    let log = proxy.log();
    let sign_ins = log.iter().filter(|it| it.is(&Method::POST, "/login")).count();
    ensure!(sign_ins == 1, "{sign_ins} sign-ins");
    ensure!(
        !log.iter().any(|it| it.path.ends_with("/logout")),
        "the kept session was signed out"
    );
    Ok(())
}

/// Each finds its own session, and when one leaves, the other stays.
#[tokio::test]
async fn two_accounts_are_kept_side_by_side() -> Result<()> {
    let (one, other) = (healthy().await?, healthy().await?);
    let proxies = [
        Proxy::start(&one.homeserver.base_url).await?,
        Proxy::start(&other.homeserver.base_url).await?,
    ];
    let home = tempfile::tempdir()?;
    let sign_ins = async |account: &TestAccount, proxy: &Proxy| -> Result<usize> {
        proxy.clear();
        let check = check_at(account, &proxy.base_url())?.env("XDG_DATA_HOME", home.path());
        let outcome = check.arg("--keep-session").run().await?;
        ensure!(outcome.code()? == 10, "{outcome}");
        ensure!(outcome.json()?["account"] == account.user_id.as_str(), "{outcome}");
        let log = proxy.log();
        Ok(log.iter().filter(|it| it.is(&Method::POST, "/login")).count())
    };
    for expected in [1, 0] {
        for (account, proxy) in [&one, &other].into_iter().zip(&proxies) {
            let signed_in = sign_ins(account, proxy).await?;
            ensure!(signed_in == expected, "{signed_in} sign-ins and not {expected}");
        }
    }
    let [first, second] = &proxies;
    let leave = [
        "leave",
        one.user_id.as_str(),
        "--homeserver",
        &first.base_url(),
        "--force",
    ];
    let left = Lifeboat::new(leave)?.env("XDG_DATA_HOME", home.path()).run().await?;
    ensure!(left.code()? == 0, "{left}");
    ensure!(sign_ins(&other, second).await? == 0, "the other session is gone, too");
    ensure!(sign_ins(&one, first).await? == 1, "the session is still there");
    Ok(())
}

/// Every file of the kept session; there are some.
fn files_below(folder: &std::path::Path) -> Result<Vec<std::path::PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.join("lifeboat")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    ensure!(files.len() > 1, "no session was kept: {files:?}");
    Ok(files)
}
