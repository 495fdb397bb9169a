//! How long the program takes to say what it can do.

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::lifeboat::PROGRAM_VARIABLE;

use crate::table::{Table, median, milliseconds};

const RUNS: usize = 21;

pub(crate) fn measure() -> Result<Table> {
    let program = std::env::var_os(PROGRAM_VARIABLE).context("run this with `cargo xtask bench`")?;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let status = Command::new(&program).arg("--help").stdout(Stdio::null()).status()?;
        runs.push(start.elapsed());
        ensure!(status.success(), "lifeboat --help failed");
    }
    let mut table = Table::new(
        "Start",
        format!("`lifeboat --help`, from the call to the end, median of {RUNS} runs."),
    );
    table.row("`lifeboat --help`", milliseconds(median(runs)), "under 20 ms");
    Ok(table)
}
