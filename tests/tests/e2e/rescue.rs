//! The rescue on real accounts: what only living sessions hold ends in the backup, and the history survives them.

pub(crate) mod command;
mod defects;
mod givers;
mod key_files;
mod limited;
mod unfinished;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lifeboat_preflight::{
    ForecastOptions, ForecastQuestion, Homeserver, KeyAtRisk, LeftRooms, LiveSession, Questions, examine,
};
use lifeboat_rescue::{Gathered, GossipOptions, GossipProgress, WAVE, backup_key_holders, gather};
use lifeboat_tests::account::{AccountSpec, Defect, History, ServerBackup, TestAccount, Way};
use lifeboat_tests::truth::truth_about;

use crate::live::{enter, typed};

pub(crate) use self::command::{ends_with, lifeboat};

/// Asks which room keys are at risk.
async fn at_risk(homeserver: &Homeserver, live: &LiveSession) -> Result<Vec<KeyAtRisk>> {
    let options = ForecastOptions {
        left_rooms: LeftRooms::Include,
        ..ForecastOptions::default()
    };
    let question = ForecastQuestion::Run(options);
    let checked = examine(live.own(), homeserver, &Questions::default(), &question, &()).await?;
    ensure!(
        checked.forecast.context("no forecast")?.complete,
        "not everything was read"
    );
    Ok(checked.at_risk)
}

fn options(patience: u64) -> GossipOptions {
    GossipOptions {
        patience: Duration::from_secs(patience),
        wave: WAVE,
        progress: GossipProgress::default(),
    }
}

/// Ends every session and reads everything with nothing but what the owner wrote down.
pub(crate) async fn everything_survives(mut account: TestAccount) -> Result<()> {
    account.end_all_sessions().await?;
    let password = account.password.clone();
    let (truth, _session) = truth_about(&account, &password).await?;
    ensure!(truth.entered, "the recovery key opens nothing");
    let readable = truth.readable();
    for event in account.rooms.iter().flat_map(|room| room.readable()) {
        ensure!(readable.contains(&event.event_id), "{} is lost", event.event_id);
    }
    Ok(())
}

async fn rescue(account: &TestAccount, patience: u64) -> Result<(Vec<KeyAtRisk>, Gathered, Vec<KeyAtRisk>)> {
    let (homeserver, live) = enter(account).await?;
    let before = at_risk(&homeserver, &live).await?;
    live.open(&typed(account)?).await?;
    let gathered = gather(&live, before.clone(), &options(patience)).await?;
    let after = at_risk(&homeserver, &live).await?;
    live.end().await.leave().await?;
    Ok((before, gathered, after))
}

#[tokio::test]
async fn keys_that_only_sessions_hold_end_in_the_backup() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(2))
        .with(Defect::EntryStartsLate)
        .build()
        .await?;
    let (before, gathered, after) = rescue(&account, 30).await?;
    assert_eq!(before.len(), 3);
    assert_eq!(gathered.arrived.len(), before.len());
    assert_eq!(gathered.from().values().sum::<u64>(), before.len() as u64);
    let ours: Vec<_> = account.sessions.iter().map(|it| it.device_id()).collect();
    ensure!(
        gathered.from().keys().all(|giver| ours.iter().any(|it| it == giver)),
        "a stranger gave keys: {gathered:?}"
    );
    assert_eq!((gathered.missing, after), (vec![], vec![]));
    everything_survives(account).await
}

#[tokio::test]
async fn what_no_session_answers_stays_missing_and_is_named() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(2))
        .build()
        .await?;
    account.stop_sessions();
    let (before, gathered, after) = rescue(&account, 3).await?;
    assert_eq!(before.len(), 2);
    assert_eq!((gathered.arrived.len(), gathered.from().len()), (0, 0));
    let ids = |keys: &[KeyAtRisk]| keys.iter().map(|it| it.session_id.clone()).collect::<BTreeSet<_>>();
    assert_eq!((ids(&gathered.missing), ids(&after)), (ids(&before), ids(&before)));
    Ok(())
}

#[tokio::test]
async fn a_session_that_wakes_up_later_is_heard() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    // The phone never had the key, the laptop sleeps.
    account.sessions.truncate(1);
    account.first()?.stop();
    let (homeserver, live) = enter(&account).await?;
    let before = at_risk(&homeserver, &live).await?;
    live.open(&typed(&account)?).await?;
    let asking = options(60);
    let waking = async {
        lifeboat_tests::wait::until("the question to be asked", async || {
            Ok((asking.progress.wanted() > 0).then_some(()))
        })
        .await?;
        account.sessions[0].start();
        Ok::<_, anyhow::Error>(())
    };
    let (gathered, woken) = tokio::join!(gather(&live, before, &asking), waking);
    woken?;
    assert_eq!(gathered?.arrived.len(), 1);
    assert_eq!(at_risk(&homeserver, &live).await?, []);
    live.end().await.leave().await?;
    Ok(())
}

#[tokio::test]
async fn holders_of_the_backup_key_answer_by_name_and_nobody_else_does() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::UnverifiedSession)
        .build()
        .await?;
    account.sessions[1].stop();
    let (_, live) = enter(&account).await?;
    live.open(&typed(&account)?).await?;
    let expected: BTreeSet<_> = [account.first()?.device_id().clone()].into();
    let holders = backup_key_holders(&live, &expected, Duration::from_secs(30)).await?;
    assert_eq!(holders.answered, expected);
    // Now for so long that everybody else would have answered.
    let all = account.sessions.iter().map(|it| it.device_id().clone()).collect();
    let holders = backup_key_holders(&live, &all, Duration::from_secs(4)).await?;
    assert_eq!(holders.answered, expected);
    live.end().await.leave().await?;
    Ok(())
}

/// `cargo xtask bench rescue` measures it with a thousand.
#[tokio::test]
async fn many_keys_come_in_waves_from_one_session() -> Result<()> {
    let history = History {
        rooms: 1,
        messages_each: 20,
        messages_per_key: 1,
    };
    let account = AccountSpec::healthy(Way::Key)
        .history(history)
        .with(Defect::OneSession)
        .build()
        .await?;
    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    backup.delete_room(&account.rooms[0].room_id).await?;
    let (homeserver, live) = enter(&account).await?;
    let before = at_risk(&homeserver, &live).await?;
    assert_eq!(before.len(), 40);
    live.open(&typed(&account)?).await?;
    let asking = GossipOptions {
        wave: NonZeroUsize::MIN.saturating_add(14),
        ..options(30)
    };
    let gathered = gather(&live, before, &asking).await?;
    let laptop = account.first()?.device_id();
    assert_eq!(gathered.from(), BTreeMap::from([(&**laptop, 40)]));
    assert_eq!(asking.progress.given_so_far(), BTreeMap::from([(laptop.clone(), 40)]));
    assert_eq!(at_risk(&homeserver, &live).await?, []);
    live.end().await.leave().await?;
    Ok(())
}
