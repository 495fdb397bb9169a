//! An account that is large in every respect: it is checked within bounds, and its screen can still be read.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use lifeboat_tests::{
    large_account::{AccountSize, LargeAccount},
    peak::in_mebibytes,
};

use crate::{
    extent::Extent,
    table::{Bound, Table, mebibytes, number},
};

/// A file is not a terminal: lines are as long as on one that is wide.
const COLUMNS: usize = 100;

/// Half an hour of a machine that does nothing else.
const DEADLINE: Duration = Duration::from_secs(1800);

pub(crate) async fn measure(extent: Extent) -> Result<Table> {
    let promised = AccountSize::PROMISED;
    let size = AccountSize {
        entries: extent.of(promised.entries),
        rooms: extent.of(promised.rooms),
        sessions: extent.of(promised.sessions),
        storage_keys: extent.of(promised.storage_keys),
    };
    let AccountSize {
        entries,
        rooms,
        sessions,
        storage_keys,
    } = size;
    let mut table = Table::new(
        "Load",
        extent,
        format!(
            "`lifeboat check` with a recovery key, from the start of the program to its end, against a server in another \
             process of the same machine that answers at once from memory: {rooms} rooms, {sessions} sessions, {entries} \
             entries in the key backup, each opened, and {storage_keys} keys of secret storage. One run."
        ),
    );
    let look = Arc::new(LargeAccount::generate(size)?).check(DEADLINE).await?;
    let (lines, widest) = (look.lines(), look.widest());
    ensure!(widest > 0, "an empty screen");
    table.row("from start to end", format!("{:.1} s", look.outcome.took.as_secs_f64()));
    table.promise(
        "peak memory of the program",
        &[in_mebibytes(look.outcome.memory.all)],
        mebibytes,
        Bound::AtMost(250.0),
    )?;
    table.promise("lines on the screen", &[lines as f64], number, Bound::AtMost(150.0))?;
    table.promise(
        "letters in the longest of them",
        &[widest as f64],
        number,
        Bound::AtMost(COLUMNS as f64),
    )?;
    Ok(table)
}
