//! Every route and both fates, undisturbed.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::TestAccount,
    lifeboat::{Lifeboat, PROGRAM_VARIABLE},
    mailbox::Mailbox,
    proxy::{Fault, Proxy, Reply},
    session::Session,
    wait,
};
use matrix_sdk::reqwest::Method;
use serde_json::Value;

use super::{
    NEW, ensure_proven, healthy, readable, reset, reset_at, sessions::leave, waivers, who, who_at, with_secrets,
};

pub(super) async fn device_ids(session: &Session) -> Result<BTreeSet<String>> {
    let listed = session.api().get("/_matrix/client/v3/devices").await?;
    let devices = listed["devices"].as_array().context("devices")?;
    Ok(devices
        .iter()
        .filter_map(|it| it["device_id"].as_str().map(str::to_owned))
        .collect())
}

/// Waits for the mail with this number and presses the button on its page.
pub(crate) async fn confirm(mailbox: &Mailbox, address: &str, number: usize) -> Result<()> {
    let mail = mailbox.wait_for(address, number).await?;
    mail.reset_link()?.press().await?;
    Ok(())
}

/// Presses the button of the next mail, if it came after those that were `confirmed`; returns how many are confirmed now.
pub(crate) async fn confirm_next(mailbox: &Mailbox, address: &str, confirmed: usize) -> Result<usize> {
    if mailbox.messages_to(address)?.len() == confirmed {
        return Ok(confirmed);
    }
    confirm(mailbox, address, confirmed + 1).await?;
    Ok(confirmed + 1)
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
    let outcome = reset_at(&account, &proxy.base_url())?.run().await?;
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
    let outcome = leave(outcome, &account)?.run().await?;
    ensure!(outcome.code()? == 10, "{outcome}");
    let outcome = leave(outcome, &account)?.arg("--force").run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(device_ids(&later).await?.len() == 1, "Lifeboat is still there");
    let outcome = leave(outcome, &account)?.run().await?;
    ensure!(outcome.code()? == 2, "{outcome}");
    later.sign_out().await
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

/// A recovery key that could not be tested before is tried afterwards; one that does not fit is no obstacle.
#[tokio::test]
async fn forgotten_password_and_a_recovery_key() -> Result<()> {
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
    let key = account.recovery.text().context("a recovery key")?;
    let somebody_elses = "EsT3 4kza y1Xs efFA tKyi HVwT kdEP 4UEk rvNr dFvy 8nGq AkqP";
    for (number, key, code) in [(1, key, 0), (2, somebody_elses, 21)] {
        let running = Lifeboat::new(who("reset", &account))?
            .args(["--forgotten", "--route", "email", "--email", address])
            .args(["--yes", "--accept-cautions"])
            .secret("--new-password-file", &format!("{NEW}-{number}"))?
            .secret("--recovery-key-file", key)?
            .start()?;
        confirm(&account.homeserver.mailbox(), address, number).await?;
        let outcome = running.outcome().await?;
        ensure!(outcome.code()? == code, "{outcome}");
        let document = outcome.json()?;
        let (back, left_out) = (document["room_keys"]["listed"].as_u64(), &document["left_out"]);
        if code == 0 {
            ensure!(back > Some(0) && *left_out == serde_json::json!([]), "{document:#}");
            let after = Path::new(document["evidence"].as_str().context("evidence")?).join("after.json");
            ensure!(after.is_file(), "no second status file");
        } else {
            ensure!(
                back.is_none() && *left_out == serde_json::json!(["restore"]),
                "{document:#}"
            );
        }
        let again = outcome
            .then(who("resume", &account))?
            .secret("--new-password-file", NEW)?;
        let again = again.run().await?;
        ensure!(
            again.code()? == 0 && again.stderr.contains("nothing left to do"),
            "{again}"
        );
    }
    Ok(())
}

/// Lifeboat's session is the only one left, and it can receive keys although there was nothing to bring back.
#[tokio::test]
async fn forgotten_password_and_sessions_ended() -> Result<()> {
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
    let command = |waivers: &[String]| -> Result<Lifeboat> {
        Lifeboat::new(who("reset", &account))?
            .args(["--forgotten", "--route", "email", "--email", address, "--end-sessions"])
            .args(["--yes", "--accept-cautions"])
            .args(waivers)
            .secret("--new-password-file", NEW)
    };
    let waivers = waivers(&command(&[])?.run().await?)?;
    let running = command(&waivers)?.start()?;
    confirm(&account.homeserver.mailbox(), address, 1).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let document = outcome.json()?;
    ensure!(
        document["aboard"] == true && document["without_session_ms"].is_u64(),
        "{document:#}"
    );
    let later = sign_in(&account, NEW).await?;
    let own = later.device_id().to_string();
    let others = device_ids(&later).await?.into_iter().filter(|it| *it != own);
    let others: Vec<_> = others.collect();
    ensure!(others.len() == 1, "{others:?}");
    let user = account.user_id.as_str();
    let asked = serde_json::json!({"device_keys": {user: []}});
    let keys = later.api().post("/_matrix/client/v3/keys/query", &asked).await?;
    ensure!(
        keys["device_keys"][user][&others[0]].is_object(),
        "Lifeboat’s session cannot receive keys"
    );
    let left = leave(outcome, &account)?.arg("--force").run().await?;
    ensure!(left.code()? == 0, "{left}");
    later.sign_out().await
}

/// For somebody else: existence is looked at before anything, and the person gets a password of their own.
#[tokio::test]
async fn an_administrator_hands_over_a_temporary_password() -> Result<()> {
    let account = healthy().await?;
    let admin = account.homeserver.admin().await?;
    let token = admin.token().context("a token")?;
    let nobody = format!("@nobody-{}", account.user_id.as_str().trim_start_matches('@'));
    let base_url = account.homeserver.base_url.as_str();
    let command = |user: &str| -> Result<Lifeboat> {
        Lifeboat::new(["reset", user, "--homeserver", base_url, "--yes", "--accept-cautions"])?
            .args(["--temporary-password-file", "for-mira.txt"])
            .secret("--admin-token-file", token)
    };
    let unknown = command(&nobody)?.run().await?;
    ensure!(
        unknown.code()? == 1 && unknown.stderr.contains("no such account"),
        "{unknown}"
    );
    let path = format!("/_synapse/admin/v2/users/{}", lifeboat_tests::api::segment(&nobody));
    ensure!(admin.try_get(&path).await?.status == 404, "an account was created");
    let outcome = command(account.user_id.as_str())?.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    // Both fates are judged from what can be seen from outside, and the consequence is stated.
    for words in ["If every session is signed out", "If your sessions are kept"] {
        ensure!(outcome.stdout.contains(words), "{words}: {outcome}");
    }
    ensure!(outcome.stderr.contains("stays signed in everywhere"), "{outcome}");
    // The user-signing key is shown to its owner alone.
    ensure!(!outcome.stdout.contains("identity-incomplete"), "{outcome}");
    let made = std::fs::read_to_string(outcome.home().join("for-mira.txt"))?;
    ensure!(!outcome.to_string().contains(made.trim()), "the password was printed");
    sign_in(&account, made.trim()).await?.sign_out().await
}

/// Nobody can help but the people who run the server: whom to ask, and a letter that is ready to be sent.
#[tokio::test]
async fn without_any_route_there_is_a_letter() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let base_url = proxy.base_url();
    proxy.intercept(|it| {
        it.is(&Method::GET, "/capabilities").then(|| {
            Fault::rewrite(|mut it| {
                it["capabilities"]["m.change_password"] = serde_json::json!({"enabled": false});
                it
            })
        })
    });
    let outcome = Lifeboat::new(["reset", account.user_id.as_str(), "--homeserver", &base_url, "--yes"])?
        .secret("--password-file", &account.password)?
        .secret("--new-password-file", NEW)?
        .run()
        .await?;
    ensure!(outcome.code()? == 1, "{outcome}");
    ensure!(outcome.stderr.contains("no central support does"), "{outcome}");
    ensure!(outcome.stdout.contains("\"logout_devices\": false"), "{outcome}");
    let folders = std::fs::read_dir(outcome.home().join("state/lifeboat"))?;
    let folder = folders.map(|it| it.map(|it| it.path())).next().context("a folder")??;
    let status = std::fs::read_to_string(folder.join("for-your-administrator/status.json"))?;
    ensure!(!status.contains(account.user_id.as_str()), "{status}");
    Ok(())
}

