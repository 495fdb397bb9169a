//! What a server may answer to the last request of every route, and what may happen while it is on its way: each with its
//! exit status, its words, and which password is true afterwards.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::TestAccount,
    api::{Api, segment},
    lifeboat::{Lifeboat, Outcome},
    proxy::{Exchange, Fault, Proxy, Reply},
    session::Session,
    wait,
};
use matrix_sdk::reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{NEW, ensure_proven, healthy, resume, ways::confirm, who_at, with_secrets};

const ROUTES: [&str; 3] = ["old-password", "email", "synapse-admin"];

fn is_last(it: &Exchange) -> bool {
    it.is(&Method::POST, "/account/password") || it.path.contains("/_synapse/admin/v1/reset_password/")
}

/// An account behind a proxy, and a reset of it by one route.
struct Case {
    route: &'static str,
    account: TestAccount,
    admin: Api,
    proxy: Proxy,
}

impl Case {
    async fn begin(route: &'static str) -> Result<Self> {
        let account = healthy().await?;
        Ok(Self {
            route,
            admin: account.homeserver.admin().await?,
            proxy: Proxy::start(&account.homeserver.base_url).await?,
            account,
        })
    }

    fn command(&self) -> Result<Lifeboat> {
        let (account, base_url) = (&self.account, self.proxy.base_url());
        let command = Lifeboat::new(who_at("reset", account, &base_url))?;
        let command = command.args(["--yes", "--accept-cautions", "--route", self.route]);
        if self.route == "synapse-admin" {
            return command
                .secret("--admin-token-file", self.admin.token().context("a token")?)?
                .secret("--new-password-file", NEW);
        }
        let address = account.email.as_deref().context("an address")?;
        with_secrets(command.args(["--email", address]), account, &account.password, NEW)
    }

    /// Meets the last request with `fault` once, and every later one as well if it is a refusal.
    fn meet(&self, fault: Fault) {
        self.proxy.intercept(move |it| is_last(it).then(|| fault.clone()));
    }

    /// Meets the first of the last requests with `fault`; on the route email the first after the link is confirmed. Runs
    /// it, and returns how it ended and how many last requests the server or the fault got.
    async fn meet_once(&self, fault: Fault) -> Result<(Outcome, usize)> {
        let confirmed = Arc::new(AtomicBool::new(self.route != "email"));
        let (since, sent) = (Arc::clone(&confirmed), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&sent);
        self.proxy.intercept(move |it| {
            if !is_last(it) {
                return None;
            }
            if !since.load(Ordering::SeqCst) {
                // What Synapse says until then; the first request that it gets itself is the one that is met.
                return Some(Fault::Answer(Reply::error(401, "M_UNAUTHORIZED", "Not yet")));
            }
            (count.fetch_add(1, Ordering::SeqCst) == 0).then(|| fault.clone())
        });
        let running = self.command()?.start()?;
        if self.route == "email" {
            let address = self.account.email.as_deref().context("an address")?;
            confirm(&self.account.homeserver.mailbox(), address, 1).await?;
            confirmed.store(true, Ordering::SeqCst);
        }
        Ok((running.outcome().await?, sent.load(Ordering::SeqCst)))
    }

    async fn opens(&self, password: &str) -> Result<bool> {
        let (base_url, localpart) = (&self.account.homeserver.base_url, self.account.user_id.localpart());
        match Session::log_in(base_url, localpart, password, "Later").await {
            Ok(session) => session.sign_out().await.map(|()| true),
            Err(_) => Ok(false),
        }
    }
}

/// Refusals that every route takes alike: status, body, and words of the sentence.
fn refusals() -> Vec<(u16, Value, &'static str)> {
    let error = |errcode: &str| json!({"errcode": errcode, "error": "No"});
    vec![
        (401, error("M_UNKNOWN_TOKEN"), "session was ended"),
        (403, error("M_USER_DEACTIVATED"), "deactivated"),
        (400, error("M_WEAK_PASSWORD"), "does not accept the new password"),
        (404, error("M_UNRECOGNIZED"), "does not offer"),
    ]
}

#[tokio::test]
async fn refusals_change_nothing_and_say_so() -> Result<()> {
    let elsewhere = json!({"flows": [{"stages": ["m.login.sso"]}], "params": {}, "session": "s1"});
    for route in ROUTES {
        let own = match route {
            "old-password" => vec![
                (401, elsewhere.clone(), "has no password on this server"),
                (
                    401,
                    json!({"errcode": "M_FORBIDDEN", "error": "No", "flows": [{"stages": ["m.login.password"]}], "session": "s"}),
                    "does not accept the old password",
                ),
                (
                    403,
                    json!({"errcode": "M_FORBIDDEN", "error": "No"}),
                    "does not accept the old password",
                ),
                (
                    401,
                    json!({"errcode": "M_MISSING_TOKEN", "error": "No"}),
                    "session was ended",
                ),
            ],
            "email" => vec![
                (401, elsewhere.clone(), "does not offer"),
                (404, json!({"errcode": "M_NOT_FOUND", "error": "No"}), "was removed"),
            ],
            _ => vec![
                (401, elsewhere.clone(), "does not offer"),
                (
                    403,
                    json!({"errcode": "M_FORBIDDEN", "error": "No"}),
                    "no administrator",
                ),
                (404, json!({"errcode": "M_NOT_FOUND", "error": "No"}), "no such account"),
            ],
        };
        let case = Case::begin(route).await?;
        for (status, body, words) in refusals().into_iter().chain(own) {
            case.meet(Fault::Answer(Reply::json(status, &body)));
            let outcome = case.command()?.run().await?;
            let what = format!("{route}, {status} {body}: {outcome}");
            ensure!(outcome.code()? == 1, "{what}");
            ensure!(outcome.stderr.contains(words), "{what}");
            ensure!(outcome.stderr.contains("The password is unchanged."), "{what}");
        }
        ensure!(
            case.account.sessions.iter().all(Session::runs),
            "a session was signed out"
        );
        ensure!(case.opens(&case.account.password).await?, "the old password is gone");
    }
    Ok(())
}

