//! The history proof against a real Synapse: what a new session reads is compared with the forecast before.

mod program;

use anyhow::{Context as _, Result, ensure};
use lifeboat_preflight::{Caller, ForecastProgress};
use lifeboat_report::{
    HistoryProof, StatusFile,
    history::{IdentityStanding, Unreadable},
};
use lifeboat_reset::history_proof::{Earlier, ProofError, prove};
use lifeboat_tests::{
    account::{AccountSpec, Defect, ServerBackup, TestAccount, Way},
    lifeboat::Lifeboat,
    truth::{Truth, truth_about},
};
use matrix_sdk::ruma::EventId;

/// The status file of a check now.
async fn status_file(account: &TestAccount) -> Result<StatusFile> {
    let base_url = account.homeserver.base_url.as_str();
    let text = account.recovery.text().context("the account has no recovery key")?;
    let check = Lifeboat::new(["check", account.user_id.as_str(), "--homeserver", base_url, "--json"])?
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", text)?
        .arg("--include-left");
    let outcome = check.run().await?;
    StatusFile::parse(&outcome.stdout).with_context(|| outcome.to_string())
}

/// Takes the entries of some room keys out of the backup; returns how many messages need them.
async fn lose_entries(account: &TestAccount, count: usize) -> Result<u64> {
    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let room = account.rooms.first().context("no room")?;
    let lost: Vec<&str> = room.session_ids().into_iter().take(count).collect();
    for session_id in &lost {
        backup.delete(&room.room_id, session_id).await?;
    }
    Ok(room
        .events
        .iter()
        .filter(|it| lost.contains(&it.session_id.as_str()))
        .count() as u64)
}

/// Ends all sessions, and compares what a new one reads with what was there before. `later` was sent in between.
async fn prove_after_the_end(
    account: &mut TestAccount,
    before: &StatusFile,
    later: Option<&EventId>,
) -> Result<(HistoryProof, Truth)> {
    account.end_all_sessions().await?;
    let password = account.password.clone();
    let (mut truth, session) = truth_about(account, &password).await?;
    if let Some(later) = later {
        let found = truth.rooms.values_mut().any(|room| room.readable.remove(later));
        ensure!(found, "the later message cannot be read");
    }
    let caller = Caller::new(session.client().clone());
    let progress = ForecastProgress::default();
    let proof = prove(&caller, &Earlier::of(before)?, &progress).await?;
    ensure!(progress.rooms_done() == progress.rooms() && progress.events() > 0);
    for room in &proof.rooms {
        let truth = truth.rooms.iter().find(|(id, _)| id.as_str() == room.room_id);
        let truth = truth
            .with_context(|| format!("{} is unknown to the truth", room.room_id))?
            .1;
        ensure!(
            room.after.readable == truth.readable.len() as u64,
            "{room:#?}\n{truth:?}"
        );
        ensure!(
            room.after.redacted == truth.redacted.len() as u64,
            "{room:#?}\n{truth:?}"
        );
    }
    Ok((proof, truth))
}

#[tokio::test]
async fn a_healthy_account_reads_everything_again() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key)
        .with(Defect::EventRedacted)
        .with(Defect::RoomJoinedLate)
        .with(Defect::RoomLeft)
        .build()
        .await?;
    let before = status_file(&account).await?;
    // What is sent later is not part of it.
    let room = account.rooms.first().context("no room")?;
    let later = account.first()?.send(&room.room_id, "later").await?;
    account.first()?.upload_room_keys().await?;
    let (proof, _) = prove_after_the_end(&mut account, &before, Some(&later)).await?;
    ensure!(proof.holds() && proof.forecast_complete, "{proof:#?}");
    let forecast = before.forecast.context("no forecast")?;
    ensure!(proof.before().total == forecast.events.total, "{proof:#?}");
    ensure!(proof.after().total == forecast.events.total, "{proof:#?}");
    ensure!(Some(proof.after().readable) == forecast.events.readable, "{proof:#?}");
    ensure!(proof.after().never_yours == forecast.events.never_yours, "{proof:#?}");
    ensure!(proof.identity == IdentityStanding::Same);
    Ok(())
}

#[tokio::test]
async fn entries_that_vanished_since_are_named_as_losses() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key).build().await?;
    let before = status_file(&account).await?;
    let lost = lose_entries(&account, 2).await?;
    let room_id = account.rooms.first().context("no room")?.room_id.clone();
    let (proof, _) = prove_after_the_end(&mut account, &before, None).await?;
    ensure!(
        !proof.holds() && proof.complete && proof.lost == lost && lost > 0,
        "{proof:#?}"
    );
    let losses: Vec<_> = proof.losses().collect();
    let [loss] = &losses[..] else {
        anyhow::bail!("{losses:#?}");
    };
    ensure!(loss.room.room_id == room_id.as_str() && loss.cause == Some(Unreadable::NoRoomKey));
    ensure!(loss.room.after.newest_unreadable_at.is_some(), "{loss:#?}");
    Ok(())
}

#[tokio::test]
async fn what_was_unreadable_before_is_no_loss() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    let before = status_file(&account).await?;
    let (proof, truth) = prove_after_the_end(&mut account, &before, None).await?;
    ensure!(proof.holds() && !truth.unreadable().is_empty(), "{proof:#?}");
    Ok(())
}

#[tokio::test]
async fn a_stopped_proof_proves_nothing_and_a_redacted_file_cannot_be_used() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let mut before = status_file(&account).await?;
    let caller = Caller::new(account.first()?.client().clone());
    let progress = ForecastProgress::default();
    progress.stop();
    let proof = prove(&caller, &Earlier::of(&before)?, &progress).await?;
    ensure!(!proof.complete && !proof.holds() && proof.lost == 0, "{proof:#?}");
    before.redact(&|text| format!("h{}", text.len()));
    ensure!(matches!(Earlier::of(&before), Err(ProofError::NoNames)));
    before.forecast = None;
    ensure!(matches!(Earlier::of(&before), Err(ProofError::NoForecast)));
    Ok(())
}
