//! Where an audit writes its rows: a file with one account in a line, which is the journal, too.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use lifeboat_preflight::ruma::UserId;
use serde::{Deserialize, Serialize};

use super::row::Row;
use crate::failure::Failure;

/// The name of the file.
const ROWS: &str = "accounts.jsonl";
/// The number of its format.
const FORMAT: u64 = 1;

/// The rows of one audit.
#[derive(Debug)]
pub(super) struct Book {
    path: PathBuf,
    file: File,
    users: HashSet<String>,
}

/// The first line: what the audit is about.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Title {
    format: u64,
    server: String,
    /// All accounts, or a list of them by its hash.
    accounts: String,
}

impl Book {
    /// Opens the book in `folder`, or begins it. A line that a killed program left unfinished is taken out.
    pub(super) fn open(folder: &Path, server: &str, accounts: &str) -> Result<Self, Failure> {
        let path = folder.join(ROWS);
        let title = Title {
            format: FORMAT,
            server: server.to_owned(),
            accounts: accounts.to_owned(),
        };
        let trouble = |error: io::Error| cannot_write(&path, &error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(trouble)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::failed(
                    format!("Another audit is writing into “{}”.", folder.display()),
                    "Wait until it is done, or give another folder.",
                ));
            }
            // Where a file cannot be locked, nobody else is kept out.
            Err(TryLockError::Error(error)) => tracing::debug!(%error, "the book cannot be locked"),
        }
        let whole = whole_lines(&file).map_err(trouble)?;
        file.set_len(whole).map_err(trouble)?;
        let mut book = Self {
            path,
            file,
            users: HashSet::new(),
        };
        if whole == 0 {
            book.line(&title)?;
            return Ok(book);
        }
        let mut users = HashSet::new();
        let found = book.read(|row: Row| {
            users.insert(row.user);
            Ok(())
        })?;
        if found != title {
            return Err(Failure::usage(
                format!("“{}” is of an audit of other accounts.", book.path.display()),
                "Give the same server and the same list again, or another folder.",
            ));
        }
        book.users = users;
        Ok(book)
    }

    /// Returns where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how many accounts are in it.
    pub(super) fn rows(&self) -> u64 {
        self.users.len() as u64
    }

    /// Tells whether this account is in it.
    pub(super) fn has(&self, user: &UserId) -> bool {
        self.users.contains(user.as_str())
    }

    /// Adds a row, all of it at once.
    pub(super) fn add(&mut self, row: &Row) -> Result<(), Failure> {
        self.line(row)?;
        self.users.insert(row.user.clone());
        Ok(())
    }

    /// Has everything on disk.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.file.sync_data().map_err(|error| cannot_write(&self.path, &error))
    }

    /// Reads every row, in their order.
    pub(super) fn each(&self, each: impl FnMut(Row) -> Result<(), Failure>) -> Result<(), Failure> {
        self.read(each).map(|_| ())
    }

    fn line(&mut self, content: &impl Serialize) -> Result<(), Failure> {
        let trouble = |error: io::Error| cannot_write(&self.path, &error);
        let mut line = serde_json::to_vec(content).map_err(|error| trouble(error.into()))?;
        line.push(b'\n');
        self.file.seek(SeekFrom::End(0)).map_err(trouble)?;
        self.file.write_all(&line).map_err(trouble)
    }

    fn read(&self, mut each: impl FnMut(Row) -> Result<(), Failure>) -> Result<Title, Failure> {
        let damaged = |number: usize, why: String| {
            Failure::failed(
                format!("“{}” is damaged in line {number}: {why}.", self.path.display()),
                "Begin the audit anew in another folder.",
            )
        };
        let file = File::open(&self.path).map_err(|error| cannot_write(&self.path, &error))?;
        let mut title = None;
        for (number, line) in (1..).zip(BufReader::new(file).lines()) {
            let line = line.map_err(|error| damaged(number, error.to_string()))?;
            if title.is_none() {
                title = Some(serde_json::from_str(&line).map_err(|error| damaged(number, error.to_string()))?);
                continue;
            }
            each(serde_json::from_str(&line).map_err(|error| damaged(number, error.to_string()))?)?;
        }
        title.ok_or_else(|| damaged(1, "it is empty".to_owned()))
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        // A program that is being started at this moment has the file as well, until it becomes that program.
        let _ = self.file.unlock();
    }
}

/// Returns where the last whole line ends.
fn whole_lines(file: &File) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut whole, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line)?;
        if length == 0 || line.last() != Some(&b'\n') {
            return Ok(whole);
        }
        whole += length as u64;
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let hint = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "Make space, and run the same command again: it goes on where it was."
        }
        _ => "Give a folder of your own.",
    };
    Failure::failed(format!("“{}” cannot be written: {error}.", path.display()), hint)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lifeboat_report::Light;

    use super::*;

    fn row(user: &str) -> Row {
        serde_json::from_value(serde_json::json!({
            "user": user, "light": "amber", "codes": [], "restrictions": [], "administrator": false, "providers": [],
            "why": null,
        }))
        .unwrap()
    }

    #[test]
    fn a_line_that_was_cut_is_taken_out_and_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let users = ["@a:example.org", "@b:example.org", "@c:example.org"];
        let write = |users: &[&str]| {
            let mut book = Book::open(folder.path(), "example.org", "all").unwrap();
            for user in users {
                if !book.has(&UserId::parse(*user).unwrap()) {
                    book.add(&row(user)).unwrap();
                }
            }
            book.rows()
        };
        assert_eq!(write(&users), 3);
        let path = folder.path().join(ROWS);
        let whole = fs::read(&path).unwrap();
        // Wherever it is cut behind the title, the same command makes the same file.
        let title = whole.iter().position(|it| *it == b'\n').unwrap() + 1;
        for length in title..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(write(&users), 3);
            assert_eq!(fs::read(&path).unwrap(), whole, "{length}");
        }
        // A title that was cut is begun anew.
        fs::write(&path, &whole[..title - 1]).unwrap();
        assert_eq!(write(&users), 3);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }

    #[test]
    fn it_is_of_one_audit_alone_and_says_where_it_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = Book::open(folder.path(), "example.org", "all").unwrap();
        book.add(&row("@a:example.org")).unwrap();
        // Nobody else writes into it meanwhile.
        assert!(
            Book::open(folder.path(), "example.org", "all")
                .unwrap_err()
                .wrong
                .contains("Another audit")
        );
        drop(book);
        for (server, accounts) in [("example.com", "all"), ("example.org", "list")] {
            let failure = Book::open(folder.path(), server, accounts).unwrap_err();
            assert!(failure.wrong.contains("other accounts"), "{failure:?}");
        }
        let path = folder.path().join(ROWS);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("amber", "green")).unwrap();
        let failure = Book::open(folder.path(), "example.org", "all").unwrap_err();
        assert!(failure.wrong.contains("line 2"), "{failure:?}");
        assert_eq!(row("@a:example.org").light, Light::Amber);
    }
}
