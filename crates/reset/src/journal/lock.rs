//! One run that works on an account at a time.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use super::{JournalError, disk, make_private};

/// Holds an account, on this machine, for one run that works on it; released when it is dropped, or when the process ends in whatever way.
#[derive(Debug)]
pub struct AccountLock {
    _file: File,
    writable: bool,
}

impl AccountLock {
    /// Takes the lock that lies in `folder`, which is made if need be.
    ///
    /// # Errors
    ///
    /// [`JournalError::Busy`] where another run holds it, and [`JournalError::Disk`] where it cannot be made or held.
    pub fn take(folder: &Path) -> Result<Self, JournalError> {
        let path = lock_in(folder);
        let disk = |error| disk(&path, error);
        make_private(folder).map_err(disk)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(disk)?;
        hold(file, &path).map(|file| Self {
            _file: file,
            writable: true,
        })
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
                let path = lock_in(folder);
                let opened = File::open(&path).map_err(|error| disk(&path, error));
                let held = opened.and_then(|file| hold(file, &path));
                held.map(|file| Self {
                    _file: file,
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

    /// Tells whether something can be kept in its folder, as far as the lock shows.
    pub fn is_writable(&self) -> bool {
        self.writable
    }
}

fn lock_in(folder: &Path) -> PathBuf {
    folder.join("lock")
}

fn hold(file: File, path: &Path) -> Result<File, JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Busy),
        Err(TryLockError::Error(error)) => Err(disk(path, error)),
    }
}
