//! `lifeboat rescue` and `lifeboat export-keys`, as a script runs them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context, Result, ensure};
use lifeboat_tests::account::{AccountSpec, Defect, ServerBackup, TestAccount, Way};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::snapshot::snapshot_of;
use rustix::process::Signal;
use serde_json::Value;

use super::everything_survives;
use crate::live::devices;

const PASSPHRASE: &str = "a passphrase for the key file";

fn lifeboat<'a>(account: &'a TestAccount, command: &'a str) -> Result<Lifeboat> {
    let text = account.recovery.text().context("the account has no recovery key")?;
    let url = account.homeserver.base_url.as_str();
    Lifeboat::new([command, account.user_id.as_str(), "--homeserver", url, "--json"])?
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", text)
}

fn ends_with(outcome: &Outcome, code: i32) -> Result<Value> {
    ensure!(outcome.code()? == code, "not {code}: {outcome}");
    outcome.json()
}

#[tokio::test]
async fn a_rescue_makes_the_account_clear_and_leaves_nothing() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::RoomNotBackedUp)
        .build()
        .await?;
    let sessions = devices(&account).await?;
    let document = ends_with(&lifeboat(&account, "rescue")?.run().await?, 0)?;
    assert_eq!(document["clear"], true, "{document:#}");
    assert_eq!(document["at_risk_after"]["room_keys"], 0);
    let gathered = &document["gathered_from_sessions"];
    assert_eq!(
        gathered["arrived"], document["at_risk_before"]["room_keys"],
        "{document:#}"
    );
    let answered = gathered["sessions"].as_array().into_iter().flatten();
    assert_eq!(answered.filter(|it| it["backup_key"] == "answered").count(), 2);
    assert_eq!(devices(&account).await?, sessions);
    // Once more: nothing is left to do, and no session with keys is made for it.
    let again = ends_with(&lifeboat(&account, "rescue")?.run().await?, 0)?;
    assert_eq!(again["gathered_from_sessions"], Value::Null);
    everything_survives(account).await
}

#[tokio::test]
async fn a_rescue_without_anybody_there_is_blocked_and_says_what_is_missing() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    account.sessions.iter().for_each(|it| it.stop());
    let sessions = devices(&account).await?;
    let outcome = lifeboat(&account, "rescue")?.arg("--wait").arg("2").run().await?;
    let document = ends_with(&outcome, 10)?;
    assert_eq!(
        document["still_missing"].as_array().map(Vec::len),
        Some(1),
        "{document:#}"
    );
    assert_eq!(devices(&account).await?, sessions);
    Ok(())
}

#[tokio::test]
async fn ctrl_c_ends_the_waiting_and_keeps_what_came() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    account.sessions.iter().for_each(|it| it.stop());
    let running = lifeboat(&account, "rescue")?.arg("--wait").arg("600").start()?;
    lifeboat_tests::wait::until("the rescue session to be signed", async || {
        let user = account.user_id.as_str();
        let keys = account
            .api()?
            .post(
                "/_matrix/client/v3/keys/query",
                &serde_json::json!({"device_keys": {user: []}}),
            )
            .await?;
        let signed = keys["device_keys"][user]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, it)| it["signatures"][user].as_object().is_some_and(|it| it.len() > 1));
        Ok((signed.count() == 3).then_some(()))
    })
    .await?;
    running.signal(Signal::INT)?;
    let document = ends_with(&running.outcome().await?, 10)?;
    assert_eq!(document["gathered_from_sessions"]["arrived"], 0);
    assert_eq!(devices(&account).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn an_exported_key_file_brings_back_what_the_backup_lost() -> Result<()> {
    let account = AccountSpec::healthy(Way::Passphrase).build().await?;
    let before = snapshot_of(&account).await?;
    let outcome = lifeboat(&account, "export-keys")?
        .arg("keys.txt")
        .secret("--passphrase-file", PASSPHRASE)?
        .run()
        .await?;
    let document = ends_with(&outcome, 0)?;
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    assert_eq!(document["room_keys"], backup.count());
    let file = outcome.home().join("keys.txt");
    assert_eq!(file.metadata()?.permissions().mode() & 0o777, 0o600);

    // Other clients import it.
    let reader = &account.sessions[1];
    let imported = reader
        .client()
        .encryption()
        .import_room_keys(file.clone(), PASSPHRASE)
        .await?;
    assert_eq!(imported.total_count as u64, backup.count());

    account.sessions.iter().for_each(|it| it.stop());
    backup.delete_room(&account.rooms[0].room_id).await?;
    let lost = account.rooms[0].session_ids().len();
    let text = fs::read(&file)?;
    let command = lifeboat(&account, "rescue")?;
    fs::write(command.home().join("keys.txt"), &text)?;
    let outcome = command
        .arg("--key-file")
        .arg("keys.txt")
        .arg("--only-key-files")
        .secret("--key-file-passphrase-file", PASSPHRASE)?
        .run()
        .await?;
    let document = ends_with(&outcome, 0)?;
    let uploaded = &document["uploaded_from_key_files"];
    assert_eq!(uploaded["new"], lost, "{document:#}");
    assert_eq!(uploaded["already_there"], backup.count() - lost as u64);
    everything_survives(account).await
}

#[tokio::test]
async fn a_key_file_of_another_client_is_taken_and_a_wrong_passphrase_changes_nothing() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::RoomNotBackedUp)
        .build()
        .await?;
    let command = lifeboat(&account, "rescue")?;
    let file = command.home().join("element-keys.txt");
    let first = account.first()?.client().encryption();
    first.export_room_keys(file.clone(), PASSPHRASE, |_| true).await?;
    let text = fs::read(&file)?;
    account.sessions.iter().for_each(|it| it.stop());
    let before = snapshot_of(&account).await?;
    let refused = command
        .arg("--key-file")
        .arg("element-keys.txt")
        .secret("--key-file-passphrase-file", "another")?
        .run()
        .await?;
    let document = ends_with(&refused, 2)?;
    ensure!(
        document["error"]
            .as_str()
            .is_some_and(|it| it.contains("does not open")),
        "{document:#}"
    );
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");

    let command = lifeboat(&account, "rescue")?;
    fs::write(command.home().join("element-keys.txt"), &text)?;
    let outcome = command
        .arg("--key-file")
        .arg("element-keys.txt")
        .secret("--key-file-passphrase-file", PASSPHRASE)?
        .run()
        .await?;
    let document = ends_with(&outcome, 0)?;
    assert_eq!(document["gathered_from_sessions"], Value::Null, "{document:#}");
    everything_survives(account).await
}
