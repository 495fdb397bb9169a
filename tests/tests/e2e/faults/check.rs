//! The check: it never says clear on less than it knows undisturbed, and changes nothing.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use lifeboat_tests::account::{AccountSpec, History, TestAccount, Way};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::Proxy;
use lifeboat_tests::snapshot::snapshot_of;
use serde_json::Value;

use super::{Kind, ends_in_words, name_of};
use crate::live::end_what_is_left_behind;

/// As many at a time as there are accounts: the sessions of several checks on one account would see each other.
const ACCOUNTS: usize = 3;
const HISTORY: History = History {
    rooms: 1,
    messages_each: 3,
    messages_per_key: 1,
};
/// Faults that Lifeboat waits out for a while.
const WAITING: [Kind; 2] = [Kind::Silence, Kind::Limited];
/// The longest wait for two answers in a row, and a machine that does other things too.
const DEADLINE: Duration = Duration::from_secs(200);

struct Case {
    request: String,
    kind: Kind,
}

async fn account() -> Result<TestAccount> {
    AccountSpec::healthy(Way::Key).history(HISTORY).build().await
}

async fn check(account: &TestAccount, url: &str) -> Result<Outcome> {
    let key = account.recovery.text().context("no recovery key")?;
    let arguments = [
        "check",
        account.user_id.as_str(),
        "--homeserver",
        url,
        "--json",
        "--no-cache",
    ];
    Lifeboat::new(arguments)?
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", key)?
        .deadline(DEADLINE)
        .run()
        .await
}

/// What the word “clear” rests on.
fn knowledge(document: &Value) -> Value {
    let facts = &document["facts"];
    ["identity", "storage", "backup", "key_trial", "proof", "coverage"]
        .map(|part| (part.to_owned(), facts[part].clone()))
        .into_iter()
        .collect()
}

async fn undisturbed(account: &TestAccount) -> Result<Value> {
    let outcome = check(account, &account.homeserver.base_url).await?;
    ensure!(outcome.code()? == 0, "the account is not clear\n{outcome}");
    Ok(knowledge(&outcome.json()?))
}

/// Runs one case and judges its end.
async fn run(account: &TestAccount, undisturbed: &Value, case: &Case) -> Result<i32> {
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let request = case.request.clone();
    case.kind.in_the_way(&proxy, move |it| name_of(it) == request);
    let outcome = check(account, &proxy.base_url()).await?;
    ends_in_words(&outcome)?;
    let code = outcome.code()?;
    ensure!([0, 1, 10, 11].contains(&code), "status {code}\n{outcome}");
    if code == 0 {
        let known = knowledge(&outcome.json()?);
        ensure!(known == *undisturbed, "clear on other knowledge\n{known:#}\n{outcome}");
    }
    Ok(code)
}

async fn work(account: TestAccount, cases: &Mutex<Vec<Case>>) -> Result<Vec<i32>> {
    let before = snapshot_of(&account).await?;
    let undisturbed = undisturbed(&account).await?;
    let mut codes = Vec::new();
    loop {
        let case = cases.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(case) = case else { break };
        let told = || format!("{} and {:?}", case.request, case.kind);
        codes.push(run(&account, &undisturbed, &case).await.with_context(told)?);
        end_what_is_left_behind(&account).await?;
    }
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(codes)
}

/// All at once: they only wait.
async fn wait(account: &TestAccount, requests: &BTreeSet<String>, kind: Kind) -> Result<Vec<i32>> {
    let undisturbed = undisturbed(account).await?;
    let undisturbed = &undisturbed;
    let runs = requests.iter().map(async |request| {
        let case = Case {
            request: request.clone(),
            kind,
        };
        let told = || format!("{request} and {kind:?}");
        run(account, undisturbed, &case).await.with_context(told)
    });
    try_join_all(runs).await
}

#[tokio::test]
async fn no_fault_makes_a_check_say_what_it_does_not_know() -> Result<()> {
    let first = account().await?;
    let proxy = Proxy::start(&first.homeserver.base_url).await?;
    check(&first, &proxy.base_url()).await?;
    let requests: BTreeSet<String> = proxy.log().iter().map(name_of).collect();
    let mut codes = Vec::new();
    for kind in WAITING {
        codes.extend(wait(&first, &requests, kind).await?);
        end_what_is_left_behind(&first).await?;
    }

    let mut cases = Vec::new();
    for request in &requests {
        let quick = Kind::ALL.into_iter().filter(|it| !WAITING.contains(it));
        cases.extend(quick.map(|kind| Case {
            request: request.clone(),
            kind,
        }));
    }
    let cases = Mutex::new(cases);
    let mut accounts = vec![first];
    for _ in 1..ACCOUNTS {
        accounts.push(account().await?);
    }
    let quick = try_join_all(accounts.into_iter().map(|it| work(it, &cases)));
    codes.extend(quick.await?.concat());
    let ended = |code| codes.iter().filter(|it| **it == code).count();
    println!(
        "check: {} requests × {} faults = {} runs: {} clear, {} cautions, {} blocked, {} failed",
        requests.len(),
        Kind::ALL.len(),
        codes.len(),
        ended(0),
        ended(11),
        ended(10),
        ended(1),
    );
    Ok(())
}
