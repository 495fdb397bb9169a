//! One run that changes an account at a time.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use super::{JournalError, disk, make_private};

/// Holds an account, on this machine, for one run that changes it; released when it is dropped, or when the process ends in whatever way.
#[derive(Debug)]
pub struct AccountLock {
    _file: File,
}

impl AccountLock {
    /// Takes the lock that lies in `folder`, which is made if need be.
    pub fn take(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join("lock");
        let disk = |error| disk(&path, error);
        make_private(folder).map_err(disk)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(disk)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Busy),
            Err(TryLockError::Error(error)) => Err(disk(error)),
        }
    }
}
