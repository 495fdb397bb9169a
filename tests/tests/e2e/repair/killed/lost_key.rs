//! Killed while a living session helps to replace a lost recovery key.

use std::path::Path;
use std::sync::atomic::Ordering;

use anyhow::{Context as _, Result, bail, ensure};
use lifeboat_tests::account::{Recovery, TestAccount};
use lifeboat_tests::counts;
use lifeboat_tests::lifeboat::{Outcome, Running};
use lifeboat_tests::wait::until;

use super::{Killer, MOST_WRITES, small};
use crate::live::end_what_is_left_behind;
use crate::repair::{emoji::repair_at, is_clear};
use crate::rescue::everything_survives;
use crate::terminal::{flowing, types};
use crate::verify::{Other, answer};

/// What a person says yes to, in this order.
const QUESTIONS: [&str; 2] = ["Do all of this?", "the same seven emoji"];
const LOST: &str = "--lost-recovery-key --new-recovery-key new-key.txt";
/// The description of the new key, four secrets, the name of the default key.
const LEAST: u32 = 12;

/// Says yes to whatever is asked, until the end; once it has asked, the program is `killer`'s to kill.
async fn say_yes(mut running: Running, killer: Option<&Killer>) -> Result<Outcome> {
    let mut questions = QUESTIONS.iter().peekable();
    until("the end", async || {
        if !running.runs()? {
            return Ok(Some(()));
        }
        let Some(question) = questions.peek().copied() else {
            return Ok(None);
        };
        if running.said_so_far(|text| flowing(text).contains(question)) {
            questions.next();
            if let Some(killer) = killer {
                killer.process.store(only_child(running.id())?, Ordering::SeqCst);
            }
            types(&running, question, "yes\n").await?;
        }
        Ok(None)
    })
    .await?;
    running.outcome().await
}

/// The program on the terminal: the one child of the program that makes the terminal.
fn only_child(parent: u32) -> Result<i32> {
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))?;
    let child = children.trim().parse();
    child.with_context(|| format!("“{children}” is not one child"))
}

fn written_key(home: &Path) -> Option<String> {
    let text = std::fs::read_to_string(home.join("new-key.txt")).ok()?;
    Some(text.trim().to_owned())
}

/// Runs it again as a person would who has the new key in a file, or has none; returns the key that opens everything.
async fn again(account: &TestAccount, new: Option<String>) -> Result<(Outcome, String)> {
    let url = &account.homeserver.base_url;
    if let Some(new) = new {
        let command = repair_at(account, url, "--recovery-key-file key.txt")?;
        std::fs::write(command.home().join("key.txt"), &new)?;
        let outcome = say_yes(command.start()?, None).await?;
        // Otherwise nothing had reached the server, and another new key is made.
        if ![2, 10].contains(&outcome.code()?) {
            return Ok((outcome, new));
        }
    }
    let outcome = say_yes(repair_at(account, url, LOST)?.start()?, None).await?;
    let key = written_key(outcome.home()).with_context(|| format!("no new key\n{outcome}"))?;
    Ok((outcome, key))
}

/// Each moment on the same account: its recovery key is lost again.
#[tokio::test]
async fn while_a_lost_recovery_key_is_replaced() -> Result<()> {
    let mut account = small().build().await?;
    let _shown = answer(account.first()?, Other::Agrees);
    for moment in 0..MOST_WRITES {
        let killer = Killer::at(&account, moment).await?;
        let command = repair_at(&account, &killer.proxy.base_url(), LOST)?;
        let disturbed = say_yes(command.start()?, Some(&killer)).await?;
        if disturbed.status.code() == Some(0) {
            ensure!(moment >= LEAST, "there are more moments than {moment}");
            counts::tell(format_args!("a lost recovery key: disturbed at {moment} moments"))?;
            let key = written_key(disturbed.home()).context("no new key")?;
            account.recovery = Recovery::Key(key);
            return everything_survives(account).await;
        }
        killer.proxy.let_through();
        end_what_is_left_behind(&account).await?;
        let (outcome, key) = again(&account, written_key(disturbed.home())).await?;
        let told = || format!("moment {moment}\n{disturbed}\n{outcome}");
        ensure!(outcome.code()? == 0, "{}", told());
        is_clear(&account, &[&key]).await.with_context(told)?;
        account.recovery = Recovery::Key(key);
    }
    bail!("the repair has no end")
}