/// Whether administrators can help is what the Admin API says, and not what the server calls itself. What a reverse
/// proxy says in its place shows nothing, and is no obstacle to an administrator.
#[tokio::test]
async fn an_admin_api_that_does_not_show_here_may_be_reached_from_elsewhere() -> Result<()> {
    const ELSEWHERE: &str = "your server’s administrators may reach it from elsewhere";
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let base_url = proxy.base_url();
    let hide = |answer: Option<Reply>| {
        proxy.intercept(move |it| {
            let asked = it.is(&Method::GET, "/_synapse/admin/v1/server_version");
            answer.clone().filter(|_| asked).map(Fault::Answer)
        });
    };
    let page = |status| Some(Reply::text(status, "text/html", "<h1>Not here</h1>"));
    let unknown = Reply::error(404, "M_UNRECOGNIZED", "Unrecognized request");
    for (answer, standing, why) in [
        (None, "by-administrator", ""),
        (page(404), "unsure", ELSEWHERE),
        (page(403), "unsure", ELSEWHERE),
        (Some(unknown), "closed", "does not know Synapse's Admin API"),
    ] {
        hide(answer);
        let outcome = reset_at(&account, &base_url)?.arg("--dry-run").run().await?;
        ensure!(outcome.code()? == 0, "{outcome}");
        let document = outcome.json()?;
        ensure!(document["plan"]["route"] == "old-password", "{document:#}");
        let route = by_administrator(&document)?;
        let told = route["why"].as_str().unwrap_or_default();
        ensure!(
            route["standing"] == standing && told.contains(why) && told.is_empty() == why.is_empty(),
            "{route:#}"
        );
    }

    hide(page(404));
    let shown = Lifeboat::new([
        "reset",
        account.user_id.as_str(),
        "--homeserver",
        &base_url,
        "--dry-run",
    ])?;
    let shown = with_secrets(shown, &account, &account.password, NEW)?.run().await?;
    ensure!(shown.code()? == 0 && shown.says(ELSEWHERE), "{shown}");
    let admin = account.homeserver.admin().await?;
    let command = Lifeboat::new(who_at("reset", &account, &base_url))?
        .args(["--route", "synapse-admin", "--accept-cautions", "--dry-run"])
        .secret("--admin-token-file", admin.token().context("a token")?)?;
    let outcome = command.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let document = outcome.json()?;
    ensure!(document["plan"]["route"] == "synapse-admin", "{document:#}");
    let route = by_administrator(&document)?;
    ensure!(route["standing"] == "by-administrator", "{route:#}");
    Ok(())
}

