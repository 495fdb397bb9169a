//! The wait for the mail: stopped and gone on with the same mail, asked for again, limited, pretended, or a code instead of
//! a link.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, TestAccount, Way},
    lifeboat::{Lifeboat, Running},
    proxy::{Fault, Proxy, Reply},
    server::Profile,
};
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use serde_json::json;

use super::{NEW, ensure_proven, healthy, reset, resume, ways::confirm};
use crate::terminal::{on_a_terminal, types};

fn by_mail(account: &TestAccount) -> Result<Lifeboat> {
    let address = account.email.as_deref().context("an address")?;
    Ok(reset(account)?.args(["--route", "email", "--email", address]))
}

async fn waits(running: &Running) -> Result<()> {
    let words = "Waiting for the link to be confirmed.";
    running.said(words, |text| text.contains(words).then_some(())).await
}

/// The mail of the first run serves the second: what proves that it was ours lies sealed in the journal.
#[tokio::test]
async fn stopped_and_gone_on_with_the_same_mail() -> Result<()> {
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
    let running = by_mail(&account)?.start()?;
    waits(&running).await?;
    running.signal(Signal::INT)?;
    let stopped = running.outcome().await?;
    ensure!(stopped.code()? == 130, "{stopped}");
    ensure!(stopped.stderr.contains("The password is unchanged."), "{stopped}");
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

/// Lives as a person does: too early for another mail, then the link is confirmed after all.
#[tokio::test]
async fn another_mail_and_a_limit_on_a_terminal() -> Result<()> {
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let asked = AtomicBool::new(false);
    proxy.intercept(move |it| {
        let first = it.is(&Method::POST, "/requestToken") && !asked.swap(true, Ordering::SeqCst);
        let slow_down = Reply::error(429, "M_LIMIT_EXCEEDED", "Slow down").header("Retry-After", "2");
        first.then_some(Fault::Answer(slow_down))
    });
    let key = account.recovery.text().context("a recovery key")?;
    let line = format!(
        "reset {} --homeserver {} --route email --email {address} --yes --password-file old --new-password-file new \
         --recovery-key-file key",
        account.user_id,
        proxy.base_url()
    );
    let terminal = on_a_terminal(&line)?;
    for (name, secret) in [("old", account.password.as_str()), ("new", NEW), ("key", key)] {
        std::fs::write(terminal.home().join(name), secret)?;
    }
    let running = terminal.start()?;
    running
        .said("the countdown", |text| {
            text.contains("waiting as the server asks, 2 s left").then_some(())
        })
        .await?;
    types(&running, "Press r and Enter for another mail.", "r\n").await?;
    running
        .said("the answer to r", |text| {
            text.contains("too early for another mail").then_some(())
        })
        .await?;
    confirm(&account.homeserver.mailbox(), address, 1).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(outcome.stderr.contains("readable now"), "{outcome}");
    Ok(())
}

/// Some servers send a code instead of a link: it is asked for, and goes where the server says.
#[tokio::test]
async fn a_code_instead_of_a_link() -> Result<()> {
    let account = healthy().await?;
    let address = account.email.as_deref().context("an address")?;
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
    let key = account.recovery.text().context("a recovery key")?;
    let line = format!(
        "reset {} --homeserver {} --route email --email {address} --yes --password-file old --new-password-file new \
         --recovery-key-file key",
        account.user_id,
        proxy.base_url()
    );
    let terminal = on_a_terminal(&line)?;
    for (name, secret) in [("old", account.password.as_str()), ("new", NEW), ("key", key)] {
        std::fs::write(terminal.home().join(name), secret)?;
    }
    let running = terminal.start()?;
    types(&running, "The code from the mail", "000000\n").await?;
    types(&running, "not the code from the mail", "123456\n").await?;
    let outcome = running.outcome().await?;
    // The stand-in knows no more of the change; that the code arrived is what counts here.
    ensure!(outcome.code()? == 1, "{outcome}");
    ensure!(changed.load(Ordering::SeqCst), "the code was not sent: {outcome}");
    Ok(())
}
