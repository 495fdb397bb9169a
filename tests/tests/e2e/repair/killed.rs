//! Killed before and after every write of a repair, and run again: the end is that of an undisturbed one.

mod lost_key;

use std::sync::{
    Arc,
    atomic::{AtomicI32, Ordering},
};

use anyhow::{Context, Result, bail, ensure};
use lifeboat_tests::account::{AccountSpec, Defect, History, TestAccount, Way};
use lifeboat_tests::counts;
use lifeboat_tests::lifeboat::Outcome;
use lifeboat_tests::proxy::{Exchange, Fault, Proxy};
use matrix_sdk::reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};

use super::{codes, is_clear, repair_at, reset, sessions};
use crate::{
    live::{devices, end_what_is_left_behind},
    rescue::everything_survives,
};

/// More writes than this no repair has.
const MOST_WRITES: u32 = 40;

/// Whether a request changes the account, and not only the session that repairs.
fn changes(it: &Exchange) -> bool {
    let repaired = [
        "/account_data/",
        "/room_keys/",
        "/device_signing/",
        "/signatures/upload",
        "/devices/",
    ];
    it.method != Method::GET && repaired.iter().any(|part| it.path.contains(part))
}

/// Kills a process when a request of a certain number comes: the even ones before the server hears of it, the odd ones
/// after.
struct Killer {
    proxy: Proxy,
    process: Arc<AtomicI32>,
}

impl Killer {
    async fn at(account: &TestAccount, moment: u32) -> Result<Self> {
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        let process = Arc::new(AtomicI32::new(0));
        let victim = Arc::clone(&process);
        let mut seen = 0;
        proxy.intercept(move |it| {
            if !changes(it) {
                return None;
            }
            seen += 1;
            if seen != moment / 2 + 1 {
                return None;
            }
            if moment % 2 == 1 {
                return Some(Fault::CutAfter);
            }
            let process = Pid::from_raw(victim.load(Ordering::SeqCst))?;
            kill_process(process, Signal::KILL).ok()?;
            Some(Fault::CutBefore)
        });
        Ok(Self { proxy, process })
    }

    async fn run(&self, account: &TestAccount, keys: &[&str], flags: &[&str]) -> Result<Outcome> {
        let running = repair_at(account, &self.proxy.base_url(), keys, flags)?.start()?;
        self.process.store(i32::try_from(running.id())?, Ordering::SeqCst);
        running.outcome().await
    }
}

/// Disturbs at the first moment, the second, and so on, each time on a new account, until a run ends undisturbed.
async fn every_moment(
    least: u32,
    account: impl AsyncFn() -> Result<TestAccount>,
    flags: impl AsyncFn(&TestAccount) -> Result<Vec<String>>,
    ends: impl AsyncFn(TestAccount, Vec<String>) -> Result<()>,
) -> Result<()> {
    for moment in 0..MOST_WRITES {
        let account = account().await?;
        let flags = flags(&account).await?;
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let lost = flags.contains(&"--lost-recovery-key");
        let own = account.recovery.text().filter(|_| !lost).map(str::to_owned);
        let own: Vec<String> = own.into_iter().collect();
        let keys: Vec<&str> = own.iter().map(String::as_str).collect();
        let killer = Killer::at(&account, moment).await?;
        let disturbed = killer.run(&account, &keys, &flags).await?;
        let undisturbed = disturbed.status.code() == Some(0);
        killer.proxy.let_through();
        // Whoever has the new key gives it; the place for it is taken otherwise.
        let file = disturbed.home().join("new-key.txt");
        let new = std::fs::read_to_string(&file).ok().map(|it| it.trim().to_owned());
        let mut keys = own.clone();
        let mut again = flags.clone();
        if let Some(new) = new {
            keys.push(new);
            again.retain(|it| !["--new-recovery-key", "new-key.txt", "--lost-recovery-key"].contains(it));
        }
        let keys_given: Vec<&str> = keys.iter().map(String::as_str).collect();
        end_what_is_left_behind(&account).await?;
        let url = account.homeserver.base_url.clone();
        let mut outcome = repair_at(&account, &url, &keys_given, &again)?.run().await?;
        if outcome.code()? == 2 {
            // Nothing had reached the server, so another new recovery key is made.
            let anew: Vec<&str> = flags
                .iter()
                .map(|it| if *it == "new-key.txt" { "another-key.txt" } else { it })
                .collect();
            let own_keys: Vec<&str> = own.iter().map(String::as_str).collect();
            outcome = repair_at(&account, &url, &own_keys, &anew)?.run().await?;
            let another = std::fs::read_to_string(outcome.home().join("another-key.txt"))?;
            keys = own.clone();
            keys.push(another.trim().to_owned());
        }
        // A reset that is done is refused as needless; what counts is that nothing is left.
        ensure!(
            [0, 10].contains(&outcome.code()?),
            "moment {moment}: {disturbed}\n{outcome}"
        );
        let left = codes(&outcome.json()?, "left");
        ensure!(left.is_empty(), "moment {moment}: {outcome}");
        ends(account, keys)
            .await
            .with_context(|| format!("moment {moment}\n{disturbed}\n{outcome}"))?;
        if undisturbed {
            ensure!(moment >= least, "there are more moments than {moment}");
            return Ok(counts::tell(format_args!(
                "a repair with {flags:?}: disturbed at {moment} moments"
            ))?);
        }
    }
    bail!("the repair has no end")
}

