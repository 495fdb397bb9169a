//! Programs that outlive the command that started them.

use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// How long a program may take to end after it was asked.
const GRACE: Duration = Duration::from_secs(10);

/// A running program, recognised again by its number and the moment it started: numbers are given out anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// Clock ticks between the start of the machine and the start of the program, as in `/proc/PID/stat`.
    started: u64,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It was asked and went.
    Stopped,
    /// It did not go when asked and was killed.
    Killed,
    /// It was not running any more.
    WasGone,
}

impl Process {
    /// Starts a program in the background: no input, output appended to `log`, out of reach of the terminal's Ctrl-C.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let output = OpenOptions::new().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{} does not start", command.get_program().display()))?;
        let pid = child.id();
        // Even one that ended at once has an entry, because nobody has waited for it yet.
        let (_, started) = stat(pid).context("this system has no /proc to recognise programs by")?;
        Ok(Self { pid, started })
    }

    /// True while this very program runs; a zombie does not.
    pub(crate) fn is_alive(&self) -> bool {
        stat(self.pid).is_some_and(|(state, started)| started == self.started && state != 'Z')
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.is_alive()) {
            // The only error left is that it ended in between, which is what was wanted.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Ends programs and waits until they are gone. All are asked first, so that they end side by side.
pub(crate) fn end(processes: &[&Process]) -> Result<Vec<Ending>> {
    end_within(GRACE, processes)
}

fn end_within(grace: Duration, processes: &[&Process]) -> Result<Vec<Ending>> {
    let asked: Vec<bool> = processes
        .iter()
        .map(|process| {
            let alive = process.is_alive();
            process.signal(Signal::TERM);
            alive
        })
        .collect();
    let ending = |(process, asked): (&&Process, bool)| {
        if !asked {
            return Ok(Ending::WasGone);
        }
        if until(grace, || !process.is_alive()) {
            return Ok(Ending::Stopped);
        }
        process.signal(Signal::KILL);
        ensure!(
            until(grace, || !process.is_alive()),
            "process {} does not end, even when killed",
            process.pid
        );
        Ok(Ending::Killed)
    };
    processes.iter().zip(asked).map(ending).collect()
}

/// Polls until `done` or the deadline; says whether it was done.
pub(crate) fn until(patience: Duration, mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !done() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

/// The state and the start time of a process (`proc_pid_stat(5)`, fields 3 and 22).
fn stat(pid: u32) -> Option<(char, u64)> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(line: &str) -> Option<(char, u64)> {
    // The second field is the program's name in parentheses; it may hold spaces and parentheses itself.
    let (_, rest) = line.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Process {
        Process::start(Command::new("sleep").arg("60"), Path::new("/dev/null")).unwrap()
    }

    #[test]
    fn a_name_with_parentheses_does_not_confuse_the_reader() {
        let line = "7 (a) b) (c)) R 1 7 7 0 -1 4194560 1 0 0 0 3 4 0 0 20 0 1 0 98765 1 2";
        assert_eq!(parse_stat(line), Some(('R', 98765)));
        assert_eq!(parse_stat("7 (short) R 1"), None);
    }

    #[test]
    fn a_program_is_alive_until_it_is_ended() {
        let process = sleeper();
        assert!(process.is_alive());
        assert_eq!(end(&[&process]).unwrap(), [Ending::Stopped]);
        assert!(!process.is_alive());
        assert_eq!(end(&[&process]).unwrap(), [Ending::WasGone]);
    }

    #[test]
    fn another_program_with_the_same_number_is_left_alone() {
        let process = sleeper();
        let earlier = Process {
            started: process.started - 1,
            ..process.clone()
        };
        assert!(!earlier.is_alive());
        assert_eq!(end(&[&earlier]).unwrap(), [Ending::WasGone]);
        assert!(process.is_alive());
        end(&[&process]).unwrap();
    }

    #[test]
    fn a_deaf_program_is_killed() {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; while :; do sleep 1; done"]);
        let process = Process::start(&mut command, Path::new("/dev/null")).unwrap();
        // The trap must be set before the signal comes: wait until the shell has a child.
        let children = format!("/proc/{0}/task/{0}/children", process.pid);
        assert!(until(GRACE, || fs::read_to_string(&children)
            .is_ok_and(|text| !text.is_empty())));
        let endings = end_within(Duration::from_millis(100), &[&process]);
        assert_eq!(endings.unwrap(), [Ending::Killed]);
    }
}
