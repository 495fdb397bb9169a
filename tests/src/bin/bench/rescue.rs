//! How long a rescue takes.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, History, ServerBackup, Way},
    lifeboat::Lifeboat,
};

use crate::{
    extent::Extent,
    table::{Bound, Table},
};

/// Room keys that are missing in the backup: each message has its own.
const KEYS: u64 = 1_000;

pub(crate) async fn measure(extent: Extent) -> Result<Table> {
    // Both sides write.
    let each = extent.of(KEYS / 2);
    let keys = 2 * each;
    let history = History {
        rooms: 1,
        messages_each: usize::try_from(each)?,
        messages_per_key: 1,
    };
    let account = AccountSpec::healthy(Way::Key)
        .history(history)
        .with(Defect::OneSession)
        .build()
        .await?;
    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    backup.delete_room(&account.rooms[0].room_id).await?;
    let key = account.recovery.text().context("the account has a recovery key")?;
    let url = account.homeserver.base_url.as_str();
    let command = Lifeboat::new(["rescue", account.user_id.as_str(), "--homeserver", url, "--json"])?
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", key)?;
    let start = Instant::now();
    let outcome = command.run().await?;
    let took = start.elapsed();
    let document = outcome.json()?;
    ensure!(
        document["clear"] == true && document["gathered_from_sessions"]["arrived"] == keys,
        "{document:#}\n{}",
        outcome.stderr
    );
    let mut table = Table::new(
        "Rescue",
        extent,
        format!(
            "`lifeboat rescue` from the start of the program to its end, against a real Synapse with one other session, a \
             matrix-sdk client that syncs: {keys} room keys that only this session holds are asked for, taken and put into \
             the key backup, and the history is read before and after. One run.",
        ),
    );
    let seconds = |it: f64| format!("{it:.1} s");
    table.promise(
        "all of them in the key backup",
        &[took.as_secs_f64()],
        seconds,
        Bound::AtMost(60.0),
    )?;
    Ok(table)
}
