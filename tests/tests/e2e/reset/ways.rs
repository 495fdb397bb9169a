//! Every route and both fates, undisturbed.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, TestAccount, Way},
    lifeboat::Lifeboat,
    mailbox::Mailbox,
    proxy::Proxy,
    session::Session,
    wait,
};
use matrix_sdk::reqwest::Method;

use super::{NEW, SHORT, ensure_proven, healthy, readable, reset, who, with_secrets};

async fn device_ids(session: &Session) -> Result<BTreeSet<String>> {
    let listed = session.api().get("/_matrix/client/v3/devices").await?;
    let devices = listed["devices"].as_array().context("devices")?;
    Ok(devices
        .iter()
        .filter_map(|it| it["device_id"].as_str().map(str::to_owned))
        .collect())
}

/// Waits for the mail with this number and presses the button on its page.
pub(super) async fn confirm(mailbox: &Mailbox, address: &str, number: usize) -> Result<()> {
    let mail = mailbox.wait_for(address, number).await?;
    mail.reset_link()?.press().await?;
    Ok(())
}

async fn sign_in(account: &TestAccount, password: &str) -> Result<Session> {
    Session::log_in(
        &account.homeserver.base_url,
        account.user_id.localpart(),
        password,
        "Later",
    )
    .await
}

#[tokio::test]
async fn old_password_and_sessions_kept() -> Result<()> {
    let account = healthy().await?;
    let before = device_ids(account.first()?).await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let base_url = proxy.base_url();
    let command = Lifeboat::new([
        "reset",
        account.user_id.as_str(),
        "--homeserver",
        &base_url,
        "--json",
        "--yes",
    ])?;
    let outcome = with_secrets(command, &account, &account.password, NEW)?.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let document = outcome.json()?;
    ensure!(ensure_proven(&document)? == readable(&account), "{document:#}");
    ensure!(
        document["route"] == "old-password" && document["fate"] == "kept",
        "{document:#}"
    );
    ensure!(document["aboard"] == false, "{document:#}");
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    ensure!(
        device_ids(account.first()?).await? == before,
        "a session was left behind"
    );
    let sign_ins = proxy
        .log()
        .iter()
        .filter(|it| it.is(&Method::POST, "/v3/login"))
        .count();
    ensure!(
        sign_ins == 2,
        "{sign_ins} sign-ins: one before and one after are enough"
    );
    sign_in(&account, NEW).await?.sign_out().await
}

#[tokio::test]
async fn old_password_and_sessions_ended() -> Result<()> {
    let account = healthy().await?;
    let outcome = reset(&account)?.arg("--end-sessions").run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let document = outcome.json()?;
    ensure_proven(&document)?;
    ensure!(
        document["fate"] == "ended" && document["aboard"] == true,
        "{document:#}"
    );
    ensure!(document["without_session_ms"].is_u64(), "{document:#}");
    for session in &account.sessions {
        wait::until("the session to end", async || Ok((!session.runs()).then_some(()))).await?;
    }
    let later = sign_in(&account, NEW).await?;
    let devices = device_ids(&later).await?;
    ensure!(devices.len() == 2, "this one and Lifeboat’s: {devices:?}");

    // Nobody else is verified yet, so Lifeboat stays until it is told otherwise.
    let leave = |outcome: lifeboat_tests::lifeboat::Outcome| {
        outcome.then([
            "leave",
            account.user_id.as_str(),
            "--homeserver",
            &account.homeserver.base_url,
        ])
    };
    let outcome = leave(outcome)?.run().await?;
    ensure!(outcome.code()? == 10, "{outcome}");
    let outcome = leave(outcome)?.arg("--force").run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(device_ids(&later).await?.len() == 1, "Lifeboat is still there");
    let outcome = leave(outcome)?.run().await?;
    ensure!(outcome.code()? == 2, "{outcome}");
    later.sign_out().await
}

#[tokio::test]
async fn by_email_with_both_fates() -> Result<()> {
    for fate in ["kept", "ended"] {
        let account = healthy().await?;
        let address = account.email.as_deref().context("an address")?;
        let mut command = reset(&account)?.arg("--route").arg("email").arg("--email").arg(address);
        if fate == "ended" {
            command = command.arg("--end-sessions");
        }
        let running = command.start()?;
        confirm(&account.homeserver.mailbox(), address, 1).await?;
        let outcome = running.outcome().await?;
        ensure!(outcome.code()? == 0, "{outcome}");
        let document = outcome.json()?;
        ensure_proven(&document)?;
        ensure!(document["route"] == "email" && document["fate"] == fate, "{document:#}");
        sign_in(&account, NEW).await?.sign_out().await?;
        if fate == "kept" {
            ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
        }
    }
    Ok(())
}

