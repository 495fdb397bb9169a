//! Accounts without an identity or without anything: set up in order, with a fresh recovery key.

use anyhow::{Context, Result, ensure};
use lifeboat_tests::account::{AccountSpec, Defect, Recovery, TestAccount, Way};
use lifeboat_tests::lifeboat::Outcome;

use super::{codes, goes_on, is_clear, is_whole, repair, repair_at};
use crate::live::devices;
use crate::rescue::everything_survives;

pub(super) fn new_key(outcome: &Outcome) -> Result<String> {
    let file = outcome.home().join("new-key.txt");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file)?.permissions());
    ensure!(mode & 0o777 == 0o600, "{mode:o}");
    Ok(std::fs::read_to_string(file)?.trim().to_owned())
}

/// Signs every session that the identity does not vouch for.
async fn sign_all(account: &TestAccount, key: &str) -> Result<()> {
    let mut flags = vec!["--yes".to_owned(), "--no-ark".to_owned()];
    for (id, _) in devices(account).await? {
        flags.extend(["--sign-session".to_owned(), id]);
    }
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let outcome = repair_at(account, &account.homeserver.base_url, &[key], &flags)?
        .run()
        .await?;
    assert_eq!(outcome.code()?, 0, "{outcome}");
    Ok(())
}

#[tokio::test]
async fn a_bare_account_gets_identity_storage_and_backup() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).with(Defect::BrandNew).build().await?;
    let nowhere = repair(&account, &["--yes", "--no-ark"])?.run().await?;
    assert_eq!(nowhere.code()?, 2, "{nowhere}");
    ensure!(nowhere.stderr.contains("--new-recovery-key"), "{nowhere}");

    let flags = ["--yes", "--ark", "before.ark", "--new-recovery-key", "new-key.txt"];
    let outcome = repair(&account, &flags)?.run().await?;
    assert_eq!(outcome.code()?, 0, "{outcome}");
    let document = outcome.json()?;
    let all = ["new-storage-key", "set-up-identity", "set-default-key", "create-backup"];
    assert_eq!(codes(&document, "done"), all, "{outcome}");
    assert_eq!(document["new_recovery_key"]["proven"], true, "{outcome}");
    is_whole(&outcome.home().join("before.ark"))?;
    let key = new_key(&outcome)?;
    ensure!(
        !outcome.stdout.contains(&key) && !outcome.stderr.contains(&key),
        "the key is on the screen"
    );
    let again = repair_at(&account, &account.homeserver.base_url, &[&key], &["--yes", "--no-ark"])?
        .run()
        .await?;
    assert_eq!((again.code()?, codes(&again.json()?, "plan")), (0, vec![]), "{again}");
    sign_all(&account, &key).await?;
    is_clear(&account, &[&key]).await?;

    // Another client opens all of it.
    let laptop = account.first()?;
    laptop.client().encryption().recovery().recover(&key).await?;
    laptop
        .wait_until("the laptop to use the backup", async |client| {
            Ok(client.encryption().backups().are_enabled().await)
        })
        .await
}

#[tokio::test]
async fn an_account_without_identity_gets_one_and_keeps_its_recovery_key() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).with(Defect::NoIdentity).build().await?;
    let outcome = repair(&account, &["--yes", "--ark", "before.ark"])?.run().await?;
    assert_eq!(outcome.code()?, 0, "{outcome}");
    assert_eq!(
        codes(&outcome.json()?, "done"),
        ["set-up-identity", "sign-backup"],
        "{outcome}"
    );
    let key = account.recovery.text().context("no key")?;
    sign_all(&account, key).await?;
    is_clear(&account, &[key]).await?;
    goes_on(&account).await?;
    everything_survives(account).await
}

#[tokio::test]
async fn a_new_key_never_goes_over_a_file_that_is_there() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).with(Defect::BrandNew).build().await?;
    let command = repair(&account, &["--yes", "--no-ark", "--new-recovery-key", "new-key.txt"])?;
    std::fs::write(command.home().join("new-key.txt"), "mine")?;
    let outcome = command.run().await?;
    assert_eq!(outcome.code()?, 2, "{outcome}");
    ensure!(outcome.stderr.contains("--recovery-key-file new-key.txt"), "{outcome}");
    assert_eq!(std::fs::read_to_string(outcome.home().join("new-key.txt"))?, "mine");
    let lost = account_with_nothing_to_lose(&account, outcome).await?;
    ensure!(lost, "something was changed");
    Ok(())
}

async fn account_with_nothing_to_lose(account: &TestAccount, _: Outcome) -> Result<bool> {
    let dry = repair(account, &["--dry-run"])?.run().await?;
    Ok(codes(&dry.json()?, "left").len() == 4 && account.recovery == Recovery::None)
}
