//! The sessions of checks before a reset, written down until a journal knows of them: a run that is killed in between leaves
//! one behind, and the next reset removes it.

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

/// The file with the sessions' ids, one on each line.
#[derive(Debug)]
pub(crate) struct Loose(PathBuf);

impl Loose {
    /// Returns the place in the account's `folder`.
    pub(crate) fn of(folder: &Path) -> Self {
        Self(folder.join(FILE))
    }

    /// Writes the session down. When that fails, nothing but the tidying up after a kill is lost.
    pub(crate) fn note(&self, device: &str) {
        let mut all = self.left_behind();
        if !all.iter().any(|it| it == device) {
            all.push(device.to_owned());
        }
        if let Err(error) = self.write(&all) {
            tracing::warn!(%error, "the session of the check cannot be written down");
        }
    }

    fn write(&self, devices: &[String]) -> io::Result<()> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        make_private(folder)?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(devices.join("\n").as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.0).map_err(|error| error.error)?;
        Ok(())
    }

    /// Returns the sessions that earlier runs left behind, and the one that this one works with.
    fn left_behind(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Tells the journal of them, which sees to their end from then on.
    pub(crate) fn hand_over(&self, journal: &mut Journal) -> Result<(), JournalError> {
        for device in self.left_behind() {
            if !journal.own_sessions().contains(&device.as_str()) {
                journal.append(Record::Session { device })?;
            }
        }
        self.remove();
        Ok(())
    }

    /// Forgets a session, which is signed out, if it is known. Where that fails, the next reset finds that it is not there.
    pub(crate) fn forget(&self, device: &str) {
        let before = self.left_behind();
        let all: Vec<_> = before.iter().filter(|it| *it != device).cloned().collect();
        if all.len() == before.len() {
            return;
        }
        if all.is_empty() {
            self.remove();
        } else if let Err(error) = self.write(&all) {
            tracing::warn!(%error, "a session that is signed out cannot be forgotten");
        }
    }

    /// What was never there needs no removing.
    fn remove(&self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_known_until_it_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let loose = Loose::of(&home.path().join("state/mira"));
        assert!(loose.left_behind().is_empty());
        for device in ["ONE", "OTHER", "ONE"] {
            loose.note(device);
        }
        assert_eq!(loose.left_behind(), ["ONE", "OTHER"]);
        loose.forget("OTHER");
        assert_eq!(loose.left_behind(), ["ONE"]);
        let as_it_was = "ONE\n";
        fs::write(&loose.0, as_it_was).unwrap();
        loose.forget("UNKNOWN");
        assert_eq!(fs::read_to_string(&loose.0).unwrap(), as_it_was);
        loose.forget("ONE");
        loose.forget("ONE");
        assert!(loose.left_behind().is_empty());
        assert!(!home.path().join("state/mira").join(FILE).exists());
    }
}
