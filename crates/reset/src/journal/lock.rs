//! One run that works on an account at a time.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use super::{JournalError, disk, make_private};

/// Name of the file in the folder of an account.
const NAME: &str = "lock";
/// How often a folder is made anew that whoever held the account is just removing.
const TRIES: usize = 8;

/// Holds an account, on this machine, for one run that works on it; released when it is dropped, or when the process ends in whatever way.
///
/// On Unix, a folder in which nothing else was left is removed when it is dropped: a run that came to nothing, perhaps for an
/// account that does not exist, leaves no trace.
#[derive(Debug)]
pub struct AccountLock {
    file: File,
    folder: PathBuf,
    writable: bool,
}

impl AccountLock {
    /// Takes the lock that lies in `folder`, which is made if need be.
    ///
    /// # Errors
    ///
    /// [`JournalError::Busy`] where another run holds it, and [`JournalError::Disk`] where it cannot be made or held.
    pub fn take(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(NAME);
        let disk = |error| disk(&path, error);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        for _ in 0..TRIES {
            make_private(folder).map_err(disk)?;
            let file = match options.open(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                opened => opened.map_err(disk)?,
            };
            let file = hold(file, &path)?;
            if is_at(&file, &path) {
                return Ok(Self {
                    file,
                    folder: folder.to_owned(),
                    writable: true,
                });
            }
        }
        Err(JournalError::Busy)
    }

    /// Takes it for a run that keeps nothing in `folder` which it could not do without. `None`: it cannot be held, for any
    /// other reason than another run that holds it.
    ///
    /// Where nobody can write, a lock that lies there already is held all the same: another run may have come before.
    ///
    /// # Errors
    ///
    /// [`JournalError::Busy`] alone.
    pub fn take_if_possible(folder: &Path) -> Result<Option<Self>, JournalError> {
        let taken = match Self::take(folder) {
            Err(JournalError::Disk { .. }) => {
                let path = folder.join(NAME);
                let opened = File::open(&path).map_err(|error| disk(&path, error));
                let held = opened.and_then(|file| hold(file, &path));
                held.map(|file| Self {
                    file,
                    folder: folder.to_owned(),
                    writable: false,
                })
            }
            taken => taken,
        };
        match taken {
            Ok(lock) => Ok(Some(lock)),
            Err(JournalError::Busy) => Err(JournalError::Busy),
            Err(_) => Ok(None),
        }
    }

    /// Removes its folder with all that is in there. Where a file that is held can be removed (on Unix), nobody else begins
    /// anything there before that is done.
    ///
    /// # Errors
    ///
    /// What cannot be removed; what came before it is removed all the same, and the account is released.
    pub fn remove_folder(self) -> io::Result<()> {
        let (folder, lock) = (self.folder.clone(), self.folder.join(NAME));
        if !cfg!(unix) {
            drop(self);
            return fs::remove_dir_all(folder);
        }
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            if path == lock {
                continue;
            }
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(path)?;
            } else {
                fs::remove_file(path)?;
            }
        }
        fs::remove_file(lock)?;
        // Whoever holds the account from here on keeps its folder.
        let _ = fs::remove_dir(folder);
        Ok(())
    }

    /// Tells whether something can be kept in its folder, as far as the lock shows.
    pub fn is_writable(&self) -> bool {
        self.writable
    }
}

impl Drop for AccountLock {
    fn drop(&mut self) {
        let is_empty = |folder| -> io::Result<bool> {
            let mut names = fs::read_dir(folder)?;
            names.try_fold(true, |empty, it| Ok(empty && it?.file_name() == NAME))
        };
        let lock = self.folder.join(NAME);
        // It is still held, so nobody keeps anything there meanwhile. Where nobody can tell whose lock lies there, it stays.
        let is_ours = cfg!(unix) && self.writable && is_at(&self.file, &lock);
        if is_ours && is_empty(&self.folder).unwrap_or(false) {
            let _ = fs::remove_file(lock);
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

/// Tells whether the file is the one at `path`: whoever held it before may have removed it just now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |it: fs::Metadata| (it.dev(), it.ino());
    let (opened, there) = (file.metadata().map(place), fs::metadata(path).map(place));
    matches!((opened, there), (Ok(opened), Ok(there)) if opened == there)
}

/// Elsewhere whoever holds an account does not remove its lock.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

fn hold(file: File, path: &Path) -> Result<File, JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Busy),
        Err(TryLockError::Error(error)) => Err(disk(path, error)),
    }
}
