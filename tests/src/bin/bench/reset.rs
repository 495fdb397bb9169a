//! How long a reset takes from the confirmed link to the proof, beside the derivation of the passphrase and the time in which
//! the server is at work.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    lifeboat::Lifeboat,
    proxy::{Exchange, Proxy},
};
use matrix_sdk::reqwest::Method;

use crate::{
    check::derive,
    extent::Extent,
    table::{Bound, Table, in_milliseconds, median, milliseconds, number},
};

const RUNS: usize = 5;

/// What one reset took.
struct Took {
    /// From the confirmed link to the end of the program.
    whole: Duration,
    /// From the server's answer to the change to the end of the program: the next look at the link is no part of it.
    from_change: Duration,
    /// As the program says it, where every session ended.
    without_session: Option<Duration>,
    requests: usize,
    sign_ins: usize,
}

pub(crate) async fn measure(extent: Extent) -> Result<Table> {
    let rounds = extent.rounds(RUNS);
    let (mut kept, mut ended, mut derivation) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        kept.push(reset(false).await?);
        ended.push(reset(true).await?);
        derivation.push(derive());
    }
    let mut table = Table::new(
        "Reset",
        extent,
        format!(
            "`lifeboat reset --route email` of a healthy account with a recovery passphrase, against a real Synapse with a real \
             mailbox on the same machine, from the button on the page behind the link to the end of the program: change, \
             sign-in, keys, history proof, second status file; up to 1 s of it until Lifeboat asks again. The passphrase is \
             derived twice, for the restore and for the second status file, so a bare PBKDF2 is subtracted twice. {rounds} runs."
        ),
    );
    let middle = |times: &[Duration]| median(in_milliseconds(times)).map(milliseconds).unwrap_or_default();
    let derivations = in_milliseconds(&derivation);
    for (name, all) in [("sessions kept", &kept), ("every session ended", &ended)] {
        let of = |part: fn(&Took) -> Duration| all.iter().map(part).collect::<Vec<_>>();
        let whole = of(|it| it.whole);
        table.row(format!("{name}: confirmed link to proof"), middle(&whole));
        let beside: Vec<f64> = in_milliseconds(&whole)
            .iter()
            .zip(&derivations)
            .map(|(whole, derivation)| whole - 2.0 * derivation)
            .collect();
        table.promise(
            &format!("{name}: beside PBKDF2"),
            &beside,
            milliseconds,
            Bound::AtMost(3000.0),
        )?;
        table.row(
            format!("{name}: from the changed password"),
            middle(&of(|it| it.from_change)),
        );
        let requests = median(all.iter().map(|it| it.requests)).unwrap_or_default();
        table.row(
            format!("{name}: requests, the check before included"),
            requests.to_string(),
        );
        let most = all.iter().map(|it| it.sign_ins).max().unwrap_or_default();
        // One before, one after.
        table.promise(&format!("{name}: sign-ins"), &[most as f64], number, Bound::AtMost(2.0))?;
    }
    let window: Vec<Duration> = ended.iter().filter_map(|it| it.without_session).collect();
    table.row("no session that could receive keys", middle(&window));
    table.row("PBKDF2 of `aws-lc-rs` alone", middle(&derivation));
    Ok(table)
}

async fn reset(end_sessions: bool) -> Result<Took> {
    let account = AccountSpec::healthy(Way::Passphrase).build().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let address = account.email.clone().context("an address")?;
    let running = command(&account, &proxy.base_url(), &address, end_sessions)?.start()?;
    let mail = account.homeserver.mailbox().wait_for(&address, 1).await?;
    let link = mail.reset_link()?;
    link.press().await?;
    let confirmed = Instant::now();
    let outcome = running.outcome().await?;
    let whole = confirmed.elapsed();
    ensure!(outcome.code()? == 0, "{outcome}");
    let log = proxy.log();
    let is_change = |it: &&Exchange| it.is(&Method::POST, "/account/password") && it.status == Some(200);
    let change = log.iter().find(is_change).context("no change")?;
    let end = log.last().context("no request")?;
    let document = outcome.json()?;
    Ok(Took {
        whole,
        from_change: end.at.saturating_sub(change.at),
        without_session: document["without_session_ms"].as_u64().map(Duration::from_millis),
        requests: log.len(),
        sign_ins: log.iter().filter(|it| it.is(&Method::POST, "/v3/login")).count(),
    })
}

fn command(account: &TestAccount, base_url: &str, address: &str, end_sessions: bool) -> Result<Lifeboat> {
    let who = ["reset", account.user_id.as_str(), "--homeserver", base_url, "--json"];
    let command = Lifeboat::new(who)?
        .args(["--yes", "--accept-cautions", "--route", "email", "--email", address])
        .args(end_sessions.then_some("--end-sessions"));
    command
        .secret("--password-file", &account.password)?
        .secret("--new-password-file", "New-Password-2")?
        .secret("--recovery-key-file", account.recovery.text().context("a passphrase")?)
}
