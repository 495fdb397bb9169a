//! The journal of a reset: an append-only file, flushed to disk before and after every step.

mod halfway;
mod lock;
pub(crate) mod read;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use lifeboat_preflight::{now, sync_folder};
use lifeboat_report::{Clearance, Ground, Plan, Step};
use serde::{Deserialize, Serialize};

use self::read::Flaw;
use crate::flow::{self, Next, Outcome, Password, Record, Stamped};

pub use halfway::Halfway;
pub use lock::AccountLock;

/// The version of the journal's format that is written.
const FORMAT: u32 = 1;
/// Name of the file in the folder of its reset.
const FILE: &str = "journal.jsonl";

/// The first line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub format: u32,
    /// When the reset began, in milliseconds since the Unix epoch.
    pub begun_at: u64,
    /// What is to be done.
    pub plan: Plan,
    /// When the facts behind the clearance were gathered.
    pub taken_at: u64,
    /// The identity and backup version that were checked.
    pub ground: GroundThen,
    /// The address of the homeserver, if it was given.
    pub homeserver: Option<String>,
}

/// The ground of a clearance in its written form; a gap is `null` twice over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroundThen {
    /// As [`Ground::identity`].
    pub identity: lifeboat_report::Fact<Option<String>>,
    /// As [`Ground::backup`].
    pub backup: lifeboat_report::Fact<Option<String>>,
}

/// The journal of a reset. It holds no secret in clear.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    file: File,
    header: Header,
    records: Vec<Record>,
    /// When each of them was written.
    times: Vec<u64>,
    last_at: u64,
}

/// A journal as it lies on disk.
#[derive(Debug)]
pub enum Found {
    /// There is none.
    Nothing,
    /// A reset that was not finished.
    Unfinished(Box<Journal>),
    /// Only finished ones; this is the last.
    Finished(Box<Journal>),
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It cannot be read or written. The step that was to follow was not begun.
    #[error("the journal {path} cannot be used: {error}.")]
    Disk {
        /// The file.
        path: String,
        /// The system's words.
        #[source]
        error: io::Error,
    },
    /// A newer version of Lifeboat wrote it.
    #[error("the journal {path} was written by a newer Lifeboat.")]
    Newer {
        /// The file.
        path: String,
    },
    /// It is damaged.
    #[error("the journal {path} is damaged in line {line}.")]
    Damaged {
        /// The file.
        path: String,
        /// The number of the line, from 1.
        line: usize,
    },
    /// Another run works on this account.
    #[error("another Lifeboat is at work on this account.")]
    Busy,
}

