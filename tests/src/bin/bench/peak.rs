//! How much memory a program had at most.

use std::fs;

use anyhow::{Context as _, Result};

/// Reads the peak of a process's resident memory so far, in MiB: `VmHWM`, proc_pid_status(5).
pub(crate) fn peak_of(process: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .context("no VmHWM")?;
    let kibibytes: f64 = peak.trim().trim_end_matches("kB").trim_end().parse()?;
    Ok(kibibytes / 1024.0)
}
