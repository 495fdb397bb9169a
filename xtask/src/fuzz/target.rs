//! One target and its run.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::child;
use crate::interrupt::Interrupt;
use crate::workspace::Workspace;

/// No input may take longer, in seconds.
const TIMEOUT: u32 = 10;
/// No input may need more memory, in MiB.
const MEMORY: u32 = 1024;

/// A program that libFuzzer drives.
pub(super) struct Target {
    program: PathBuf,
    /// Where inputs that reach something new are kept from run to run.
    corpus: PathBuf,
    /// Where inputs that break something are kept.
    found: PathBuf,
    /// Small and lawful inputs of the repository.
    seeds: PathBuf,
    dictionary: PathBuf,
}

/// What came of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) executions: u64,
    pub(super) per_second: u64,
    /// How many places in the code were reached.
    pub(super) places: u64,
}

impl Target {
    pub(super) fn of(workspace: &Workspace, name: &str) -> Self {
        let (fuzz, target) = (workspace.root().join("fuzz"), workspace.target());
        Self {
            program: target.join("debug").join(format!("fuzz-{}", name.replace('_', "-"))),
            corpus: target.join("fuzz/corpus").join(name),
            found: target.join("fuzz/found").join(name),
            seeds: fuzz.join("seeds").join(name),
            dictionary: fuzz.join("dictionaries").join(format!("{name}.dict")),
        }
    }

    /// Runs it for so long; an input that breaks something is an error that says where it is.
    pub(super) fn run(&self, seconds: u32, interrupt: &Interrupt) -> Result<Told> {
        for folder in [&self.corpus, &self.found] {
            fs::create_dir_all(folder)?;
        }
        let said = self.found.join("said.txt");
        let mut command = Command::new("sh");
        // libFuzzer tells everything on standard error, the broken code's own words among it.
        command
            .args(["-c", "exec 2>\"$0\"; exec \"$@\""])
            .arg(&said)
            .arg(&self.program);
        command.args([
            format!("-max_total_time={seconds}"),
            format!("-timeout={TIMEOUT}"),
            format!("-rss_limit_mb={MEMORY}"),
            "-print_final_stats=1".to_owned(),
            format!("-artifact_prefix={}/", self.found.display()),
        ]);
        if self.dictionary.is_file() {
            command.arg(format!("-dict={}", self.dictionary.display()));
        }
        command.arg(&self.corpus).arg(&self.seeds);
        let status = child::run(&command, interrupt, |_| {})?;
        let words = String::from_utf8_lossy(&fs::read(&said)?).into_owned();
        if !status.success() {
            bail!("broke: {}\n{}", self.found.display(), last_lines(&words));
        }
        read(&words).with_context(|| format!("libFuzzer did not say what it did:\n{}", last_lines(&words)))
    }
}

fn last_lines(words: &str) -> String {
    let lines: Vec<&str> = words.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

/// Reads libFuzzer's last words. A run without a single execution says nothing.
fn read(words: &str) -> Option<Told> {
    let number = |name: &str| -> Option<u64> {
        let line = words.lines().find(|it| it.starts_with(name))?;
        line.rsplit(' ').next()?.parse().ok()
    };
    let places = words.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once(" cov: ")?;
        rest.split(' ').next()?.parse().ok()
    })?;
    Some(Told {
        executions: number("stat::number_of_executed_units:").filter(|it| *it > 0)?,
        per_second: number("stat::average_exec_per_sec:")?,
        places,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libfuzzers_words_are_understood() {
        let words = "#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 40Mb\n\
                     #900\tDONE   cov: 40 ft: 61 corp: 9/30b lim: 4096 exec/s: 450 rss: 41Mb\n\
                     stat::number_of_executed_units: 900\nstat::average_exec_per_sec:     450\n";
        let told = Told {
            executions: 900,
            per_second: 450,
            places: 40,
        };
        assert_eq!(read(words), Some(told));
        assert_eq!(read(&words.replace("900", "0")), None);
        assert_eq!(read("Killed"), None);
    }
}
