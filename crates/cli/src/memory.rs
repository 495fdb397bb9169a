//! What checks remember of an account's messages, in the user's state folder: private, whole or not there.

use std::{
    fs,
    io::{BufWriter, Write},
    path::PathBuf,
};

use lifeboat_preflight::{ForecastMemory, ruma::OwnedUserId};
use tempfile::NamedTempFile;

use crate::{kept::make_private, state};

/// More is not read: some ten million messages.
const LIMIT: u64 = 512 << 20;
/// Name of the file in the account's folder.
const FILE: &str = "forecast";

/// Where one account's memory lies, whether or not there is one.
///
/// It saves time and nothing else: when it cannot be read or written, the next check reads everything again.
#[derive(Debug)]
pub(crate) struct MemoryFile {
    user: OwnedUserId,
    folder: PathBuf,
}

impl MemoryFile {
    /// Returns the place for `user` below the user's state folder (XDG on Unix, the data folder elsewhere).
    pub(crate) fn of(user: &OwnedUserId) -> Option<Self> {
        let folder = state::folder_of(user)?;
        Some(Self {
            user: user.clone(),
            folder,
        })
    }

    /// Reads what an earlier check remembers of this account.
    pub(crate) fn read(&self) -> Option<ForecastMemory> {
        let file = self.folder.join(FILE);
        if fs::metadata(&file).ok()?.len() > LIMIT {
            return None;
        }
        let memory = ForecastMemory::from_bytes(&self.user, &fs::read(&file).ok()?);
        if memory.is_none() {
            tracing::warn!("what an earlier check remembers is damaged or of another version: everything is read anew");
        }
        memory
    }

    /// Removes it, and tells whether it was there.
    pub(crate) fn forget(&self) -> bool {
        fs::remove_file(self.folder.join(FILE)).is_ok()
    }

    /// Replaces it, mode 0600.
    pub(crate) fn write(&self, memory: &ForecastMemory) {
        let written = make_private(&self.folder).and_then(|()| {
            let mut file = NamedTempFile::new_in(&self.folder)?;
            {
                let mut buffered = BufWriter::new(&mut file);
                memory.write(&mut buffered)?;
                buffered.flush()?;
            }
            file.as_file().sync_all()?;
            file.persist(self.folder.join(FILE)).map_err(|error| error.error)
        });
        if let Err(error) = written {
            tracing::warn!(%error, "what was read cannot be remembered: the next check reads everything anew");
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use lifeboat_preflight::ruma::user_id;

    use super::*;

    #[test]
    fn it_is_private_and_replaced_and_damage_is_nothing() {
        let home = tempfile::tempdir().unwrap();
        let user = user_id!("@mira:example.org").to_owned();
        let place = MemoryFile {
            folder: home.path().join("state/lifeboat/mira"),
            user: user.clone(),
        };
        assert_eq!(place.read(), None);
        // The shortest memory there is: no room was read.
        let empty = ForecastMemory::none_of(&user);
        place.write(&empty);
        place.write(&empty);
        assert_eq!(place.read(), Some(empty));
        let file = place.folder.join(FILE);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&place.folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(&place.folder).unwrap().count(), 1);
        fs::write(&file, "something else").unwrap();
        assert_eq!(place.read(), None);
    }
}
