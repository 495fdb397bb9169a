//! Runs the `lifeboat` program as a script would: no terminal, no input, nothing but what it is given.

mod disk;
mod promise;
mod run;
pub mod terminal;
pub mod window;

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

pub use self::disk::Disk;
use self::promise::Promise;
pub use self::run::{Outcome, Running};

/// Names the built program.
pub const PROGRAM_VARIABLE: &str = "LIFEBOAT_BIN";

/// Longer than any command takes on an account as small as a test's.
const DEADLINE: Duration = Duration::from_secs(120);

/// A command line that is being put together, with a home folder of its own.
#[derive(Debug)]
pub struct Lifeboat {
    program: PathBuf,
    home: TempDir,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    deadline: Duration,
    /// The disk that it writes to, if it is not the machine's.
    disk: Option<Disk>,
}

impl Lifeboat {
    /// Begins a command line. No program is a failure, never a reason to skip a test.
    pub fn new<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Result<Self> {
        let program = std::env::var_os(PROGRAM_VARIABLE)
            .context("no lifeboat to test: run the end-to-end tests with `cargo xtask test`")?;
        Self::of(program.as_ref(), arguments)
    }

    /// Begins the command line of another program.
    pub fn of<S: AsRef<OsStr>>(program: &Path, arguments: impl IntoIterator<Item = S>) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("lifeboat-home-").tempdir()?;
        Ok(Self::at_home(program, arguments, home))
    }

    fn at_home<S: AsRef<OsStr>>(program: &Path, arguments: impl IntoIterator<Item = S>, home: TempDir) -> Self {
        let arguments = arguments
            .into_iter()
            .map(|argument| argument.as_ref().to_owned())
            .collect();
        Self {
            program: program.into(),
            home,
            arguments,
            variables: Vec::new(),
            deadline: DEADLINE,
            disk: None,
        }
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments
            .extend(arguments.into_iter().map(|it| it.as_ref().to_owned()));
        self
    }

    /// Adds an option with a file that holds a secret and that only its owner can read.
    pub fn secret(self, option: &str, secret: &str) -> Result<Self> {
        // The option may be given several times, and earlier commands may have had it too.
        let named = |number: usize| self.home().join(format!("{number}-{}", option.trim_start_matches('-')));
        let path = (self.arguments.len()..).map(named).find(|it| !it.exists());
        let path = path.context("no free name")?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(secret.as_bytes())?;
        Ok(self.arg(option).arg(path))
    }

    /// Sets an environment variable. It gets none of the test's own but `PATH`.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets how long it may take before it is killed.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Lets it write to a disk that gets full, or has become read-only. Signals reach the shell around it where it is
    /// [`Disk::Free`].
    pub fn on(mut self, disk: Disk) -> Self {
        self.disk = Some(disk);
        self
    }

    /// Its home folder, which is also its working folder and goes with it.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Starts it.
    pub fn start(self) -> Result<Running> {
        // A session of its own has no terminal to ask at, and Ctrl-C at the tests is not meant for it. `setsid` (of
        // util-linux) becomes the program, with the same process id.
        let mut command = Command::new("setsid");
        if let Some(disk) = &self.disk {
            disk.put_under(&mut command, self.home())?;
        }
        command
            .arg(&self.program)
            .args(&self.arguments)
            .env_clear()
            .current_dir(self.home());
        for (name, folder) in [
            ("HOME", ""),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_RUNTIME_DIR", "run"),
            ("TMPDIR", "tmp"),
        ] {
            let folder = self.home().join(folder);
            fs::create_dir_all(&folder)?;
            command.env(name, folder);
        }
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let promise = Promise::of(&self.program, &self.arguments);
        Running::start(command, self.home, self.deadline, promise)
    }

    /// Runs it to its end. What it writes as a status file must fit the schema it prints, or this fails.
    pub async fn run(self) -> Result<Outcome> {
        self.start()?.outcome().await
    }
}
