//! Clocks that jump by a year: a reset that is unfinished is brought to its end, whatever else has a moment written down goes on
//! with it, and nothing is lost.

use std::os::unix::process::ExitStatusExt as _;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join;
use lifeboat_tests::account::TestAccount;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::{Exchange, Fault, Proxy, Reply};
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use serde_json::Value;

use super::{ground::Ground, signals::stopped, work::Work};
use crate::reset::{
    cut_from_the_change_on, ensure_proven, healthy, is_change, other_backup, who_at, with_secrets, with_secrets_again,
};

/// In seconds.
const YEAR: i64 = 365 * 24 * 60 * 60;
/// What jumps, in a debug build.
const CLOCK: &str = "LIFEBOAT_TEST_CLOCK";
const NEW: &str = "New-Password-2";

/// A check whose status file is `before.json` in its home.
async fn checked(account: &TestAccount) -> Result<Outcome> {
    let check = Lifeboat::new(who_at("check", account, &account.homeserver.base_url))?
        .args(["--status-file", "before.json", "--fate", "kept"])
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", account.recovery.text().context("a key")?)?
        .run()
        .await?;
    ensure!(check.code()? == 0, "{check}");
    Ok(check)
}

/// A reset in the same home that relies on that check.
fn reset(checked: Outcome, account: &TestAccount, base_url: &str) -> Result<Lifeboat> {
    let command = checked.then(who_at("reset", account, base_url))?.args([
        "--yes",
        "--route",
        "old-password",
        "--status-file",
        "before.json",
    ]);
    with_secrets(command, account, &account.password, NEW)
}

/// Goes on with it after the clock has jumped.
fn resume(unfinished: Outcome, account: &TestAccount, base_url: &str, jump: i64) -> Result<Lifeboat> {
    let command = unfinished.then(who_at("resume", account, base_url))?;
    with_secrets_again(command.env(CLOCK, jump.to_string()), account, &account.password, NEW)
}

/// Goes on with it after the clock has jumped: that leads to the end, with all that was readable.
async fn ends_well(unfinished: Outcome, account: &TestAccount, jump: i64) -> Result<()> {
    let resumed = resume(unfinished, account, &account.homeserver.base_url, jump)?;
    let resumed = resumed.run().await?;
    ensure!(resumed.code()? == 0, "{jump} seconds: {resumed}");
    let document = resumed.json()?;
    ensure_proven(&document).with_context(|| format!("{jump} seconds: {resumed}"))?;
    let moment = |name: &str| document["history"][name].as_i64().context("a moment");
    let passed = (moment("after_at")? - moment("before_at")?) / 1000;
    ensure!(
        (passed - jump).abs() < YEAR / 2,
        "the clock has not jumped by {jump} seconds: {document:#}"
    );
    let signed_in = account.homeserver.sign_in(account.localpart(), NEW).await;
    signed_in.context("the new password is not true").map(drop)
}

#[tokio::test]
async fn a_change_is_brought_to_its_end_by_whatever_clock() -> Result<()> {
    for jump in [YEAR, -YEAR] {
        let account = healthy().await?;
        account.stop_sessions();
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        cut_from_the_change_on(&proxy);
        let check = checked(&account).await?;
        let stranded = reset(check, &account, &proxy.base_url())?.run().await?;
        ensure!(stranded.code()? == 20, "{stranded}");
        ends_well(stranded, &account, jump).await?;
    }
    Ok(())
}

/// A reset that relies on a check, and was killed before it changed anything.
async fn killed_before_the_change(account: &TestAccount, proxy: &Proxy) -> Result<Outcome> {
    let check = checked(account).await?;
    let reset = reset(check, account, &proxy.base_url())?;
    let killed = reset.env("LIFEBOAT_TEST_KILL_AT", "4").run().await?;
    ensure!(killed.status.signal() == Some(9), "{killed}");
    ensure!(!proxy.log().iter().any(is_change), "the password is changed already");
    Ok(killed)
}

/// Whoever goes on has decided so, however long ago the check seems to be.
#[tokio::test]
async fn a_reset_that_was_killed_before_the_change_goes_on_by_whatever_clock() -> Result<()> {
    for jump in [YEAR, -YEAR] {
        let account = healthy().await?;
        account.stop_sessions();
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        let killed = killed_before_the_change(&account, &proxy).await?;
        ends_well(killed, &account, jump).await?;
    }
    Ok(())
}

