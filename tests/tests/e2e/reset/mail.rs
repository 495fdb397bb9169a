//! The wait for the mail: stopped and gone on with the same mail, asked for again, limited, pretended, or a code instead of
//! a link.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, TestAccount, Way},
    lifeboat::{Lifeboat, Outcome, Running},
    proxy::{Exchange, Fault, Proxy, Reply},
    server::Profile,
    session::Session,
};
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{
    NEW, ensure_proven, healthy, reset, reset_at, resume,
    ways::{confirm, device_ids},
    who, with_secrets,
};
use crate::terminal::{on_a_terminal, types};

/// A reset by mail on a terminal, where nothing but the mail is waited for.
fn by_mail_on_a_terminal(account: &TestAccount, base_url: &str) -> Result<Running> {
    let address = account.email.as_deref().context("an address")?;
    let key = account.recovery.text().context("a recovery key")?;
    let line = format!(
        "reset {} --homeserver {base_url} --route email --email {address} --yes --password-file old \
         --new-password-file new --recovery-key-file key",
        account.user_id
    );
    let terminal = on_a_terminal(&line)?;
    for (name, secret) in [("old", account.password.as_str()), ("new", NEW), ("key", key)] {
        std::fs::write(terminal.home().join(name), secret)?;
    }
    terminal.start()
}

async fn waits(running: &Running) -> Result<()> {
    let words = "Waiting for the link to be confirmed.";
    running.said(words, |text| text.contains(words).then_some(())).await
}

/// A reset that was stopped while it waited for its mail to be read.
async fn stopped_at_the_mail(account: &TestAccount, base_url: &str) -> Result<Outcome> {
    let address = account.email.as_deref().context("an address")?;
    let running = reset_at(account, base_url)?
        .args(["--route", "email", "--email", address])
        .start()?;
    waits(&running).await?;
    running.signal(Signal::INT)?;
    let stopped = running.outcome().await?;
    ensure!(stopped.code()? == 130, "{stopped}");
    ensure!(stopped.stderr.contains("The password is unchanged."), "{stopped}");
    Ok(stopped)
}

/// What the requests for a mail said.
fn mail_requests(proxy: &Proxy) -> Result<Vec<Value>> {
    let asks = |it: &Exchange| it.is(&Method::POST, "/requestToken");
    let bodies = proxy.log().into_iter().filter(asks).map(|it| it.request_body);
    bodies.map(|it| Ok(serde_json::from_slice(&it)?)).collect()
}

/// The mail of the first run serves the second: what proves that it was ours lies sealed in the journal.
#[tokio::test]
async fn stopped_and_gone_on_with_the_same_mail() -> Result<()> {
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
    let key = account.recovery.text().context("a recovery key")?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let stopped = stopped_at_the_mail(&account, &proxy.base_url()).await?;
    let requests = mail_requests(&proxy)?;
    let client_secret = requests[0]["client_secret"].as_str().context("a client secret")?;
    let left_behind = stopped.home().join("state");
    let holds = |text: &str| -> Result<bool> {
        let grep = Command::new("grep")
            .args(["-rqF", "-e", text])
            .arg(&left_behind)
            .status()?;
        grep.code().map(|it| it == 0).context("no answer of grep")
    };
    ensure!(holds("ask-for-mail")?, "there is no journal");
    for secret in [NEW, &account.password, key, client_secret] {
        ensure!(!holds(secret)?, "a secret is on the disk");
    }
    let mailbox = account.homeserver.mailbox();
    confirm(&mailbox, address, 1).await?;
    let resumed = resume(stopped, &account, &account.password, NEW)?
        .args(["--email", address])
        .run()
        .await?;
    ensure!(resumed.code()? == 0, "{resumed}");
    ensure_proven(&resumed.json()?)?;
    ensure!(mailbox.messages_to(address)?.len() == 1, "a second mail was sent");
    Ok(())
}

/// Whoever gives another new password when going on cannot open what was sealed: another mail comes, and nothing else is
/// different.
#[tokio::test]
async fn what_was_sealed_and_cannot_be_opened_is_asked_for_anew() -> Result<()> {
    const THIRD: &str = "Third-Password-3";
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
    let stopped = stopped_at_the_mail(&account, &account.homeserver.base_url).await?;
    let resumed = resume(stopped, &account, &account.password, THIRD)?
        .args(["--email", address])
        .start()?;
    confirm(&account.homeserver.mailbox(), address, 2).await?;
    let outcome = resumed.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure_proven(&outcome.json()?)?;
    let base_url = &account.homeserver.base_url;
    let later = Session::log_in(base_url, account.user_id.localpart(), THIRD, "Later").await?;
    later.sign_out().await
}

/// A reset that changed nothing is no obstacle to another one, which leaves nothing of it behind.
#[tokio::test]
async fn stopped_and_begun_anew_by_another_route() -> Result<()> {
    let account = healthy().await?;
    let before = device_ids(account.first()?).await?;
    let stopped = stopped_at_the_mail(&account, &account.homeserver.base_url).await?;
    let again = stopped.then(who("reset", &account))?.arg("--yes");
    let outcome = with_secrets(again, &account, &account.password, NEW)?.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(outcome.stderr.contains("This one begins anew."), "{outcome}");
    ensure!(outcome.json()?["route"] == "old-password", "{outcome}");
    let after = device_ids(account.first()?).await?;
    ensure!(after == before, "{before:?}, then {after:?}");
    Ok(())
}

