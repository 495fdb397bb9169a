//! `lifeboat rescue` and `lifeboat export-keys`, as a script runs them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context, Result, ensure};
use lifeboat_tests::account::{AccountSpec, Defect, ServerBackup, TestAccount, Way};
use lifeboat_tests::api::segment;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::session::Session;
use lifeboat_tests::snapshot::snapshot_of;
use matrix_sdk::ruma::{EventId, OwnedEventId, RoomId};
use rustix::process::Signal;
use serde_json::Value;

use super::everything_survives;
use crate::live::devices;
use crate::repair::is_whole;

pub(super) const PASSPHRASE: &str = "a passphrase for the key file";

pub(crate) fn lifeboat(account: &TestAccount, command: &str) -> Result<Lifeboat> {
    lifeboat_at(&account.homeserver.base_url, account, command)
}

/// The same, with the homeserver at another address.
pub(crate) fn lifeboat_at(url: &str, account: &TestAccount, command: &str) -> Result<Lifeboat> {
    let text = account.recovery.text().context("the account has no recovery key")?;
    Lifeboat::new([command, account.user_id.as_str(), "--homeserver", url, "--json"])?
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", text)
}

pub(crate) fn ends_with(outcome: &Outcome, code: i32) -> Result<Value> {
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
    let outcome = lifeboat(&account, "rescue")?.run().await?;
    let document = ends_with(&outcome, 0)?;
    assert_eq!(document["clear"], true, "{document:#}");
    let ark = document["ark"].as_str().context("no ark")?;
    is_whole(&outcome.home().join(ark))?;
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
    assert_eq!(again["ark"], Value::Null, "nothing was changed");
    everything_survives(account).await
}

#[tokio::test]
async fn a_wrong_recovery_key_is_refused_before_anything_is_asked() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    let before = snapshot_of(&account).await?;
    let url = account.homeserver.base_url.as_str();
    // One that opens nothing, and one with a typing error.
    for wrong in ["the one I use everywhere", "EsTx aaaa"] {
        let outcome = Lifeboat::new(["rescue", account.user_id.as_str(), "--homeserver", url, "--json"])?
            .secret("--password-file", &account.password)?
            .secret("--recovery-key-file", wrong)?
            .run()
            .await?;
        let document = ends_with(&outcome, 1)?;
        ensure!(
            document["error"]
                .as_str()
                .is_some_and(|it| it.contains("does not open")),
            "{document:#}"
        );
    }
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn a_rescue_without_anybody_there_is_blocked_and_says_what_is_missing() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    account.stop_sessions();
    let sessions = devices(&account).await?;
    let command = lifeboat(&account, "rescue")?.args(["--wait", "2", "--no-ark"]);
    let outcome = command.run().await?;
    let document = ends_with(&outcome, 10)?;
    assert_eq!(document["ark"], Value::Null);
    assert_eq!(
        document["still_missing"].as_array().map(Vec::len),
        Some(1),
        "{document:#}"
    );
    assert_eq!(devices(&account).await?, sessions);
    Ok(())
}

#[tokio::test]
async fn ctrl_c_ends_the_waiting_and_what_came_until_then_is_in_the_backup() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    // A new session has the key of the newest message alone; those that have the other one are off.
    let (url, localpart) = (account.homeserver.base_url.clone(), account.localpart().to_owned());
    let tablet = Session::log_in(&url, &localpart, &account.password, "Tablet").await?;
    let text = account.recovery.text().context("no recovery key")?;
    tablet.client().encryption().recovery().recover(text).await?;
    let friend = account.friend.as_ref().context("no friend")?;
    friend.wait_for_device_of(&tablet).await?;
    let room = account.rooms[1].room_id.clone();
    friend.send(&room, "to the tablet, too").await?;
    let (newest, sent) = newest_key(&account, &room).await?;
    tablet.encrypted_room(&room).await?;
    tablet.wait_to_see(&sent).await?;
    account.sessions.push(tablet);
    for session in &account.sessions {
        session.upload_room_keys().await?;
    }
    account.sessions[..2].iter().for_each(|it| it.stop());
    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    backup.delete(&room, &newest).await?;

    let running = lifeboat(&account, "rescue")?.arg("--wait").arg("600").start()?;
    // It is there while Lifeboat still waits for the other one.
    lifeboat_tests::wait::until("the key to reach the backup", async || {
        let entries = backup.entries().await?;
        Ok(entries
            .get(&room)
            .is_some_and(|it| it.contains_key(&newest))
            .then_some(()))
    })
    .await?;
    running.signal(Signal::INT)?;
    let outcome = running.outcome().await?;
    let document = ends_with(&outcome, 10)?;
    let gathered = &document["gathered_from_sessions"];
    assert_eq!(
        (&gathered["arrived"], &gathered["missing"]),
        (&1.into(), &1.into()),
        "{document:#}"
    );
    let tablet = account.sessions[2].device_id().as_str();
    assert_eq!(gathered["arrivals"][0]["from"], tablet, "{document:#}");
    ensure!(outcome.stderr.contains("“Laptop” (last seen:"), "{outcome}");
    assert_eq!(devices(&account).await?.len(), 3);
    Ok(())
}

/// The room key of the newest message in a room, and that message.
async fn newest_key(account: &TestAccount, room: &RoomId) -> Result<(String, OwnedEventId)> {
    let path = format!(
        "/_matrix/client/v3/rooms/{}/messages?dir=b&limit=1",
        segment(room.as_str())
    );
    let page = account.api()?.get(&path).await?;
    let event = &page["chunk"][0];
    let id = event["content"]["session_id"].as_str().context("not encrypted")?;
    Ok((
        id.to_owned(),
        EventId::parse(event["event_id"].as_str().context("no id")?)?,
    ))
}

#[tokio::test]
async fn the_status_file_says_who_answered_and_who_did_not() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    account.sessions[1].stop();
    let rescued = lifeboat(&account, "rescue")?
        .args(["--status-file", "status.json"])
        .run()
        .await?;
    ends_with(&rescued, 0)?;
    let status: Value = serde_json::from_slice(&fs::read(rescued.home().join("status.json"))?)?;
    let check = lifeboat(&account, "check")?.arg("--ask-sessions").run().await?;
    for document in [status, check.json()?] {
        let answer = |number: usize| {
            let id = account.sessions[number].device_id().as_str();
            let mut sessions = document["facts"]["sessions"]["known"].as_array().into_iter().flatten();
            sessions
                .find(|it| it["device_id"] == id)
                .map(|it| it["backup_key"].clone())
        };
        assert_eq!(
            (answer(0), answer(1)),
            (Some("answered".into()), Some("no-answer".into())),
            "{document:#}"
        );
        let mut findings = document["findings"].as_array().into_iter().flatten();
        ensure!(findings.any(|it| it["code"] == "session-silent"), "{document:#}");
    }
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

    account.stop_sessions();
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
    account.stop_sessions();
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