/// An hour and more after the check, too, an account is not changed that is another one than was checked.
#[tokio::test]
async fn a_backup_that_was_replaced_is_noticed_by_whatever_clock() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let mut unfinished = killed_before_the_change(&account, &proxy).await?;
    proxy.intercept(move |it| {
        let version = it.is(&Method::GET, "/room_keys/version");
        version.then(|| Fault::Answer(Reply::json(200, &other_backup())))
    });
    for jump in [0, YEAR, -YEAR] {
        let resumed = resume(unfinished, &account, &proxy.base_url(), jump)?;
        unfinished = resumed.run().await?;
        ensure!(unfinished.code()? == 1, "{jump} seconds: {unfinished}");
        ensure!(
            unfinished.says("key backup was replaced since the check"),
            "{jump} seconds: {unfinished}"
        );
    }
    ensure!(!proxy.log().iter().any(is_change), "the password was changed");
    Ok(())
}

/// A check that is a year old, or from next year, is nothing to rely on: nothing is changed.
#[tokio::test]
async fn a_check_of_another_year_is_not_relied_on() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let mut check = checked(&account).await?;
    for (jump, code) in [(YEAR, 2), (-YEAR, 1)] {
        let command = reset(check, &account, &proxy.base_url())?.env(CLOCK, jump.to_string());
        check = command.run().await?;
        ensure!(check.code()? == code, "{jump} seconds: {check}");
        ensure!(check.says("hour"), "{jump} seconds: {check}");
        check.ensure_two_sentences()?;
    }
    ensure!(!proxy.log().iter().any(is_change), "the password was changed");
    Ok(())
}

/// How many messages a check found, and how many of them can be read; from the status file that it wrote.
fn counted(ground: &Ground) -> Result<[u64; 2]> {
    let status: Value = serde_json::from_slice(&std::fs::read(ground.output(Work::Check))?)?;
    let events = &status["forecast"]["events"];
    let count = |name: &str| events[name].as_u64().with_context(|| format!("no {name}: {events:#}"));
    Ok([count("total")?, count("readable")?])
}

/// A check with the memory of one before the jump finds the same.
async fn remembers(ground: &Ground, jump: i64) -> Result<()> {
    let url = &ground.account.homeserver.base_url;
    let output = ground.output(Work::Check);
    let checked = ground.command(Work::Check, url, &output, None)?.run().await?;
    let before = counted(ground)?;
    ground.has_ended_well(Work::Check, &checked).await?;
    let proxy = Proxy::start(url).await?;
    let again = ground.command(Work::Check, &proxy.base_url(), &output, Some(checked))?;
    let again = again.env(CLOCK, jump.to_string()).run().await?;
    let after = counted(ground)?;
    ground.has_ended_well(Work::Check, &again).await?;
    ensure!(before == after && before[0] > 0, "{before:?} became {after:?}");
    let goes_on = |it: &Exchange| it.is(&Method::GET, "/messages") && it.query.contains("dir=f");
    ensure!(proxy.log().iter().any(goes_on), "nothing was remembered\n{again}");
    Ok(())
}

/// Whoever has a moment written down, writes one down, or needs none at all, ends as without the jump.
async fn all_end_well(jump: i64) -> Result<()> {
    let ground = Ground::lay().await?;
    let url = &ground.account.homeserver.base_url;
    let jumped = async |work: Work, earlier: Option<Outcome>| {
        let command = ground.command(work, url, &ground.output(work), earlier)?;
        let outcome = command.env(CLOCK, jump.to_string()).run().await?;
        ground.has_ended_well(work, &outcome).await?;
        anyhow::Ok(outcome)
    };
    remembers(&ground, jump).await?;
    let killed = stopped(&ground, Work::DeskAudit, Signal::KILL, None).await?;
    jumped(Work::DeskAudit, Some(killed)).await?;
    // The session that is kept is an old one after the jump, or one from next year.
    let verify = ground.command(Work::Verify, url, &ground.output(Work::Verify), None)?;
    let verified = verify.run().await?;
    ground.has_ended_well(Work::Verify, &verified).await?;
    let again = jumped(Work::Verify, Some(verified)).await?;
    jumped(Work::Leave, Some(again)).await?;
    for work in [
        Work::TryKey,
        Work::ArkSave,
        Work::ExportKeys,
        Work::Rescue,
        Work::Repair,
        Work::ArkRestore,
        Work::Prove,
        Work::DeskCheck,
        Work::DeskReset,
    ] {
        ground.prepare(work).await?;
        jumped(work, None).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_was_written_down_is_of_use_by_whatever_clock() -> Result<()> {
    let told = async |jump: i64| {
        let ended = all_end_well(jump).await;
        ended.with_context(|| format!("{jump} seconds"))
    };
    try_join(told(YEAR), told(-YEAR)).await?;
    Ok(())
}
