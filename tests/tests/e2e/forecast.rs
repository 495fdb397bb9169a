//! The forecast against a real Synapse: what it says is what a new session can really read, message by message.

mod again;
mod many;
mod unusual;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, History, TestAccount, Way},
    api::segment,
    lifeboat::{Lifeboat, Outcome},
    truth::{Truth, truth_about},
};
use serde_json::{Value, json};

/// `lifeboat check` for the account, with everything that its owner holds.
fn check(account: &TestAccount) -> Result<Lifeboat> {
    let check = check_without_key(account)?;
    let text = account.recovery.text().context("the account has no recovery key")?;
    check.secret("--recovery-key-file", text)
}

fn check_without_key(account: &TestAccount) -> Result<Lifeboat> {
    let base_url = account.homeserver.base_url.as_str();
    let arguments = ["check", account.user_id.as_str(), "--homeserver", base_url, "--json"];
    Lifeboat::new(arguments)?.secret("--password-file", &account.password)
}

/// Ends all sessions and finds out what a new one can read.
async fn truth_after_the_end(account: &mut TestAccount) -> Result<Truth> {
    account.end_all_sessions().await?;
    let password = account.password.clone();
    Ok(truth_about(account, &password).await?.0)
}

fn number(counts: &Value, name: &str) -> Result<usize> {
    let number = counts[name]
        .as_u64()
        .with_context(|| format!("no {name} in {counts:#}"))?;
    Ok(usize::try_from(number)?)
}

/// Compares a forecast with the truth, room by room and in all.
fn compare(outcome: &Outcome, truth: &Truth) -> Result<Value> {
    let document = outcome.json()?;
    let forecast = &document["forecast"];
    let rooms = forecast["rooms"]
        .as_array()
        .with_context(|| format!("no forecast: {document:#}"))?;
    for (room_id, truth) in &truth.rooms {
        let room = rooms.iter().find(|it| it["room_id"] == room_id.as_str());
        let events = &room.with_context(|| format!("{room_id} is not in {forecast:#}"))?["events"];
        let lost = number(events, "at_risk")? + number(events, "never_yours")?;
        ensure!(
            number(events, "readable")? == truth.readable.len(),
            "{room_id} {events:#}\n{truth:?}"
        );
        ensure!(lost == truth.unreadable.len(), "{room_id} {events:#}\n{truth:?}");
        ensure!(
            number(events, "redacted")? == truth.redacted.len(),
            "{room_id} {events:#}\n{truth:?}"
        );
    }
    let events = &forecast["events"];
    ensure!(number(events, "readable")? == truth.readable().len(), "{events:#}");
    ensure!(
        number(events, "at_risk")? + number(events, "never_yours")? == truth.unreadable().len(),
        "{events:#}"
    );
    ensure!(
        forecast["complete"] == true && events["unknown_algorithm"] == 0,
        "{forecast:#}"
    );
    Ok(document)
}

#[tokio::test]
async fn a_healthy_account_loses_nothing_and_the_verdict_is_clear() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::PassphraseOfRounds(1000)).build().await?;
    let outcome = check(&account)?.run().await?;
    let document = outcome.json()?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(document["verdict"]["ended"] == "clear", "{document:#}");
    let truth = truth_after_the_end(&mut account).await?;
    let document = compare(&outcome, &truth)?;
    ensure!(document["forecast"]["events"]["total"] == 16, "{document:#}");
    let proof = &document["forecast"]["event_proof"];
    ensure!(proof["decrypted"] == 16 && proof["complete"] == true, "{proof:#}");
    ensure!(document["facts"]["proof"]["known"]["open"] == 8, "{document:#}");
    Ok(())
}

#[tokio::test]
async fn without_a_key_the_same_messages_are_covered_and_nothing_is_called_readable() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    let outcome = check_without_key(&account)?.run().await?;
    let document = outcome.json()?;
    let events = &document["forecast"]["events"];
    ensure!(events["total"] == 16 && events["readable"].is_null(), "{events:#}");
    ensure!(
        number(events, "covered")? + number(events, "at_risk")? == 16,
        "{events:#}"
    );
    ensure!(
        document["facts"]["coverage"]["known"]["at_risk"] == events["at_risk"],
        "{document:#}"
    );
    ensure!(outcome.code()? == 10, "{outcome}");
    Ok(())
}

#[tokio::test]
async fn every_hole_in_the_backup_is_forecast_message_by_message() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key)
        .history(History {
            rooms: 3,
            ..History::default()
        })
        .with(Defect::EntriesDeleted(2))
        .with(Defect::RoomNotBackedUp)
        .with(Defect::RoomJoinedLate)
        .with(Defect::EventRedacted)
        .build()
        .await?;
    let outcome = check(&account)?.run().await?;
    let truth = truth_after_the_end(&mut account).await?;
    let document = compare(&outcome, &truth)?;
    ensure!(outcome.code()? == 10, "{outcome}");
    let events = &document["forecast"]["events"];
    ensure!(
        number(events, "never_yours")? > 0 && number(events, "redacted")? == 1,
        "{events:#}"
    );
    Ok(())
}

