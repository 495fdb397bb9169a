//! How much memory a program had at most.

use std::fs;

use anyhow::{Context as _, Result};

/// The peak of a process's resident memory so far, in KiB (proc_pid_status(5)).
#[derive(Clone, Copy, Debug, Default)]
pub struct Peak {
    /// All of it, `VmHWM`.
    pub all: u64,
    /// Without the pages of its own file and its libraries (`RssFile`), of which a build without optimisation has far more than
    /// the one that is handed out.
    pub own: u64,
}

impl Peak {
    /// Reads it; `process` is an id or `self`. A process that has ended has none.
    pub fn of(process: &str) -> Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let field = |name: &str| -> Result<u64> {
            let value = status.lines().find_map(|line| line.strip_prefix(name));
            let value = value.with_context(|| format!("no {name}"))?;
            Ok(value.trim().trim_end_matches("kB").trim_end().parse()?)
        };
        let all = field("VmHWM:")?;
        Ok(Self {
            all,
            own: all.saturating_sub(field("RssFile:")?),
        })
    }

    /// The larger ones of both.
    pub fn max(self, other: Self) -> Self {
        Self {
            all: self.all.max(other.all),
            own: self.own.max(other.own),
        }
    }
}

/// A number of KiB in MiB.
pub fn in_mebibytes(kibibytes: u64) -> f64 {
    kibibytes as f64 / 1024.0
}
