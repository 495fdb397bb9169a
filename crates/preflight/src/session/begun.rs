//! The id of a session that is to be kept, written down before a server hears of it: whoever is killed before the session is
//! remembered leaves one in the account that nobody else would know of.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use matrix_sdk::ruma::{DeviceId, OwnedDeviceId, UserId};
use tempfile::NamedTempFile;

use super::{KeepIn, SignInError};
use crate::sync_folder;

/// Name of the file in the folder of the kept session.
const FILE: &str = "begun";
/// As long as the ids that servers make, of capital letters.
const LENGTH: usize = 10;

/// A session that is being made.
#[derive(Debug)]
pub(super) struct Begun {
    device: OwnedDeviceId,
    folder: PathBuf,
    /// Whether an earlier attempt began it: it may be in the account, whatever becomes of this one.
    taken_over: bool,
}

impl Begun {
    /// Chooses the id of a session that is to be kept there: that of one that was begun in the same place and never
    /// remembered, so that it is taken over; else a new one. A session that was never remembered has no encryption keys that
    /// another one under its id could contradict.
    pub(super) fn choose(kept: &KeepIn) -> Result<Self, SignInError> {
        if let Some(earlier) = Self::left(kept) {
            return Ok(earlier);
        }
        Ok(Self {
            device: fresh()?,
            folder: kept.folder.clone(),
            taken_over: false,
        })
    }

    /// Returns what an earlier attempt began in that place; `None`: nothing.
    pub(super) fn left(kept: &KeepIn) -> Option<Self> {
        let device = KeepIn::begun(&kept.folder)?;
        Some(Self {
            device: OwnedDeviceId::from(device.as_str()),
            folder: kept.folder.clone(),
            taken_over: true,
        })
    }

    /// Returns the id.
    pub(super) fn device(&self) -> &DeviceId {
        &self.device
    }

    /// Writes it down, and returns once it is on disk. The server may hear of it from then on. Where that fails, it is as if
    /// nothing had been written.
    pub(super) fn note(&self) -> Result<(), SignInError> {
        self.note_with(sync_folder)
    }

    fn note_with(&self, sync: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), SignInError> {
        self.write(sync).map_err(|error| {
            // The file may be there all the same.
            self.came_to_nothing();
            SignInError::Store(error.to_string())
        })
    }

    fn write(&self, sync: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(self.device.as_str().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(self.folder.join(FILE)).map_err(|error| error.error)?;
        // The name has to be on disk, too.
        sync(&self.folder)
    }

    /// Forgets it after an attempt that certainly made no session. That says nothing of one from an earlier attempt, which
    /// stays noted.
    pub(super) fn came_to_nothing(&self) {
        if !self.taken_over {
            self.forget();
        }
    }

    /// Forgets it after the session that this attempt made, `who`'s as far as that is known, was signed out again. One that an
    /// earlier attempt made in the account of `wanted` is the same only if it is in the same account.
    pub(super) fn was_signed_out(&self, who: Option<&UserId>, wanted: &UserId) {
        if who == Some(wanted) {
            self.forget();
        } else {
            self.came_to_nothing();
        }
    }

    /// Forgets it: it is remembered, or certainly gone.
    pub(super) fn forget(&self) {
        let _ = fs::remove_file(self.folder.join(FILE));
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
    use matrix_sdk::ruma::user_id;

    use super::*;

    fn place(home: &Path) -> KeepIn {
        KeepIn {
            folder: home.to_owned(),
            passphrase: "a".repeat(43).into(),
        }
    }

    #[test]
    fn it_is_taken_over_until_it_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let kept = place(home.path());
        assert_eq!(KeepIn::begun(home.path()), None);
        let first = Begun::choose(&kept).unwrap();
        assert_ne!(Begun::choose(&kept).unwrap().device(), first.device());
        first.note().unwrap();
        assert_eq!(KeepIn::begun(home.path()).as_deref(), Some(first.device().as_str()));
        let second = Begun::choose(&kept).unwrap();
        assert_eq!(second.device(), first.device());
        second.note().unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
        second.forget();
        assert_eq!(KeepIn::begun(home.path()), None);
        assert!(Begun::left(&kept).is_none());
        // Whatever else lies there is the id of no session.
        fs::write(home.path().join(FILE), "\u{1b}[2Jnothing").unwrap();
        assert_eq!(KeepIn::begun(home.path()), None);
    }

    #[test]
    fn what_could_not_be_noted_for_good_is_not_noted() {
        let home = tempfile::tempdir().unwrap();
        let kept = place(home.path());
        let fails = |_: &Path| Err(io::Error::other("no space"));
        let first = Begun::choose(&kept).unwrap();
        assert!(first.note_with(fails).is_err());
        assert_eq!(KeepIn::begun(home.path()), None);
        // An earlier attempt may have asked the server.
        first.note().unwrap();
        assert!(Begun::choose(&kept).unwrap().note_with(fails).is_err());
        assert_eq!(KeepIn::begun(home.path()).as_deref(), Some(first.device().as_str()));
    }

    #[test]
    fn what_one_attempt_did_not_make_an_earlier_one_may_have_made() {
        let (mira, other) = (user_id!("@mira:example.org"), user_id!("@other:example.org"));
        let nothing = |it: &Begun| it.came_to_nothing();
        let own = |it: &Begun| it.was_signed_out(Some(mira), mira);
        let of_another = |it: &Begun| it.was_signed_out(Some(other), mira);
        let of_nobody_knows_whom = |it: &Begun| it.was_signed_out(None, mira);
        type End<'a> = (&'a dyn Fn(&Begun), bool);
        let ends: [End<'_>; 4] = [
            (&nothing, true),
            (&own, false),
            (&of_another, true),
            (&of_nobody_knows_whom, true),
        ];
        for (number, (end, stays)) in ends.into_iter().enumerate() {
            let home = tempfile::tempdir().unwrap();
            let kept = place(home.path());
            let first = Begun::choose(&kept).unwrap();
            first.note().unwrap();
            let second = Begun::choose(&kept).unwrap();
            second.note().unwrap();
            end(&second);
            let noted = KeepIn::begun(home.path());
            assert_eq!(noted.as_deref(), stays.then_some(first.device().as_str()), "{number}");
            // The attempt that chose the id knows of itself.
            first.note().unwrap();
            end(&first);
            assert_eq!(KeepIn::begun(home.path()), None, "{number}");
        }
    }
}