#[tokio::test]
async fn entries_that_start_late_or_belong_to_another_key_are_forecast() -> Result<()> {
    for (defect, cause) in [
        (Defect::EntryStartsLate, "starts-too-late"),
        (Defect::EntryForAnotherKey, "entry-damaged"),
    ] {
        let mut account = AccountSpec::healthy(Way::Key).with(defect).build().await?;
        let outcome = check(&account)?.run().await?;
        let truth = truth_after_the_end(&mut account).await?;
        let document = compare(&outcome, &truth)?;
        let causes = &document["forecast"]["events"]["at_risk_by_cause"];
        ensure!(
            causes[cause].as_u64() == Some(truth.unreadable().len() as u64),
            "{defect:?}: {causes:#}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_room_that_was_left_is_forecast_on_request() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key).with(Defect::RoomLeft).build().await?;
    let without = check(&account)?.run().await?.json()?;
    ensure!(without["forecast"]["events"]["total"] == 16, "{without:#}");
    let outcome = check(&account)?.arg("--include-left").run().await?;
    let truth = truth_after_the_end(&mut account).await?;
    let document = compare(&outcome, &truth)?;
    let rooms = document["forecast"]["rooms"].as_array().context("rooms")?;
    ensure!(
        rooms.iter().filter(|it| it["left"] == true).count() == 1,
        "{document:#}"
    );
    Ok(())
}

#[tokio::test]
async fn a_key_that_opens_nothing_makes_nothing_readable() -> Result<()> {
    for defect in [
        Defect::BackupKeyOfOlderVersion,
        Defect::BackupKeyNotStored,
        Defect::NoKeyBackup,
    ] {
        let mut account = AccountSpec::healthy(Way::Key).with(defect).build().await?;
        let outcome = check(&account)?.run().await?;
        let truth = truth_after_the_end(&mut account).await?;
        let events = &outcome.json()?["forecast"]["events"];
        ensure!(
            number(events, "readable")? == truth.readable().len(),
            "{defect:?}: {events:#}"
        );
        ensure!(
            number(events, "readable")? == 0 && outcome.code()? == 10,
            "{defect:?}: {outcome}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn names_of_rooms_and_ids_of_people_stay_out_of_the_json_unless_asked_for() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let room_id = account.rooms.first().context("rooms")?.room_id.as_str();
    let path = format!("/_matrix/client/v3/rooms/{}/state/m.room.name", segment(room_id));
    account.api()?.put(&path, &json!({"name": "Hiking 2026"})).await?;
    let plain = check_without_key(&account)?.run().await?;
    let redacted = check_without_key(&account)?.arg("--redact").run().await?;
    let named = check_without_key(&account)?.arg("--with-names").run().await?;
    let written = check_without_key(&account)?.arg("--status-file").arg("status.json");
    let written = std::fs::read_to_string(written.run().await?.home().join("status.json"))?;
    ensure!(named.stdout.contains("Hiking 2026"), "{named}");
    for text in [&plain.stdout, &redacted.stdout, &written] {
        ensure!(!text.contains("Hiking 2026"), "{text}");
    }
    let friend = account.friend.as_ref().context("friend")?.user_id().as_str();
    for id in [room_id, friend] {
        ensure!(
            plain.stdout.contains(id) && !redacted.stdout.contains(id),
            "{id} in {redacted}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_limited_forecast_is_never_clear() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let room_id = account.rooms.first().context("rooms")?.room_id.as_str();
    for (limit, value) in [("--max-events", "3"), ("--room", room_id), ("--since", "2200-01-01")] {
        let outcome = check(&account)?.arg(limit).arg(value).run().await?;
        let document = outcome.json()?;
        ensure!(document["forecast"]["complete"] == false, "{limit}: {document:#}");
        ensure!(outcome.code()? == 10, "{limit}: {outcome}");
        let codes = document["findings"]
            .as_array()
            .context("findings")?
            .iter()
            .map(|it| &it["code"]);
        ensure!(
            codes.filter(|code| *code == "coverage-partial").count() == 2,
            "{limit}: {document:#}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_older_backup_version_is_proven_with_the_key_that_opens_it() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::BackupKeyOfOlderVersion)
        .build()
        .await?;
    let outcome = check(&account)?.arg("--all-versions").run().await?;
    let document = outcome.json()?;
    let older = &document["facts"]["backup"]["older"][0];
    let proof = &older["proof"]["known"];
    ensure!(
        proof["open"] == 8 && proof["entries"] == 8 && proof["complete"] == true,
        "{older:#}"
    );
    ensure!(
        older["would_cover"] == 0 && document["facts"]["proof"]["unknown"] == "not-asked",
        "{document:#}"
    );
    Ok(())
}
