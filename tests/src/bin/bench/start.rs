//! How long the program takes to say what it can do.

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::lifeboat::PROGRAM_VARIABLE;

use crate::{
    extent::Extent,
    table::{Bound, Table, in_milliseconds, milliseconds},
};

const RUNS: usize = 21;

pub(crate) fn measure(extent: Extent) -> Result<Table> {
    let program = std::env::var_os(PROGRAM_VARIABLE).context("run this with `cargo xtask bench`")?;
    let (mut runs, rounds) = (Vec::new(), extent.rounds(RUNS));
    for _ in 0..rounds {
        let start = Instant::now();
        let status = Command::new(&program).arg("--help").stdout(Stdio::null()).status()?;
        runs.push(start.elapsed());
        ensure!(status.success(), "lifeboat --help failed");
    }
    let mut table = Table::new(
        "Start",
        extent,
        format!("`lifeboat --help`, from the call to the end, {rounds} runs."),
    );
    table.promise(
        "`lifeboat --help`",
        &in_milliseconds(&runs),
        milliseconds,
        Bound::AtMost(20.0),
    )?;
    Ok(table)
}