/// Nobody is signed in and the password is forgotten: what can be known is little, and it is said.
#[tokio::test]
async fn forgotten_password_by_email() -> Result<()> {
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
    let command = || -> Result<Lifeboat> {
        Lifeboat::new(who("reset", &account))?
            .args(["--forgotten", "--route", "email", "--yes", "--email", address])
            .secret("--new-password-file", NEW)
    };
    let cautious = command()?.run().await?;
    ensure!(cautious.code()? == 11, "{cautious}");
    ensure!(
        account.homeserver.mailbox().messages_to(address)?.is_empty(),
        "a mail was sent"
    );
    let running = command()?.arg("--accept-cautions").start()?;
    confirm(&account.homeserver.mailbox(), address, 1).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    sign_in(&account, NEW).await?.sign_out().await
}

#[tokio::test]
async fn by_an_administrator() -> Result<()> {
    let account = healthy().await?;
    let admin = account.homeserver.admin().await?;
    let admin = admin.token().context("a token")?.to_owned();
    for (fate, password) in [("kept", NEW), ("ended", "New-Password-3")] {
        let mut command = Lifeboat::new(who("reset", &account))?
            .args(["--yes", "--accept-cautions", "--route", "synapse-admin"])
            .secret("--admin-token-file", &admin)?
            .secret("--new-password-file", password)?;
        if fate == "ended" {
            let blocked = Lifeboat::new(who("reset", &account))?
                .args([
                    "--yes",
                    "--accept-cautions",
                    "--route",
                    "synapse-admin",
                    "--end-sessions",
                ])
                .secret("--admin-token-file", &admin)?
                .secret("--new-password-file", password)?
                .run()
                .await?;
            ensure!(blocked.code()? == 10, "{blocked}");
            let hint = blocked.json()?["hint"].as_str().context("a hint")?.to_owned();
            let codes: Vec<_> = hint.split("--waive ").skip(1).map(str::trim).collect();
            ensure!(!codes.is_empty(), "{hint}");
            command = command.arg("--end-sessions");
            for code in codes {
                command = command.arg("--waive").arg(code);
            }
        }
        let outcome = command.run().await?;
        ensure!(outcome.code()? == 0, "{outcome}");
        ensure!(outcome.json()?["route"] == "synapse-admin", "{outcome}");
        let runs = account.first()?.runs();
        if fate == "kept" {
            ensure!(runs, "a session was signed out");
        } else {
            let first = account.first()?;
            wait::until("the session to end", async || Ok((!first.runs()).then_some(()))).await?;
        }
        sign_in(&account, password).await?.sign_out().await?;
    }
    Ok(())
}

/// What would be lost blocks a reset that ends sessions, until it is accepted by its name.
#[tokio::test]
async fn an_account_in_trouble_needs_waivers() -> Result<()> {
    let spec = AccountSpec::healthy(Way::Key).history(SHORT);
    let account = spec.with(Defect::EntriesDeleted(1)).build().await?;
    let blocked = reset(&account)?.arg("--end-sessions").run().await?;
    ensure!(blocked.code()? == 10, "{blocked}");
    ensure!(blocked.stdout.contains("coverage-at-risk"), "{blocked}");
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    let outcome = reset(&account)?
        .args(["--end-sessions", "--waive", "coverage-at-risk", "--accept-cautions"])
        .run()
        .await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let document = outcome.json()?;
    ensure!(
        document["waived"] == serde_json::json!(["coverage-at-risk"]),
        "{document:#}"
    );
    let proven = ensure_proven(&document)?;
    ensure!(proven < readable(&account), "{document:#}");
    Ok(())
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
    wait::until("the session to end", async || Ok((!other.runs()).then_some(()))).await?;
    ensure!(account.first()?.runs(), "the wrong session was signed out");
    Ok(())
}

#[tokio::test]
async fn a_dry_run_changes_nothing() -> Result<()> {
    let account = healthy().await?;
    let before = device_ids(account.first()?).await?;
    let outcome = reset(&account)?.arg("--dry-run").run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let document = outcome.json()?;
    ensure!(document["outcome"] == "planned", "{document:#}");
    ensure!(document["plan"]["steps"][1] == "change-password", "{document:#}");
    ensure!(
        device_ids(account.first()?).await? == before,
        "a session was left behind"
    );
    sign_in(&account, &account.password).await?.sign_out().await
}

#[tokio::test]
async fn a_password_is_made_and_written_down_first() -> Result<()> {
    let account = healthy().await?;
    let key = account.recovery.text().context("a recovery key")?;
    let outcome = Lifeboat::new(who("reset", &account))?
        .args(["--yes", "--generate-password", "new.txt"])
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", key)?
        .run()
        .await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let made = std::fs::read_to_string(outcome.home().join("new.txt"))?;
    ensure!(!outcome.to_string().contains(made.trim()), "the password was printed");
    sign_in(&account, made.trim()).await?.sign_out().await
}
