//! How long a check of the healthy account takes, beside the derivation of its passphrase.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::pbkdf2;
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    lifeboat::Lifeboat,
    proxy::Proxy,
};

use crate::table::{Table, median, milliseconds};

const RUNS: usize = 9;
/// What the SDK, and so Element X, writes into a new passphrase's description.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(499_999);

pub(crate) async fn measure() -> Result<Table> {
    let account = AccountSpec::healthy(Way::Passphrase).build().await?;
    let mut with_key = Vec::new();
    let mut without_key = Vec::new();
    let mut derivation = Vec::new();
    // In turns, so that whatever else the machine does is in all three.
    for _ in 0..RUNS {
        with_key.push(check(&account, &account.homeserver.base_url, true).await?);
        without_key.push(check(&account, &account.homeserver.base_url, false).await?);
        derivation.push(derive());
    }
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    check(&account, &proxy.base_url(), true).await?;
    let requests = proxy.log().len();

    let (with_key, without_key, derivation) = (median(with_key), median(without_key), median(derivation));
    let beside = with_key.saturating_sub(derivation);
    let mut table = Table::new(
        "Check",
        format!(
            "`lifeboat check --quick` of a healthy account with a recovery passphrase of {ROUNDS} rounds, against a real \
             Synapse on the same machine, from the start of the program to its end: sign-in, all probes, key trial, \
             sign-out. Median of {RUNS} runs."
        ),
    );
    table.row("requests", requests.to_string(), "at most 20");
    table.row("whole check with the passphrase", milliseconds(with_key), "");
    table.row("PBKDF2 alone", milliseconds(derivation), "");
    table.row("the check beside PBKDF2", milliseconds(beside), "under 250 ms");
    table.row("whole check without a recovery key", milliseconds(without_key), "");
    Ok(table)
}

async fn check(account: &TestAccount, base_url: &str, with_key: bool) -> Result<Duration> {
    let arguments = [
        "check",
        account.user_id.as_str(),
        "--homeserver",
        base_url,
        "--quick",
        "--json",
    ];
    let mut lifeboat = Lifeboat::new(arguments)?.secret("--password-file", &account.password)?;
    if with_key {
        lifeboat = lifeboat.secret("--recovery-key-file", account.recovery.text().context("a passphrase")?)?;
    }
    let outcome = lifeboat.run().await?;
    ensure!(outcome.code()? == 10, "{}", outcome.stderr);
    Ok(outcome.took)
}

/// Derives a key as the SDK does, and returns how long it took.
pub(crate) fn derive() -> Duration {
    let mut key = [0; 32];
    let start = Instant::now();
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA512,
        ROUNDS,
        b"a salt of thirty-two characters.",
        b"passphrase",
        &mut key,
    );
    start.elapsed()
}
