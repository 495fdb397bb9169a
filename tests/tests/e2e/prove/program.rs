//! `lifeboat prove` from the outside.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, TestAccount, Way},
    lifeboat::Lifeboat,
    schema::Schema,
};
use serde_json::json;
use tempfile::TempDir;

use super::{lose_entries, status_file};

/// Writes the status file of a check now.
async fn before(account: &TestAccount) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let status = status_file(account).await?;
    std::fs::write(folder.path().join("status.json"), serde_json::to_vec(&status)?)?;
    Ok(folder)
}

/// `lifeboat prove` with everything but the recovery key.
fn prove(account: &TestAccount, before: &TempDir) -> Result<Lifeboat> {
    let file = before.path().join("status.json");
    let lifeboat = Lifeboat::new(["prove", "--homeserver", account.homeserver.base_url.as_str()])?.arg(file);
    lifeboat.secret("--password-file", &account.password)
}

fn prove_with_key(account: &TestAccount, before: &TempDir) -> Result<Lifeboat> {
    let text = account.recovery.text().context("the account has no recovery key")?;
    prove(account, before)?.secret("--recovery-key-file", text)
}

#[tokio::test]
async fn when_all_sessions_ended_everything_is_there_and_no_session_stays() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::PassphraseOfRounds(1000))
        .with(Defect::RoomLeft)
        .build()
        .await?;
    let before = before(&account).await?;
    account.end_all_sessions().await?;
    let outcome = prove_with_key(&account, &before)?.arg("--json").run().await?;
    let document = outcome.json()?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(document["lost"] == 0 && document["complete"] == true, "{document:#}");
    ensure!(document["identity"] == "same", "{document:#}");
    let schema = Lifeboat::new(["util", "schema", "history-proof"])?
        .run()
        .await?
        .json()?;
    Schema::new(schema).validate(&document)?;
    let rooms = document["rooms"].as_array().context("no rooms")?;
    ensure!(rooms.len() == account.rooms.len(), "{document:#}");
    for room in rooms {
        ensure!(room["before"]["readable"] == room["after"]["readable"], "{room:#}");
        ensure!(room.get("name").is_none(), "{room:#}");
    }
    let api = account
        .homeserver
        .sign_in(account.localpart(), &account.password)
        .await?;
    let devices = api.get("/_matrix/client/v3/devices").await?;
    ensure!(devices["devices"].as_array().map(Vec::len) == Some(1), "{devices:#}");

    let screen = prove_with_key(&account, &before)?.run().await?;
    ensure!(screen.code()? == 0, "{screen}");
    ensure!(screen.stdout.contains("EVERYTHING IS THERE"), "{screen}");
    ensure!(screen.stdout.contains("Your identity is unchanged."), "{screen}");
    Ok(())
}

#[tokio::test]
async fn two_entries_that_vanished_are_a_named_loss() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key).build().await?;
    let before = before(&account).await?;
    let lost = lose_entries(&account, 2).await?;
    account.end_all_sessions().await?;
    let outcome = prove_with_key(&account, &before)?.arg("--json").run().await?;
    let document = outcome.json()?;
    ensure!(outcome.code()? == 21, "{outcome}");
    ensure!(document["lost"] == lost && document["complete"] == true, "{document:#}");
    let schema = Lifeboat::new(["util", "schema", "history-proof"])?
        .run()
        .await?
        .json()?;
    Schema::new(schema).validate(&document)?;
    let room = &document["rooms"][0];
    let id = account.rooms.first().context("no room")?.room_id.as_str();
    ensure!(room["room_id"] == id && room["lost"] == lost, "{room:#}");
    ensure!(room["after"]["unreadable"] == json!({"no-room-key": lost}), "{room:#}");
    let screen = prove_with_key(&account, &before)?.run().await?;
    ensure!(
        screen.code()? == 21 && screen.stdout.contains("SOMETHING IS LOST"),
        "{screen}"
    );
    ensure!(screen.stdout.contains("no room key"), "{screen}");
    Ok(())
}

#[tokio::test]
async fn what_is_missing_is_said_before_anything_is_claimed() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let before = before(&account).await?;
    let without_key = prove(&account, &before)?.run().await?;
    ensure!(without_key.code()? == 2, "{without_key}");
    ensure!(without_key.stderr.contains("--recovery-key-file"), "{without_key}");
    let wrong = prove(&account, &before)?
        .secret("--recovery-key-file", "not the passphrase")?
        .run()
        .await?;
    ensure!(wrong.code()? == 1, "{wrong}");
    ensure!(wrong.stderr.contains("does not open secret storage"), "{wrong}");
    let devices = account.api()?.get("/_matrix/client/v3/devices").await?;
    ensure!(devices["devices"].as_array().map(Vec::len) == Some(2), "{devices:#}");
    let quick = Lifeboat::new(["check", account.user_id.as_str(), "--quick", "--json"])?
        .arg("--homeserver")
        .arg(&account.homeserver.base_url)
        .secret("--password-file", &account.password)?
        .run()
        .await?;
    std::fs::write(before.path().join("status.json"), &quick.stdout)?;
    let no_forecast = prove_with_key(&account, &before)?.run().await?;
    ensure!(
        no_forecast.code()? == 1 && no_forecast.stderr.contains("no forecast"),
        "{no_forecast}"
    );
    Ok(())
}
