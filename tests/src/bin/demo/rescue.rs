//! Trouble, rescue, clear, and then the proof that it was worth it.

use std::path::Path;

use anyhow::{Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, History, Way},
    truth::truth_about,
};

use super::{check, on, title};

/// Shows it on an account of its own, and ends every session of that account at last.
pub(super) async fn show(folder: &Path, history: History) -> Result<()> {
    title("Trouble: room keys that never reached the backup; a reset that ends sessions would cost messages");
    let mut account = AccountSpec::healthy(Way::Key)
        .history(history)
        .with(Defect::RoomNotBackedUp)
        .build()
        .await?;
    check(&account, folder, "before-rescue", &[10])?;

    title("Rescue: the living sessions are asked for exactly these room keys, and what comes goes into the backup");
    on("rescue", &account, folder, "rescue", &[0])?;

    title("Clear: the same check again");
    check(&account, folder, "after-rescue", &[0])?;

    title("The truth: every session is ended; a new one reads with nothing but the recovery key");
    account.end_all_sessions().await?;
    let password = account.password.clone();
    let (truth, _session) = truth_about(&account, &password).await?;
    let readable = truth.readable();
    let messages: Vec<_> = account.rooms.iter().flat_map(|room| room.readable()).collect();
    let read = messages.iter().filter(|it| readable.contains(&it.event_id)).count();
    println!("{read} of {} messages can be read.", messages.len());
    ensure!(read == messages.len(), "the rescue has not rescued everything");
    Ok(())
}
