//! `lifeboat try-key` against a real Synapse: each candidate gets its answer, and the status says whether one suffices.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, TestAccount, Way},
    lifeboat::{Lifeboat, Outcome},
    snapshot::snapshot_of,
    storage_key::StorageKey,
};

/// Tries the candidates, and compares the account before and after.
async fn tried(account: &TestAccount, candidates: &[&str]) -> Result<Outcome> {
    let before = snapshot_of(account).await?;
    let homeserver = &account.homeserver.base_url;
    let arguments = [
        "try-key",
        account.user_id.as_str(),
        "--homeserver",
        homeserver,
        "--json",
    ];
    let mut lifeboat = Lifeboat::new(arguments)?.secret("--password-file", &account.password)?;
    for candidate in candidates {
        lifeboat = lifeboat.secret("--recovery-key-file", candidate)?;
    }
    let outcome = lifeboat.run().await?;
    let differences = before.differences(&snapshot_of(account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    for candidate in candidates {
        ensure!(
            !format!("{outcome}").contains(candidate),
            "a candidate is shown: {outcome}"
        );
    }
    Ok(outcome)
}

#[tokio::test]
async fn one_that_opens_everything_is_enough_and_each_gets_its_answer() -> Result<()> {
    let account = AccountSpec::healthy(Way::PassphraseOfRounds(1000)).build().await?;
    let right = account.recovery.text().context("a passphrase")?.to_owned();
    let key = account.recovery.key().context("a key")?.to_owned();
    let stranger = StorageKey::random()?.recovery_key();
    for (candidates, status, answers) in [
        (vec![right.as_str()], 0, vec![true]),
        (vec![key.as_str()], 0, vec![true]),
        (vec![&stranger, "some passphrase", &right], 0, vec![false, false, true]),
        (vec![&stranger], 10, vec![false]),
        (vec!["some passphrase", &stranger], 10, vec![false, false]),
    ] {
        let outcome = tried(&account, &candidates).await?;
        ensure!(outcome.code()? == status, "{candidates:?}: {outcome}");
        let document = outcome.json()?;
        ensure!(document["passed"] == (status == 0), "{document:#}");
        let given = document["candidates"].as_array().context("candidates")?;
        let opens = given.iter().map(|it| it["opened"]["opens_active_backup"] == true);
        ensure!(opens.collect::<Vec<_>>() == answers, "{document:#}");
    }
    Ok(())
}

#[tokio::test]
async fn half_of_it_is_not_enough() -> Result<()> {
    for defect in [
        Defect::BackupKeyNotStored,
        Defect::BackupKeyOfOlderVersion,
        Defect::SecretsUnderOldKey,
    ] {
        let account = AccountSpec::healthy(Way::Key).with(defect).build().await?;
        let key = account.recovery.key().context("a key")?;
        let outcome = tried(&account, &[key]).await?;
        ensure!(outcome.code()? == 10, "{defect:?}: {outcome}");
    }
    Ok(())
}

#[tokio::test]
async fn a_mistyped_key_needs_no_server() -> Result<()> {
    let key = StorageKey::random()?.recovery_key();
    let last = if key.ends_with('1') { "2" } else { "1" };
    let mistyped = format!("{}{last}", &key[..key.len() - 1]);
    let arguments = ["try-key", "@mira:nowhere.invalid", "--json"];
    let lifeboat = Lifeboat::new(arguments)?.secret("--password-file", "never read")?;
    let outcome = lifeboat.secret("--recovery-key-file", &mistyped)?.run().await?;
    ensure!(outcome.code()? == 10, "{outcome}");
    ensure!(!outcome.stdout.contains(&mistyped), "{outcome}");
    Ok(())
}
