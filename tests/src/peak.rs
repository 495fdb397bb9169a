//! How much memory a program had at most.

use std::fs;

use anyhow::{Context as _, Result};

/// Reads the peak of a process's resident memory so far, in KiB: `VmHWM`, proc_pid_status(5). A process that has ended has none.
pub fn peak_of(process: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .context("no VmHWM")?;
    Ok(peak.trim().trim_end_matches("kB").trim_end().parse()?)
}

/// The same in MiB.
pub fn in_mebibytes(kibibytes: u64) -> f64 {
    kibibytes as f64 / 1024.0
}
