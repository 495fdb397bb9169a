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

use crate::{
    extent::Extent,
    table::{Bound, Table, in_milliseconds, median, milliseconds, number},
};

const RUNS: usize = 9;
/// What the SDK, and so Element X, writes into a new passphrase's description.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(499_999);

pub(crate) async fn measure(extent: Extent) -> Result<Table> {
    let rounds = extent.rounds(RUNS);
    let account = AccountSpec::healthy(Way::Passphrase).build().await?;
    let mut with_key = Vec::new();
    let mut without_key = Vec::new();
    let mut derivation = Vec::new();
    // In turns, so that whatever else the machine does is in all three.
    for _ in 0..rounds {
        with_key.push(check(&account, &account.homeserver.base_url, true).await?);
        without_key.push(check(&account, &account.homeserver.base_url, false).await?);
        derivation.push(derive());
    }
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    check(&account, &proxy.base_url(), true).await?;
    let requests = proxy.log().len() as f64;

    let beside: Vec<f64> = in_milliseconds(&with_key)
        .iter()
        .zip(in_milliseconds(&derivation))
        .map(|(whole, derivation)| whole - derivation)
        .collect();
    let alone = |times: &[Duration]| median(in_milliseconds(times)).map(milliseconds).unwrap_or_default();
    let mut table = Table::new(
        "Check",
        extent,
        format!(
            "`lifeboat check --quick` of a healthy account with a recovery passphrase of {ROUNDS} rounds, against a real \
             Synapse on the same machine, from the start of the program to its end: sign-in, all probes, key trial, \
             sign-out. {rounds} rounds, in each one check with the passphrase, one without, and one bare PBKDF2, which is \
             subtracted."
        ),
    );
    table.promise("requests", &[requests], number, Bound::AtMost(20.0))?;
    table.row("whole check with the passphrase", alone(&with_key));
    table.row("PBKDF2 of `aws-lc-rs` alone", alone(&derivation));
    table.promise("the check beside PBKDF2", &beside, milliseconds, Bound::AtMost(250.0))?;
    table.row("whole check without a recovery key", alone(&without_key));
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
    if with_key {
        // That what is subtracted was really computed.
        let facts = &outcome.json()?["facts"];
        let trial = &facts["key_trial"]["known"]["candidates"][0];
        let keys = facts["storage"]["known"]["keys"].to_string();
        ensure!(
            trial["opens_active_backup"] == true && keys.contains(&format!(r#""iterations":{ROUNDS}"#)),
            "{facts:#}"
        );
    }
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