/// Whoever is asked to wait waits; whoever gets a slow answer has patience; whoever gets none finds out.
#[tokio::test]
async fn limits_and_lost_answers_are_carried_to_the_end() -> Result<()> {
    let slow_down = Reply::error(429, "M_LIMIT_EXCEEDED", "Slow down").header("Retry-After", "1");
    let faults = [
        Fault::Answer(slow_down),
        Fault::Trickle(std::time::Duration::from_millis(100)),
        Fault::CutAfter,
        Fault::CutInside,
    ];
    for route in ROUTES {
        for fault in &faults {
            let case = Case::begin(route).await?;
            let (outcome, changes) = case.meet_once(fault.clone()).await?;
            ensure!(outcome.code()? == 0, "{route}, {fault:?}: {outcome}");
            if route != "synapse-admin" {
                ensure_proven(&outcome.json()?)?;
            }
            let limited = matches!(fault, Fault::Answer(_));
            ensure!(
                changes == 1 + usize::from(limited),
                "{route}, {fault:?}: {changes} changes"
            );
            ensure!(
                case.opens(NEW).await?,
                "{route}, {fault:?}: the new password is not set"
            );
        }
    }
    Ok(())
}

/// A server that fails, or a connection that is cut before the server hears of it: nothing was changed, Lifeboat finds that
/// out and tries once more. The cases wait for the same thing, so they do it together.
#[tokio::test]
async fn changes_that_never_arrived_are_made_again() -> Result<()> {
    let failed = Reply::error(500, "M_UNKNOWN", "Internal server error");
    let case = async |route: &'static str, fault: Fault| -> Result<()> {
        let case = Case::begin(route).await?;
        let (outcome, changes) = case.meet_once(fault.clone()).await?;
        ensure!(outcome.code()? == 0, "{route}, {fault:?}: {outcome}");
        // Where the old password is known, it was tried as well.
        let old_works = outcome.stderr.contains("the old one is still the true one");
        ensure!(old_works == (route != "synapse-admin"), "{route}, {fault:?}: {outcome}");
        ensure!(changes == 2, "{route}, {fault:?}: {changes} changes");
        ensure!(
            case.opens(NEW).await?,
            "{route}, {fault:?}: the new password is not set"
        );
        Ok(())
    };
    futures_util::try_join!(
        case("old-password", Fault::Answer(failed.clone())),
        case("old-password", Fault::Answer(Reply::text(502, "text/html", "<html>"))),
        case("email", Fault::Answer(failed.clone())),
        case("email", Fault::CutBefore),
        case("synapse-admin", Fault::Answer(failed)),
        case("synapse-admin", Fault::CutBefore),
    )?;
    Ok(())
}

/// Holds the last request back, lets `meanwhile` happen, and then lets it through.
async fn meanwhile(case: &Case, happens: impl AsyncFnOnce(&Case) -> Result<()>) -> Result<Outcome> {
    let release = Arc::new(Notify::new());
    case.meet(Fault::Held(Arc::clone(&release)));
    let running = case.command()?.start()?;
    wait::until("the last request", async || {
        Ok(case.proxy.log().iter().any(is_last).then_some(()))
    })
    .await?;
    happens(case).await?;
    case.proxy.let_through();
    release.notify_one();
    running.outcome().await
}

#[tokio::test]
async fn an_account_that_is_deactivated_meanwhile() -> Result<()> {
    for route in ["old-password", "email"] {
        let case = Case::begin(route).await?;
        let outcome = meanwhile(&case, async |case| {
            if route == "email" {
                let address = case.account.email.as_deref().context("an address")?;
                confirm(&case.account.homeserver.mailbox(), address, 1).await?;
            }
            let path = format!(
                "/_synapse/admin/v1/deactivate/{}",
                segment(case.account.user_id.as_str())
            );
            case.admin.post(&path, &json!({"erase": false})).await?;
            Ok(())
        })
        .await?;
        ensure!(outcome.code()? == 1, "{route}: {outcome}");
        ensure!(
            outcome.stderr.contains("The password is unchanged."),
            "{route}: {outcome}"
        );
    }
    Ok(())
}

/// Somebody else ends all sessions, Lifeboat's included: nothing is changed, and going on signs in again.
#[tokio::test]
async fn sessions_that_somebody_else_ends_meanwhile() -> Result<()> {
    let case = Case::begin("old-password").await?;
    let outcome = meanwhile(&case, async |case| {
        case.account
            .api()?
            .post("/_matrix/client/v3/logout/all", &json!({}))
            .await?;
        Ok(())
    })
    .await?;
    ensure!(outcome.code()? == 1, "{outcome}");
    ensure!(outcome.stderr.contains("session was ended"), "{outcome}");
    let resumed = resume(outcome, &case.account, &case.account.password, NEW)?
        .run()
        .await?;
    ensure!(resumed.code()? == 0, "{resumed}");
    ensure_proven(&resumed.json()?)?;
    Ok(())
}
