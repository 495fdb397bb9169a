//! The session of the check before a reset, written down until a journal knows of it: a run that is killed in between leaves
//! it behind, and the next one removes it.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use lifeboat_reset::{Journal, JournalError, flow::Record};
use tempfile::NamedTempFile;

use crate::kept::make_private;

/// Name of the file in the account's folder.
const FILE: &str = "loose-session";

/// The file with the session's id.
#[derive(Debug)]
pub(crate) struct Loose(PathBuf);

impl Loose {
    /// Returns the place in the account's `folder`.
    pub(crate) fn of(folder: &Path) -> Self {
        Self(folder.join(FILE))
    }

    /// Writes the session down. When that fails, nothing but the tidying up after a kill is lost.
    pub(crate) fn note(&self, device: &str) {
        if let Err(error) = self.write(device) {
            tracing::warn!(%error, "the session of the check cannot be written down");
        }
    }

    fn write(&self, device: &str) -> io::Result<()> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        make_private(folder)?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(device.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.0).map_err(|error| error.error)?;
        Ok(())
    }

    /// Returns the session that an earlier run left behind, or this one works with.
    pub(crate) fn left_behind(&self) -> Option<String> {
        fs::read_to_string(&self.0).ok().filter(|it| !it.is_empty())
    }

    /// Tells the journal of it, which sees to its end from then on.
    pub(crate) fn hand_over(&self, journal: &mut Journal) -> Result<(), JournalError> {
        if let Some(device) = self.left_behind()
            && !journal.own_sessions().contains(&device.as_str())
        {
            journal.append(Record::Session { device })?;
        }
        self.forget();
        Ok(())
    }

    /// Forgets it: it is signed out, or a journal knows of it. What was never there needs no removing.
    pub(crate) fn forget(&self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_until_it_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let loose = Loose::of(&home.path().join("state/mira"));
        assert_eq!(loose.left_behind(), None);
        loose.note("ONE");
        loose.note("OTHER");
        assert_eq!(loose.left_behind().as_deref(), Some("OTHER"));
        loose.forget();
        loose.forget();
        assert_eq!(loose.left_behind(), None);
    }
}
