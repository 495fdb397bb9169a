//! A session that was to be kept, and was made at the server without anybody here getting to remember it.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::TestAccount;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::{Exchange, Fault, Proxy};
use lifeboat_tests::wait::until;
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;

use crate::live::devices;
use crate::reset::healthy;

fn is_sign_in(it: &Exchange) -> bool {
    it.is(&Method::POST, "/login")
}

/// A check that is to keep its session, in the home of `earlier` if there is one.
fn keeping(account: &TestAccount, url: &str, earlier: Option<Outcome>) -> Result<Lifeboat> {
    let words = [
        "check",
        account.user_id.as_str(),
        "--homeserver",
        url,
        "--quick",
        "--keep-session",
    ];
    let check = match earlier {
        Some(earlier) => earlier.then(words)?,
        None => Lifeboat::new(words)?,
    };
    check.secret("--password-file", &account.password)
}

/// The one session that the account has now, and had not before.
async fn made_since(account: &TestAccount, before: &[(String, Option<String>)]) -> Result<Option<String>> {
    let all = devices(account).await?;
    let mut new = all.into_iter().filter(|it| !before.contains(it));
    let made = new.next().map(|(id, _)| id);
    ensure!(new.next().is_none(), "more than one session was made");
    Ok(made)
}

/// Killed while the server's answer is on its way: the session is there.
async fn killed(account: &TestAccount, proxy: &Proxy, before: &[(String, Option<String>)]) -> Result<Outcome> {
    let slowly = Duration::from_millis(100);
    proxy.intercept(move |it| is_sign_in(it).then_some(Fault::Trickle(slowly)));
    let running = keeping(account, &proxy.base_url(), None)?.start()?;
    until("the session to be made", async || made_since(account, before).await).await?;
    running.signal(Signal::KILL)?;
    let killed = running.outcome().await?;
    ensure!(killed.status.signal() == Some(9), "{killed}");
    Ok(killed)
}

/// The server's answer never comes: the session is there.
async fn cut_off(account: &TestAccount, proxy: &Proxy, before: &[(String, Option<String>)]) -> Result<Outcome> {
    proxy.intercept(|it| is_sign_in(it).then_some(Fault::CutAfter));
    let cut = keeping(account, &proxy.base_url(), None)?.run().await?;
    ensure!(cut.code()? == 1, "{cut}");
    cut.ensure_two_sentences()?;
    let device = made_since(account, before).await?.context("no session was made")?;
    ensure!(cut.says(&device), "{device} is not named\n{cut}");
    Ok(cut)
}

/// A later attempt that the server refuses has made no session, which says nothing of the one that is there.
async fn is_not_forgotten(
    account: &TestAccount,
    left: Outcome,
    before: &[(String, Option<String>)],
) -> Result<Outcome> {
    let (user, url) = (account.user_id.as_str(), account.homeserver.base_url.as_str());
    let device = made_since(account, before).await?.context("no session was made")?;
    let check = left.then(["check", user, "--homeserver", url, "--quick", "--keep-session"])?;
    let refused = check.secret("--password-file", "a password of nobody")?.run().await?;
    ensure!(refused.code()? == 1, "{refused}");
    let leave = refused.then(["leave", user, "--homeserver", url, "--force"])?;
    let told = leave.run().await?;
    ensure!(told.code()? == 2 && told.says(&device), "{device} is not named\n{told}");
    Ok(told)
}

/// What is left is named, nothing that leads to it is removed, and the next session that is kept takes its place.
async fn is_told_and_taken_over(
    account: &TestAccount,
    left: Outcome,
    before: &[(String, Option<String>)],
) -> Result<()> {
    let (user, url) = (account.user_id.as_str(), account.homeserver.base_url.as_str());
    let device = made_since(account, before).await?.context("no session was made")?;
    let mut earlier = left;
    for words in [
        &["leave", user, "--homeserver", url, "--force"][..],
        &["util", "forget", user],
    ] {
        let told = earlier.then(words)?.run().await?;
        ensure!(told.code()? == 2 && told.says(&device), "{device} is not named\n{told}");
        told.ensure_two_sentences()?;
        // What leads out of it, however it is wrapped.
        let takes_over = told.words().replace(' ', "").contains("--quick--keep-session");
        ensure!(takes_over, "what takes it over is not named\n{told}");
        earlier = told;
    }
    ensure!(
        made_since(account, before).await?.as_ref() == Some(&device),
        "it is gone"
    );
    // Whoever keeps none leaves it as it is.
    let check = earlier.then(["check", user, "--homeserver", url, "--quick"])?;
    let checked = check.secret("--password-file", &account.password)?.run().await?;
    ensure!([10, 11].contains(&checked.code()?), "{checked}");
    let kept = keeping(account, url, Some(checked))?.run().await?;
    ensure!([10, 11].contains(&kept.code()?), "{kept}");
    let now = made_since(account, before).await?;
    ensure!(
        now.as_ref() == Some(&device),
        "{now:?} has not taken the place of {device}\n{kept}"
    );
    let left = kept
        .then(["leave", user, "--homeserver", url, "--force"])?
        .run()
        .await?;
    ensure!(left.code()? == 0, "{left}");
    let after = devices(account).await?;
    ensure!(after == before, "{after:?} are left\n{left}");
    Ok(())
}

#[tokio::test]
async fn a_session_that_nobody_got_to_remember_is_told_of_and_taken_over() -> Result<()> {
    let account = healthy().await?;
    let before = devices(&account).await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let left = killed(&account, &proxy, &before).await?;
    let left = is_not_forgotten(&account, left, &before).await?;
    is_told_and_taken_over(&account, left, &before)
        .await
        .context("killed")?;
    let left = cut_off(&account, &proxy, &before).await?;
    is_told_and_taken_over(&account, left, &before).await.context("cut off")
}

/// A server that refuses has made none: nothing is left to be told of.
#[tokio::test]
async fn a_sign_in_that_was_refused_leaves_nothing() -> Result<()> {
    let account = healthy().await?;
    let (user, url) = (account.user_id.as_str(), account.homeserver.base_url.as_str());
    let check = Lifeboat::new(["check", user, "--homeserver", url, "--quick", "--keep-session"])?;
    let refused = check.secret("--password-file", "a password of nobody")?.run().await?;
    ensure!(refused.code()? == 1, "{refused}");
    let folder = refused.home().join("data/lifeboat");
    let left = folder
        .exists()
        .then(|| folder.read_dir())
        .transpose()?
        .into_iter()
        .flatten()
        .count();
    ensure!(left == 0, "{left} folders are left\n{refused}");
    let leave = refused.then(["leave", user, "--homeserver", url, "--force"])?;
    let nothing = leave.run().await?;
    ensure!(nothing.code()? == 2 && nothing.says("nothing to leave"), "{nothing}");
    Ok(())
}
