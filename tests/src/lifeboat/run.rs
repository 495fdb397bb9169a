//! A running `lifeboat`, and what became of it.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use super::{Lifeboat, PROGRAM_VARIABLE, Promise};
use crate::{peak::Peak, wait::until};

const GLANCE: Duration = Duration::from_millis(5);

/// A program that was started. It is killed when it is dropped or overdue.
#[derive(Debug)]
pub struct Running {
    child: Child,
    home: TempDir,
    stdout: Output,
    stderr: Output,
    promise: Promise,
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
    /// How much memory the process that was started had at most; nothing when it ended before anybody looked.
    pub memory: Peak,
    pub(super) home: TempDir,
}

impl Running {
    pub(super) fn start(mut command: Command, home: TempDir, deadline: Duration, promise: Promise) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", command.get_program().display()))?;
        let stdout = Output::of(child.stdout.take().context("no standard output")?);
        let stderr = Output::of(child.stderr.take().context("no standard error")?);
        Ok(Self {
            child,
            home,
            stdout,
            stderr,
            promise,
            started: Instant::now(),
            deadline,
        })
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(Pid::from_child(&self.child), signal)?;
        Ok(())
    }

    /// All it has written to standard error so far.
    pub(super) fn stderr_so_far(&self) -> String {
        self.stderr.so_far()
    }

    /// How much memory it had at most so far; `None` when it has ended.
    pub fn memory(&self) -> Option<Peak> {
        Peak::of(&self.child.id().to_string()).ok()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// True until it has ended.
    pub fn runs(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// True when it has written these words to standard error.
    pub fn has_said(&self, words: &str) -> bool {
        self.stderr.so_far().contains(words)
    }

    /// True when `holds` of all it has written to standard error.
    pub fn said_so_far(&self, holds: impl Fn(&str) -> bool) -> bool {
        holds(&self.stderr.so_far())
    }

    /// Waits until it has written something to standard error that `find` finds.
    pub async fn said<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> Result<T> {
        let found = until(what, async || Ok(find(&self.stderr.so_far()))).await;
        found.with_context(|| format!("it has said so far:\n{}", self.stderr.so_far()))
    }

    /// Waits for its end.
    pub async fn outcome(mut self) -> Result<Outcome> {
        let mut memory = Peak::default();
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            memory = self.memory().unwrap_or_default().max(memory);
            ensure!(
                self.started.elapsed() < self.deadline,
                "lifeboat did not end within {:?}:\n{}",
                self.deadline,
                self.stderr.so_far()
            );
            sleep(GLANCE).await;
        };
        let took = self.started.elapsed();
        let (stdout, stderr) = (self.stdout.whole()?, self.stderr.whole()?);
        let home = std::mem::replace(&mut self.home, TempDir::new()?);
        let outcome = Outcome {
            status,
            stdout,
            stderr,
            took,
            memory,
            home,
        };
        self.promise.kept(&outcome)?;
        Ok(outcome)
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

    /// All it wrote, with one space between two words: long sentences are wrapped on a screen.
    pub fn words(&self) -> String {
        let all = [self.stderr.as_str(), &self.stdout];
        all.iter()
            .flat_map(|it| it.split_whitespace())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Whether it wrote these words, however they are wrapped.
    pub fn says(&self, words: &str) -> bool {
        self.words().contains(words)
    }

    /// An error unless it said in one sentence what is wrong, and after it what to do, without a panic.
    pub fn ensure_two_sentences(&self) -> Result<()> {
        let starts = |word: &'static str| {
            let lines = self.stderr.lines().enumerate();
            lines
                .filter(move |(_, it)| it.starts_with(word))
                .map(|(number, _)| number)
        };
        let (errors, hint) = (Vec::from_iter(starts("error:")), starts("hint:").last());
        ensure!(
            matches!(errors[..], [error] if hint > Some(error)),
            "no two sentences\n{self}"
        );
        ensure!(!self.stderr.contains("panicked"), "it panicked\n{self}");
        Ok(())
    }

    /// Begins another command line in the same home, as the same person would later.
    pub fn then<S: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = S>) -> Result<Lifeboat> {
        let program = std::env::var_os(PROGRAM_VARIABLE).context("no lifeboat to test")?;
        self.then_of(program.as_ref(), arguments)
    }

    /// Begins the command line of another program in the same home.
    pub fn then_of<S: AsRef<OsStr>>(self, program: &Path, arguments: impl IntoIterator<Item = S>) -> Result<Lifeboat> {
        Ok(Lifeboat::at_home(program, arguments, self.home))
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

/// What comes out of a pipe, readable while it comes.
#[derive(Debug)]
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Output {
    fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::<Mutex<Vec<u8>>>::default();
        let sink = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut piece = [0; 4096];
            // What came before a failure is worth showing.
            while let Ok(length @ 1..) = pipe.read(&mut piece) {
                let read = piece.get(..length).unwrap_or_default();
                sink.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(read);
            }
        });
        Self {
            bytes,
            reader: Some(reader),
        }
    }

    fn so_far(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn whole(&mut self) -> Result<String> {
        let reader = self.reader.take().context("the output was taken already")?;
        reader.join().map_err(|_| anyhow!("the output could not be read"))?;
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).context("the output is not UTF-8")
    }
}
