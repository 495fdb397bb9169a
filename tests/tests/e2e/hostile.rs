//! A server that lies: for each attack, what Lifeboat says, and that the account stays as it was.

mod account;
mod elsewhere;
mod entries;
mod late;
mod shapes;
mod words;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, stream};
use lifeboat_tests::account::{AccountSpec, TestAccount, Way};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::{Exchange, Fault, Proxy};
use lifeboat_tests::snapshot::snapshot_of;
use matrix_sdk::reqwest::Method;
use serde_json::Value;

/// A borrowed access token makes no session, so that checks of one account do not see each other.
const AT_ONCE: usize = 4;

type Hook = Box<dyn FnMut(&Exchange) -> Option<Fault> + Send>;

/// What a server does, and exactly what a check with the recovery key must find then.
struct Attack {
    name: &'static str,
    hook: Hook,
    finds: &'static [&'static str],
}

impl Attack {
    fn new(
        name: &'static str,
        hook: impl FnMut(&Exchange) -> Option<Fault> + Send + 'static,
        finds: &'static [&'static str],
    ) -> Self {
        let hook = Box::new(hook);
        Self { name, hook, finds }
    }
}

/// Changes the JSON of the answers to some requests.
fn change(
    method: Method,
    path_end: &'static str,
    change: impl Fn(&mut Value) + Clone + Send + Sync + 'static,
) -> impl FnMut(&Exchange) -> Option<Fault> + Send {
    move |it| {
        let change = change.clone();
        it.is(&method, path_end).then(|| {
            Fault::rewrite(move |mut answer| {
                change(&mut answer);
                answer
            })
        })
    }
}

async fn account() -> Result<TestAccount> {
    AccountSpec::healthy(Way::Key).build().await
}

/// A check that prints JSON, with the token of the account's first session and the recovery key.
fn check(account: &TestAccount, base_url: &str) -> Result<Lifeboat> {
    let key = account.recovery.text().context("no recovery key")?;
    let token = account.api()?.token().context("no token")?;
    let arguments = ["check", account.user_id.as_str(), "--homeserver", base_url, "--json"];
    Lifeboat::new(arguments)?
        .secret("--access-token-file", token)?
        .secret("--recovery-key-file", key)
}

fn codes(outcome: &Outcome) -> Result<BTreeSet<String>> {
    let report = outcome.json()?;
    let findings = report["findings"].as_array().context("no findings")?;
    let code = |it: &Value| it["code"].as_str().map(str::to_owned);
    Ok(findings.iter().filter_map(code).collect())
}

/// Runs every attack on a check with these further arguments, and counts them; fails with all that went otherwise than
/// expected.
async fn attack(account: &TestAccount, attacks: Vec<Attack>, further: &[&str]) -> Result<usize> {
    let before = snapshot_of(account).await?;
    let number = attacks.len();
    let runs = stream::iter(attacks).map(|it| async move {
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        proxy.intercept(it.hook);
        let outcome = check(account, &proxy.base_url())?.args(further).run().await?;
        let found = codes(&outcome).with_context(|| format!("{}: {outcome}", it.name))?;
        let expected: BTreeSet<String> = it.finds.iter().map(|it| (*it).to_owned()).collect();
        let code = outcome.code()?;
        // What changes nothing is clear.
        let right = found == expected && [10, 11].contains(&code) != expected.is_empty();
        Ok((!right).then(|| format!("{} ({code}): {found:?} instead of {expected:?}", it.name)))
    });
    let runs: Vec<Result<Option<String>>> = runs.buffered(AT_ONCE).collect().await;
    let other: Vec<String> = runs
        .into_iter()
        .filter_map(|run| run.unwrap_or_else(|error| Some(format!("{error:#}"))))
        .collect();
    ensure!(other.is_empty(), "{}", other.join("\n"));
    let differences = before.differences(&snapshot_of(account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(number)
}