/// A server that says nothing about addresses it does not know: the hint stands beside the wait.
#[tokio::test]
async fn a_server_that_pretends_to_have_sent_a_mail() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::BrandNew)
        .on(Profile::Policy)
        .build()
        .await?;
    let base_url = account.homeserver.base_url.as_str();
    let running = Lifeboat::new([
        "reset",
        account.user_id.as_str(),
        "--homeserver",
        base_url,
        "--forgotten",
    ])?
    .args(["--route", "email", "--email", "nobody@mail.lifeboat.localhost"])
    .args(["--yes", "--accept-cautions"])
    .secret("--new-password-file", "New-Password-2!")?
    .start()?;
    waits(&running).await?;
    ensure!(running.has_said("if no mail comes"), "no hint");
    ensure!(running.has_said("press the button"), "no word of the button");
    running.signal(Signal::INT)?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 130, "{outcome}");
    Ok(())
}

/// The address is compared with those that the account shows, before a mail goes to a stranger.
#[tokio::test]
async fn an_address_of_somebody_else_is_not_written_to() -> Result<()> {
    let account = healthy().await?;
    let outcome = reset(&account)?
        .args(["--route", "email", "--email", "nobody@example.org"])
        .run()
        .await?;
    ensure!(outcome.code()? == 2, "{outcome}");
    ensure!(outcome.stderr.contains("no confirmed address like that"), "{outcome}");
    Ok(())
}

/// Another mail may be asked for.
async fn may_ask_again(running: &Running) -> Result<()> {
    // The countdown since the last refusal, and then its end.
    let offered = |text: &str| {
        let (_, since) = text.rsplit_once("too early")?;
        let (_, counted) = since.split_once("(another mail in")?;
        counted.contains("(r: another mail)").then_some(())
    };
    running.said("the offer of another mail", offered).await
}

async fn is_too_early(running: &Running, times: usize) -> Result<()> {
    let refused = |text: &str| (text.matches("too early for another mail").count() == times).then_some(());
    running.said("the answer to r", refused).await
}

/// Lives as a person does whose mail does not come: too early for another one, then the server's own limit, then a second
/// mail, whose link is confirmed.
#[tokio::test]
async fn another_mail_and_a_limit_on_a_terminal() -> Result<()> {
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let mut asked = 0;
    proxy.intercept(move |it| {
        let asks = it.is(&Method::POST, "/requestToken");
        asked += u32::from(asks);
        let slow_down = Reply::error(429, "M_LIMIT_EXCEEDED", "Slow down").header("Retry-After", "2");
        // The first request for each of the two mails.
        (asks && asked % 2 == 1).then_some(Fault::Answer(slow_down))
    });
    let running = by_mail_on_a_terminal(&account, &proxy.base_url())?;
    running
        .said("the countdown", |text| {
            text.contains("waiting as the server asks, 2 s left").then_some(())
        })
        .await?;
    types(&running, "Press r and Enter for another mail.", "r\n").await?;
    is_too_early(&running, 1).await?;
    may_ask_again(&running).await?;
    types(&running, "", "r\n").await?;
    is_too_early(&running, 2).await?;
    may_ask_again(&running).await?;
    let mailbox = account.homeserver.mailbox();
    ensure!(mailbox.messages_to(address)?.len() == 1, "a mail came unasked");
    types(&running, "", "r\n").await?;
    confirm(&mailbox, address, 2).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(outcome.stderr.contains("asked for another mail"), "{outcome}");
    ensure!(outcome.stderr.contains("readable now"), "{outcome}");
    let requests = mail_requests(&proxy)?;
    let attempts: Vec<_> = requests.iter().map(|it| it["send_attempt"].as_u64()).collect();
    ensure!(attempts == [1, 1, 2, 2].map(Some), "{attempts:?}");
    let one = &requests[0]["client_secret"];
    ensure!(requests.iter().all(|it| it["client_secret"] == *one), "another secret");
    Ok(())
}

/// Some servers send a code instead of a link: it is asked for, and goes where the server says.
#[tokio::test]
async fn a_code_instead_of_a_link() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let submit_url = format!("{}/submit", proxy.base_url());
    let sent = Arc::new(AtomicBool::new(false));
    let changed = Arc::clone(&sent);
    proxy.intercept(move |it| {
        if it.is(&Method::POST, "/requestToken") {
            let answer = json!({"sid": "s1", "submit_url": submit_url});
            return Some(Fault::Answer(Reply::json(200, &answer)));
        }
        if it.is(&Method::POST, "/submit") {
            let right = String::from_utf8_lossy(&it.request_body).contains("\"123456\"");
            sent.fetch_or(right, Ordering::SeqCst);
            return Some(Fault::Answer(Reply::json(200, &json!({"success": right}))));
        }
        it.is(&Method::POST, "/account/password")
            .then(|| Fault::Answer(Reply::error(403, "M_THREEPID_DENIED", "No")))
    });
    let running = by_mail_on_a_terminal(&account, &proxy.base_url())?;
    types(&running, "The code from the mail", "000000\n").await?;
    types(&running, "not the code from the mail", "123456\n").await?;
    let outcome = running.outcome().await?;
    // The stand-in knows no more of the change; that the code arrived is what counts here.
    ensure!(outcome.code()? == 1, "{outcome}");
    ensure!(changed.load(Ordering::SeqCst), "the code was not sent: {outcome}");
    Ok(())
}