/// What a dry run says of the route by an administrator.
fn by_administrator(document: &Value) -> Result<&Value> {
    let routes = document["routes"].as_array().context("routes")?;
    let route = routes.iter().find(|it| it["route"] == "synapse-admin");
    route.context("the route by an administrator")
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

#[tokio::test]
async fn a_new_password_may_come_through_a_descriptor() -> Result<()> {
    let account = healthy().await?;
    let key = account.recovery.text().context("a recovery key")?;
    let closed = Lifeboat::new(who("reset", &account))?
        .args(["--yes", "--new-password-fd", "97"])
        .secret("--password-file", &account.password)?
        .run()
        .await?;
    ensure!(
        closed.code()? == 2 && closed.stderr.contains("--new-password-fd 97 97<file"),
        "{closed}"
    );
    let who = who("reset", &account).join(" ");
    let line =
        format!(r#"exec "$0" {who} --yes --password-file "$2" --recovery-key-file "$4" --new-password-fd 7 7<"$6""#);
    let program = std::env::var(PROGRAM_VARIABLE)?;
    let outcome = Lifeboat::of(Path::new("/bin/sh"), ["-c", &line, &program])?
        .secret("--", &account.password)?
        .secret("--", key)?
        .secret("--", NEW)?
        .run()
        .await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    sign_in(&account, NEW).await?.sign_out().await
}
