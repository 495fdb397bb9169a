//! A running `lifeboat`, and what became of it.

use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

const GLANCE: Duration = Duration::from_millis(5);

/// A program that was started. It is killed when it is dropped or overdue.
#[derive(Debug)]
pub struct Running {
    child: Child,
    home: TempDir,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    started: Instant,
    deadline: Duration,
}

/// What a program left behind.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: ExitStatus,
    /// All it wrote to standard output.
    pub stdout: String,
    /// All it wrote to standard error.
    pub stderr: String,
    /// How long it ran.
    pub took: Duration,
    home: TempDir,
}

impl Running {
    pub(super) fn start(mut command: Command, home: TempDir, deadline: Duration) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", command.get_program().display()))?;
        let stdout = child.stdout.take().map(collect);
        let stderr = child.stderr.take().map(collect);
        Ok(Self {
            child,
            home,
            stdout,
            stderr,
            started: Instant::now(),
            deadline,
        })
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(Pid::from_child(&self.child), signal)?;
        Ok(())
    }

    /// Its home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// True until it has ended.
    pub fn runs(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits for its end.
    pub async fn outcome(mut self) -> Result<Outcome> {
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            ensure!(
                self.started.elapsed() < self.deadline,
                "lifeboat did not end within {:?}",
                self.deadline
            );
            sleep(GLANCE).await;
        };
        let took = self.started.elapsed();
        let (stdout, stderr) = (text(self.stdout.take())?, text(self.stderr.take())?);
        let home = std::mem::replace(&mut self.home, TempDir::new()?);
        Ok(Outcome {
            status,
            stdout,
            stderr,
            took,
            home,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Only a program that is still there is killed; nothing can be done about a failure.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Outcome {
    /// The exit status; an error when a signal ended it.
    pub fn code(&self) -> Result<i32> {
        let by_signal = || format!("ended by signal {:?}\n{self}", self.status.signal());
        self.status.code().with_context(by_signal)
    }

    /// The one JSON document on standard output.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout).with_context(|| format!("no JSON on standard output\n{self}"))
    }

    /// The home folder it had, with the files it left.
    pub fn home(&self) -> &Path {
        self.home.path()
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            status,
            stdout,
            stderr,
            took,
            ..
        } = self;
        write!(
            f,
            "{status} after {took:?}\n--- standard output\n{stdout}\n--- standard error\n{stderr}"
        )
    }
}

fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        // What came before a failure is worth showing.
        let _ = pipe.read_to_end(&mut all);
        all
    })
}

fn text(pipe: Option<JoinHandle<Vec<u8>>>) -> Result<String> {
    let all = pipe.context("the output was taken already")?.join();
    String::from_utf8(all.map_err(|_| anyhow!("the output could not be read"))?).context("the output is not UTF-8")
}