impl Journal {
    /// Begins the journal of a new reset in `folder`, which is made and must not exist yet. `before`, a name and its
    /// content, is on disk when the first line is.
    pub fn begin(
        folder: &Path,
        plan: Plan,
        clearance: &Clearance,
        homeserver: Option<String>,
        before: (&str, &[u8]),
    ) -> Result<Self, JournalError> {
        let path = folder.join(FILE);
        let disk = |error| disk(&path, error);
        make_private(folder).map_err(disk)?;
        Evidence::begin(folder, before.0)?.whole(before.1)?;
        let Ground { identity, backup } = clearance.ground().clone();
        let header = Header {
            format: FORMAT,
            begun_at: now(),
            plan,
            taken_at: clearance.taken_at(),
            ground: GroundThen { identity, backup },
            homeserver,
        };
        let mut options = OpenOptions::new();
        options.create_new(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(disk)?;
        let begun_at = header.begun_at;
        let line = serde_json::to_vec(&header).map_err(|error| disk(error.into()))?;
        let mut journal = Self {
            folder: folder.to_owned(),
            file,
            header,
            records: Vec::new(),
            times: Vec::new(),
            last_at: begun_at,
        };
        journal.write_line(line)?;
        sync_folder(folder).map_err(disk)?;
        Ok(journal)
    }

    /// Returns the folder below `resets` for one that begins at the moment `stamp`: it sorts behind every other, also
    /// where the clock was put back meanwhile.
    pub fn new_place(resets: &Path, stamp: String) -> PathBuf {
        let names = fs::read_dir(resets).into_iter().flatten().flatten();
        let newest = names.filter_map(|it| it.file_name().into_string().ok()).max();
        match newest {
            Some(newest) if newest >= stamp => resets.join(newest + "+"),
            _ => resets.join(stamp),
        }
    }

    /// Opens the newest reset below `resets`, and says whether it was finished: one that was is not to be written to.
    ///
    /// A last line that was cut off counts as not written: what it was about to say had not begun.
    pub fn find(resets: &Path) -> Result<Found, JournalError> {
        let Some(newest) = newest(resets)? else {
            return Ok(Found::Nothing);
        };
        let Some(journal) = Self::open(&newest)? else {
            return Ok(Found::Nothing);
        };
        Ok(match journal.next() {
            Next::Finished => Found::Finished(Box::new(journal)),
            _ => Found::Unfinished(Box::new(journal)),
        })
    }

    /// Opens the journal in `folder`; `None` when not even its first line was written.
    fn open(folder: &Path) -> Result<Option<Self>, JournalError> {
        let path = folder.join(FILE);
        let disk = |error| disk(&path, error);
        let Some(lines) = lines_of(&path)? else { return Ok(None) };
        // Nothing is added to a finished one, and where nobody can write it is no obstacle.
        let finished = flow::next(&lines.header.plan, &lines.records) == Next::Finished;
        let file = if finished {
            File::open(&path).map_err(disk)?
        } else {
            let file = OpenOptions::new().append(true).open(&path).map_err(disk)?;
            // A cut-off line must not run into the next one.
            file.set_len(lines.whole as u64).map_err(disk)?;
            file
        };
        let last_at = lines.times.last().copied().unwrap_or(lines.header.begun_at);
        Ok(Some(Self {
            folder: folder.to_owned(),
            file,
            header: lines.header,
            records: lines.records,
            times: lines.times,
            last_at,
        }))
    }

    /// Writes a line and returns once it is on disk.
    pub fn append(&mut self, record: Record) -> Result<(), JournalError> {
        let at = now();
        let line = serde_json::to_vec(&Stamped {
            at,
            record: record.clone(),
        });
        let line = line.map_err(|error| disk(&self.folder.join(FILE), error.into()))?;
        self.write_line(line)?;
        self.records.push(record);
        self.times.push(at);
        self.last_at = at;
        Ok(())
    }

    fn write_line(&mut self, mut line: Vec<u8>) -> Result<(), JournalError> {
        line.push(b'\n');
        mortal::moment();
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        written.map_err(|error| disk(&self.folder.join(FILE), error))?;
        mortal::moment();
        Ok(())
    }

    /// Writes evidence into the folder of this reset, mode 0600, and returns once it is on disk. What an interrupted
    /// run wrote there under the same name is replaced.
    pub fn keep_beside(&self, name: &str, content: &[u8]) -> Result<PathBuf, JournalError> {
        self.begin_beside(name)?.whole(content)
    }

    /// Begins evidence that is written piece by piece; it has its name once it is kept.
    pub(crate) fn begin_beside(&self, name: &str) -> Result<Evidence, JournalError> {
        Evidence::begin(&self.folder, name)
    }

    /// Returns where evidence of this name lies, if it was kept.
    pub fn beside(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.join(name)).filter(|it| it.is_file())
    }

    /// Returns the first line.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the plan.
    pub fn plan(&self) -> &Plan {
        &self.header.plan
    }

    /// Returns what happened, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Returns the folder of this reset, where its evidence lies as well.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns when the last line was written, in milliseconds since the Unix epoch.
    pub fn last_at(&self) -> u64 {
        self.last_at
    }

    /// Returns when the password may have changed at the earliest, in milliseconds since the Unix epoch; `None`: it did
    /// not yet.
    pub fn changed_since(&self) -> Option<u64> {
        let step = self.header.plan.change_number()?;
        let change = |it: &Record| it.step() == Some(step);
        let ended = |it: &Record| matches!(it, Record::Ended { .. }) && change(it);
        let failed = |it: &Record| {
            change(it)
                && matches!(
                    it,
                    Record::Ended {
                        outcome: Outcome::Failed,
                        ..
                    }
                )
        };
        let tried = self.records.iter().rposition(failed).map_or(0, |at| at + 1);
        let records = self.records.get(tried..)?;
        let began = records.iter().position(change)?;
        let ended = records.iter().position(ended)?;
        // Between a beginning and an end in another run it may have been at any time.
        let interrupted = records.get(began..ended)?.contains(&Record::Resumed);
        self.times.get(tried + if interrupted { began } else { ended }).copied()
    }

    /// Says what is to be done next.
    pub fn next(&self) -> Next {
        flow::next(&self.header.plan, &self.records)
    }

    /// Says what is known of the password.
    pub fn password(&self) -> Password {
        flow::password(&self.header.plan, &self.records)
    }

