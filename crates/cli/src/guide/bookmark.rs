//! Where a conversation stopped, on disk: private, whole or not there, and without any secret.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::Trip;
use crate::{kept::make_private, state};

/// The version of the format.
const FORMAT: u32 = 1;
/// Name of the file in the account's folder.
const FILE: &str = "guide.json";
/// A longer file is some other file.
const LIMIT: u64 = 64 * 1024;

/// Where a conversation stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bookmark {
    format: u32,
    account: String,
    homeserver: Option<String>,
    /// When, in milliseconds since the Unix epoch.
    at: u64,
    skipped: BTreeSet<String>,
    done: BTreeSet<String>,
    ark: Option<PathBuf>,
}

impl Bookmark {
    /// Marks the place; `None` before an account is known.
    pub(super) fn of(trip: &Trip, at: u64) -> Option<Self> {
        Some(Self {
            format: FORMAT,
            account: trip.account.clone()?,
            homeserver: trip.homeserver.clone(),
            at,
            skipped: trip.skipped.clone(),
            done: trip.done.clone(),
            ark: trip.ark.clone(),
        })
    }

    /// Goes on from there.
    pub(super) fn take_up(self) -> Trip {
        Trip {
            account: Some(self.account),
            homeserver: self.homeserver,
            stopped_at: Some(self.at),
            skipped: self.skipped,
            done: self.done,
            // An ark that was moved away is as good as none.
            ark: self.ark.filter(|it| it.exists()),
            ..Trip::default()
        }
    }

    /// Finds the newest one of all accounts.
    pub(super) fn newest() -> Option<Self> {
        newest_below(&state::folder()?)
    }

    /// Writes it down, mode 0600. It saves questions and nothing else: a disk that is full stops nobody.
    pub(super) fn write(&self, folder: &Path) {
        let written = serde_json::to_vec_pretty(self).map_err(Into::into).and_then(|text| {
            make_private(folder)?;
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(&text)?;
            file.as_file().sync_all()?;
            file.persist(folder.join(FILE)).map_err(|error| error.error)
        });
        if let Err(error) = written {
            tracing::warn!(%error, "where the guide stopped cannot be written down");
        }
    }

    /// Removes it from an account's folder. What was never there needs no removing.
    pub(super) fn remove(folder: &Path) {
        let _ = fs::remove_file(folder.join(FILE));
    }
}

fn newest_below(state: &Path) -> Option<Bookmark> {
    let folders = fs::read_dir(state).ok()?.filter_map(Result::ok);
    folders
        .filter_map(|it| read(&it.path().join(FILE)))
        .max_by_key(|it| it.at)
}

fn read(file: &Path) -> Option<Bookmark> {
    if fs::metadata(file).ok()?.len() > LIMIT {
        return None;
    }
    let bookmark: Bookmark = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    (bookmark.format == FORMAT).then_some(bookmark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trip() -> Trip {
        Trip {
            account: Some("@mira:example.org".to_owned()),
            skipped: BTreeSet::from(["rescue".to_owned()]),
            ..Trip::default()
        }
    }

    #[test]
    fn the_newest_is_found_and_goes_on() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(newest_below(state.path()), None);
        let (old, new) = (state.path().join("a"), state.path().join("b"));
        Bookmark::of(&trip(), 1).unwrap().write(&old);
        Bookmark::of(&trip(), 2).unwrap().write(&new);
        let again = newest_below(state.path()).unwrap().take_up();
        assert_eq!(again.account.as_deref(), Some("@mira:example.org"));
        assert_eq!((again.skipped, again.stopped_at), (trip().skipped, Some(2)));
        Bookmark::remove(&new);
        assert_eq!(newest_below(state.path()).unwrap().at, 1);
    }

    #[cfg(unix)]
    #[test]
    fn it_is_private_and_damage_is_nothing() {
        use std::os::unix::fs::PermissionsExt;
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("a");
        Bookmark::of(&trip(), 1).unwrap().write(&folder);
        let file = folder.join(FILE);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(&file, "{}").unwrap();
        assert_eq!(newest_below(state.path()), None);
    }

    #[test]
    fn nothing_is_marked_before_there_is_an_account() {
        assert_eq!(Bookmark::of(&Trip::default(), 1), None);
    }
}
