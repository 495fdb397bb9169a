//! Repairs that need a person at another session: on a terminal, with a session that really answers.

use anyhow::{Context, Result, ensure};
use lifeboat_tests::account::{AccountSpec, Defect, Recovery, Secret, TestAccount, Way};
use lifeboat_tests::lifeboat::{Lifeboat, Running};

use super::{goes_on, is_clear, is_whole};
use crate::rescue::everything_survives;
use crate::terminal::{on_a_terminal, types};
use crate::verify::{Other, answer};

/// `lifeboat repair` on a terminal, with the password in a file.
fn repair(account: &TestAccount, flags: &str) -> Result<Lifeboat> {
    repair_at(account, &account.homeserver.base_url, flags)
}

/// The same, sent to `url`.
pub(super) fn repair_at(account: &TestAccount, url: &str, flags: &str) -> Result<Lifeboat> {
    let partner = account.first()?.device_id();
    let user = &account.user_id;
    let line = format!(
        "repair {user} --homeserver {url} --password-file password.txt --ark before.ark --with {partner} {flags}"
    );
    let command = on_a_terminal(&line)?;
    std::fs::write(command.home().join("password.txt"), &account.password)?;
    Ok(command)
}

/// Says yes to the plan and to the emoji.
async fn agree(running: &Running) -> Result<()> {
    types(running, "Do all of this?", "yes\n").await?;
    types(running, "the same seven emoji", "yes\n").await
}

async fn renewed(mut account: TestAccount, flags: &str, asked: bool) -> Result<()> {
    let _shown = answer(account.first()?, Other::Agrees);
    let flags = format!("{flags} --new-recovery-key new-key.txt");
    let running = repair(&account, &flags)?.start()?;
    if asked {
        types(&running, "Recovery key or passphrase", "\n").await?;
    }
    agree(&running).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(outcome.stderr.contains("it opens everything"), "{outcome}");
    is_whole(&outcome.home().join("before.ark"))?;
    let key = std::fs::read_to_string(outcome.home().join("new-key.txt"))?
        .trim()
        .to_owned();
    ensure!(!outcome.stderr.contains(&key), "the key is on the screen");
    is_clear(&account, &[&key]).await?;
    goes_on(&account).await?;
    account.recovery = Recovery::Key(key);
    everything_survives(account).await
}

#[tokio::test]
async fn a_lost_recovery_key_is_replaced() -> Result<()> {
    renewed(
        AccountSpec::healthy(Way::Key).build().await?,
        "--lost-recovery-key",
        false,
    )
    .await
}

#[tokio::test]
async fn secret_storage_is_made_where_there_is_none() -> Result<()> {
    for defect in [
        Defect::NoSecretStorage,
        Defect::LegacyBackupKey,
        Defect::LegacyPassphrase,
    ] {
        let account = AccountSpec::healthy(Way::Key).with(defect).build().await?;
        renewed(account, "", true)
            .await
            .with_context(|| format!("{defect:?}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_shown_is_typed_back() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let _shown = answer(account.first()?, Other::Agrees);
    let running = repair(&account, "--lost-recovery-key")?.start()?;
    types(&running, "Do all of this?", "yes\n").await?;
    let key = running
        .said("the new key", |text| {
            let after = text.split("write it down now:").nth(1)?;
            let line = after.lines().map(str::trim).find(|it| it.starts_with("Es"))?;
            (line.len() == 59).then(|| line.to_owned())
        })
        .await?;
    types(&running, "Type or paste it back", "something else\n").await?;
    types(&running, "That is another text", &format!("{key}\n")).await?;
    types(&running, "the same seven emoji", "yes\n").await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    is_clear(&account, &[&key]).await
}

#[tokio::test]
async fn the_key_that_signs_sessions_comes_back() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::SecretBlanked(Secret::SelfSigning))
        .build()
        .await?;
    let key = account.recovery.key().context("no key")?.to_owned();
    brought_back(&account, &key).await?;
    everything_survives(account).await
}

#[tokio::test]
async fn everything_comes_back_under_the_default_key() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key)
        .with(Defect::SecretsUnderOldKey)
        .build()
        .await?;
    let key = account.new_recovery_key.clone().context("no new key")?;
    brought_back(&account, &key).await?;
    account.recovery = Recovery::Key(key);
    everything_survives(account).await
}

async fn brought_back(account: &TestAccount, key: &str) -> Result<()> {
    let _shown = answer(account.first()?, Other::Agrees);
    let command = repair(account, "--recovery-key-file key.txt")?;
    std::fs::write(command.home().join("key.txt"), key)?;
    let running = command.start()?;
    agree(&running).await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    is_clear(account, &[key]).await?;
    goes_on(account).await
}

#[tokio::test]
async fn different_emoji_change_nothing() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let before = lifeboat_tests::snapshot::snapshot_of(&account).await?;
    let _shown = answer(account.first()?, Other::Agrees);
    let running = repair(&account, "--lost-recovery-key --new-recovery-key new-key.txt")?.start()?;
    types(&running, "Do all of this?", "yes\n").await?;
    types(&running, "the same seven emoji", "no\n").await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 1, "{outcome}");
    ensure!(outcome.stderr.contains("emoji were different"), "{outcome}");
    let differences = before.differences(&lifeboat_tests::snapshot::snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}