    /// Tells whether Lifeboat has signed in with the new password.
    pub fn has_signed_in(&self) -> bool {
        has_signed_in(&self.header.plan, &self.records)
    }

    /// Returns the device ids of the sessions that Lifeboat made on the way.
    pub fn own_sessions(&self) -> Vec<&str> {
        let device = |it: &'_ Record| matches!(it, Record::Session { .. });
        let all = self.records.iter().filter(|it| device(it));
        all.filter_map(|it| match it {
            Record::Session { device } => Some(device.as_str()),
            _ => None,
        })
        .collect()
    }
}

/// Returns the folder of the newest reset below `resets`.
fn newest(resets: &Path) -> Result<Option<PathBuf>, JournalError> {
    let mut folders: Vec<PathBuf> = match fs::read_dir(resets) {
        Ok(entries) => entries.filter_map(|it| it.ok().map(|it| it.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(disk(resets, error)),
    };
    folders.sort();
    Ok(folders.into_iter().rfind(|it| it.join(FILE).is_file()))
}

/// Reads the lines of the journal at `path`; `None` when not even its first one was written.
fn lines_of(path: &Path) -> Result<Option<read::Lines>, JournalError> {
    let named = || path.display().to_string();
    let text = fs::read(path).map_err(|error| disk(path, error))?;
    read::lines(&text).map_err(|flaw| match flaw {
        Flaw::Newer => JournalError::Newer { path: named() },
        Flaw::Damaged(line) => JournalError::Damaged { path: named(), line },
    })
}

fn has_signed_in(plan: &Plan, records: &[Record]) -> bool {
    let step = plan.steps.iter().position(|it| *it == Step::SignIn);
    let done =
        |it: &Record| matches!(it, Record::Ended { step: number, outcome: Outcome::Done } if Some(*number) == step);
    records.iter().any(done)
}

/// A file beside the journal that is not complete yet.
#[derive(Debug)]
pub(crate) struct Evidence {
    path: PathBuf,
    unfinished: PathBuf,
    file: File,
}

impl Evidence {
    fn begin(folder: &Path, name: &str) -> Result<Self, JournalError> {
        let path = folder.join(name);
        let unfinished = folder.join(format!("{name}.unfinished"));
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&unfinished).map_err(|error| disk(&path, error))?;
        Ok(Self { path, unfinished, file })
    }

    fn whole(mut self, content: &[u8]) -> Result<PathBuf, JournalError> {
        self.file.write_all(content).map_err(|error| disk(&self.path, error))?;
        self.keep()
    }

    /// Returns the file to write to.
    pub(crate) fn writer(&self) -> Result<File, JournalError> {
        self.file.try_clone().map_err(|error| disk(&self.path, error))
    }

    /// Returns what was written so far, from its beginning.
    pub(crate) fn reader(&self) -> Result<File, JournalError> {
        File::open(&self.unfinished).map_err(|error| disk(&self.path, error))
    }

    /// Gives the file its name, and returns once it is on disk under it.
    pub(crate) fn keep(self) -> Result<PathBuf, JournalError> {
        let synced = self.file.sync_all();
        let named = synced.and_then(|()| fs::rename(&self.unfinished, &self.path));
        let folder = self.path.parent().map_or(Ok(()), sync_folder);
        named.and(folder).map_err(|error| disk(&self.path, error))?;
        Ok(self.path)
    }
}

/// Makes `folder` with whatever lies above it; only its owner may enter.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn disk(path: &Path, error: io::Error) -> JournalError {
    JournalError::Disk {
        path: path.display().to_string(),
        error,
    }
}

/// Lets a test end the process before or after any line is written. Not part of a release build.
mod mortal {
    #[cfg(debug_assertions)]
    pub(super) fn moment() {
        use std::sync::atomic::{AtomicU32, Ordering};
        static MOMENTS: AtomicU32 = AtomicU32::new(0);
        let moment = MOMENTS.fetch_add(1, Ordering::Relaxed).to_string();
        let has_come = |variable| std::env::var(variable).is_ok_and(|it| it == moment);
        // The kind of end that nothing can clean up after.
        #[cfg(unix)]
        if has_come("LIFEBOAT_TEST_KILL_AT") {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
        #[expect(clippy::panic, reason = "what a panic shows is looked at by a test")]
        if has_come("LIFEBOAT_TEST_PANIC_AT") {
            panic!("a test asked for it");
        }
    }

    #[cfg(not(debug_assertions))]
    pub(super) fn moment() {}
}
