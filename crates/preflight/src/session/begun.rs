//! The id of a session that is to be kept, written down before a server hears of it: whoever is killed before the session is
//! remembered leaves one in the account that nobody else would know of.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use matrix_sdk::ruma::{DeviceId, OwnedDeviceId};
use tempfile::NamedTempFile;

use super::{KeepIn, SignInError};

/// Name of the file in the folder of the kept session.
const FILE: &str = "begun";
/// As long as the ids that servers make, of capital letters.
const LENGTH: usize = 10;

/// A session that is being made.
#[derive(Debug)]
pub(super) struct Begun {
    device: OwnedDeviceId,
    file: PathBuf,
}

impl Begun {
    /// Chooses the id of a session that is to be kept there: that of one that was begun in the same place and never
    /// remembered, so that it is taken over; else a new one. A session that was never remembered has no encryption keys that
    /// another one under its id could contradict.
    pub(super) fn choose(kept: &KeepIn) -> Result<Self, SignInError> {
        let device = match KeepIn::begun(&kept.folder) {
            Some(device) => OwnedDeviceId::from(device.as_str()),
            None => fresh()?,
        };
        Ok(Self {
            device,
            file: kept.folder.join(FILE),
        })
    }

    /// Returns the id.
    pub(super) fn device(&self) -> &DeviceId {
        &self.device
    }

    /// Writes it down, and returns once it is on disk. The server may hear of it from then on.
    pub(super) fn note(&self) -> Result<(), SignInError> {
        self.write().map_err(|error| SignInError::Store(error.to_string()))
    }

    fn write(&self) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(self.file.parent().unwrap_or(Path::new(".")))?;
        file.write_all(self.device.as_str().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.file).map_err(|error| error.error)?;
        Ok(())
    }

    /// Forgets it: certainly there is no such session.
    pub(super) fn forget(&self) {
        let _ = fs::remove_file(&self.file);
    }
}

impl KeepIn {
    /// Returns the device id of a session that was begun in `folder` and never remembered there: it may be in the account.
    /// `None`: there is none.
    pub fn begun(folder: &Path) -> Option<String> {
        let text = fs::read_to_string(folder.join(FILE)).ok()?;
        let is_id = text.len() == LENGTH && text.chars().all(|it| it.is_ascii_uppercase());
        is_id.then_some(text)
    }

    /// Forgets it: it is remembered, or certainly gone.
    pub(super) fn forget_begun(&self) {
        let _ = fs::remove_file(self.folder.join(FILE));
    }
}

fn fresh() -> Result<OwnedDeviceId, SignInError> {
    let mut bytes = [0; LENGTH];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| SignInError::Store("this machine gives no random numbers".to_owned()))?;
    let letters: String = bytes.iter().map(|it| char::from(b'A' + it % 26)).collect();
    Ok(OwnedDeviceId::from(letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_taken_over_until_it_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let kept = KeepIn {
            folder: home.path().to_owned(),
            passphrase: "a".repeat(43).into(),
        };
        assert_eq!(KeepIn::begun(home.path()), None);
        let first = Begun::choose(&kept).unwrap();
        assert_ne!(Begun::choose(&kept).unwrap().device(), first.device());
        first.note().unwrap();
        assert_eq!(KeepIn::begun(home.path()).as_deref(), Some(first.device().as_str()));
        let second = Begun::choose(&kept).unwrap();
        assert_eq!(second.device(), first.device());
        second.note().unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
        kept.forget_begun();
        second.forget();
        assert_eq!(KeepIn::begun(home.path()), None);
        // Whatever else lies there is the id of no session.
        fs::write(home.path().join(FILE), "\u{1b}[2Jnothing").unwrap();
        assert_eq!(KeepIn::begun(home.path()), None);
    }
}