async fn clear_and_true(account: TestAccount, keys: Vec<String>) -> Result<()> {
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    is_clear(&account, &keys).await?;
    everything_survives(account).await
}

/// One account is made for each moment: no more than there has to be.
fn small() -> AccountSpec {
    AccountSpec::healthy(Way::Key).history(History {
        rooms: 1,
        messages_each: 2,
        messages_per_key: 1,
    })
}

async fn spoiled(defect: Defect) -> Result<TestAccount> {
    small().with(defect).build().await
}

/// Nothing but what every run here needs.
async fn bare(_: &TestAccount) -> Result<Vec<String>> {
    Ok(["--yes", "--no-ark"].map(str::to_owned).into())
}

#[tokio::test]
async fn while_a_backup_is_signed() -> Result<()> {
    every_moment(2, async || spoiled(Defect::BackupUnsigned).await, bare, clear_and_true).await
}

#[tokio::test]
async fn while_a_default_key_is_named() -> Result<()> {
    every_moment(
        2,
        async || spoiled(Defect::SecretsUnderOldKey).await,
        bare,
        clear_and_true,
    )
    .await
}

#[tokio::test]
async fn while_a_backup_is_made_and_filled() -> Result<()> {
    every_moment(6, async || spoiled(Defect::NoKeyBackup).await, bare, clear_and_true).await
}

#[tokio::test]
async fn while_secrets_are_fetched() -> Result<()> {
    every_moment(
        2,
        async || spoiled(Defect::BackupKeyNotStored).await,
        bare,
        clear_and_true,
    )
    .await
}

#[tokio::test]
async fn while_an_older_backup_is_mined() -> Result<()> {
    let account = async || {
        small()
            .with(Defect::BackupKeyOfOlderVersion)
            .with(Defect::EntriesDeleted(2))
            .build()
            .await
    };
    every_moment(4, account, bare, clear_and_true).await
}

#[tokio::test]
async fn while_a_bare_account_is_set_up() -> Result<()> {
    let flags = async |account: &TestAccount| {
        let new = ["--new-recovery-key", "new-key.txt"].map(str::to_owned);
        Ok([bare(account).await?, new.into()].concat())
    };
    every_moment(
        14,
        async || spoiled(Defect::BrandNew).await,
        flags,
        async |account, keys| {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            ensure!(keys.len() == 1, "{} keys", keys.len());
            account
                .first()?
                .client()
                .encryption()
                .recovery()
                .recover(keys[0])
                .await?;
            is_clear(&account, &keys).await
        },
    )
    .await
}

#[tokio::test]
async fn while_the_identity_is_reset() -> Result<()> {
    let flags = async |_: &TestAccount| {
        Ok([&reset::RESET[..], &["--yes"]]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect())
    };
    every_moment(16, reset::stranded, flags, async |account, keys| {
        let new = keys.last().context("no new key")?;
        let onlooker = account.first()?;
        onlooker.client().encryption().recovery().recover(new).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn while_sessions_are_signed_renamed_and_signed_out() -> Result<()> {
    let account = async || {
        let spec = small().with(Defect::UnverifiedSession);
        spec.with(Defect::KeylessSession).build().await
    };
    let flags = async |account: &TestAccount| {
        let phone = sessions::named(account, "Old phone").await?;
        let ours: Vec<_> = account.sessions.iter().map(|it| it.device_id().as_str()).collect();
        let all = devices(account).await?;
        let ghost = all.into_iter().find(|it| !ours.contains(&it.0.as_str()));
        let (ghost, _) = ghost.context("no ghost")?;
        let named = format!("--sign-session {phone} --rename-session {phone}=Kitchen --sign-out-session {ghost}");
        let named = named.split(' ').map(str::to_owned).collect();
        Ok([bare(account).await?, named].concat())
    };
    every_moment(6, account, flags, async |account, keys| {
        ensure!(
            sessions::named(&account, "Kitchen").await.is_ok(),
            "it has its old name"
        );
        clear_and_true(account, keys).await
    })
    .await
}
