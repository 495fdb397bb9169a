//! Files that Lifeboat writes: private, whole, never over another file.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use lifeboat_preflight::sync_folder;
use tempfile::NamedTempFile;

use crate::{failure::Failure, kept::make_private};

/// What the name of a file ends with that is not complete.
const UNFINISHED: &str = ".unfinished";

/// A place for a file that will be written later, all at once.
///
/// Reserving it early shows before any other work whether the file can be written at all. The file appears under its
/// name only when it is complete and on disk; dropped without [`Reserved::write`], nothing remains.
#[derive(Debug)]
pub(crate) struct Reserved {
    path: PathBuf,
    unfinished: NamedTempFile,
}

impl Reserved {
    /// Reserves `path`, which must not exist.
    pub(crate) fn new(path: PathBuf) -> Result<Self, Failure> {
        if path.symlink_metadata().is_ok() {
            return Err(exists(&path));
        }
        let mut prefix = OsString::from(".");
        prefix.push(
            path.file_name()
                .ok_or_else(|| cannot_write(&path, &ErrorKind::IsADirectory.into()))?,
        );
        let unfinished = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(UNFINISHED)
            .tempfile_in(folder_of(&path))
            .map_err(|error| cannot_write(&path, &error))?;
        Ok(Self { path, unfinished })
    }

    /// Reserves `name` in a folder in which nobody else works now, and removes what killed runs have left of it.
    pub(crate) fn new_in_own_folder(folder: &Path, name: &str) -> Result<Self, Failure> {
        forget_unfinished(folder, name);
        Self::new(folder.join(name))
    }

    /// Writes `content`, mode 0600, and returns once it is on disk under its name.
    pub(crate) fn write(mut self, content: &[u8]) -> Result<PathBuf, Failure> {
        let written = self
            .unfinished
            .write_all(content)
            .and_then(|()| self.unfinished.as_file().sync_all());
        written.map_err(|error| cannot_write(&self.path, &error))?;
        self.keep()
    }

    /// Returns the file to write to, piece by piece; [`Self::keep`] is called when it is complete.
    pub(crate) fn writer(&self) -> Result<File, Failure> {
        self.unfinished
            .reopen()
            .map_err(|error| cannot_write(&self.path, &error))
    }

    /// Gives the file its name, and returns once it is on disk under it.
    pub(crate) fn keep(self) -> Result<PathBuf, Failure> {
        let synced = self.unfinished.as_file().sync_all();
        synced.map_err(|error| cannot_write(&self.path, &error))?;
        // `tempfile` made it with mode 0600, and refuses here to replace a file that appeared meanwhile.
        self.unfinished
            .persist_noclobber(&self.path)
            .map_err(|error| match error.error.kind() {
                ErrorKind::AlreadyExists => exists(&self.path),
                _ => cannot_write(&self.path, &error.error),
            })?;
        sync_folder(folder_of(&self.path)).map_err(|error| cannot_write(&self.path, &error))?;
        Ok(self.path)
    }
}

/// Makes `folder`, for its owner alone, where it is not there, and refuses one in which there is a file `name` already.
pub(crate) fn make_folder_without(folder: &Path, name: &str) -> Result<(), Failure> {
    let place = folder.join(name);
    make_private(folder).map_err(|error| cannot_write(&place, &error))?;
    match place.symlink_metadata() {
        Ok(_) => Err(exists(&place)),
        Err(_) => Ok(()),
    }
}

/// Removes files that were begun for `name` and never finished. One that stays is in nobody's way.
fn forget_unfinished(folder: &Path, name: &str) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let begun = format!(".{name}");
    let left = entries.filter(|it| {
        let file = it.file_name();
        file.to_str()
            .and_then(|it| it.strip_prefix(&begun)?.strip_suffix(UNFINISHED))
            .is_some_and(|it| it.chars().all(|it| it.is_ascii_alphanumeric()))
    });
    for entry in left {
        let _ = std::fs::remove_file(entry.path());
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn exists(path: &Path) -> Failure {
    Failure::usage(
        format!("“{}” exists already.", path.display()),
        "Lifeboat never overwrites a file: give a new name, or move that one away.",
    )
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let folder = format!("“{}”", folder_of(path).display());
    let name = format!("“{}”", path.display());
    match error.kind() {
        ErrorKind::NotFound => Failure::failed(
            format!("{name} cannot be written: the folder {folder} does not exist."),
            "Make the folder first, or give another one.",
        ),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Failure::failed(
            format!("{name} cannot be written: the folder {folder} is read-only for you."),
            "Give a file in a folder of your own.",
        ),
        ErrorKind::NotADirectory => Failure::failed(
            format!("{name} cannot be written: {folder} is not a folder."),
            "Give a file in a folder that exists.",
        ),
        ErrorKind::IsADirectory => {
            Failure::failed(format!("{name} is a folder."), "Give the name of a new file in it.")
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Failure::failed(
            format!("{name} cannot be written: there is no space left."),
            "Make space, or give a file on another disk.",
        ),
        _ => Failure::failed(
            format!("{name} cannot be written: {error}."),
            "Give a file in a folder of your own.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::exit::Exit;

    #[test]
    fn appears_whole_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.json");
        let reserved = Reserved::new(path.clone()).unwrap();
        assert!(!path.exists());
        assert_eq!(reserved.write(b"{}\n").unwrap(), path);
        assert_eq!(fs::read(&path).unwrap(), b"{}\n");
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing else is left behind"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn leaves_nothing_behind_when_unused() {
        let folder = tempfile::tempdir().unwrap();
        drop(Reserved::new(folder.path().join("status.json")).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            ".page.htmlAb3xYz.unfinished",
            ".page.html.txt.unfinished",
            ".other.htmlAb3xYz.unfinished",
            "page.htmlAb3xYz.unfinished",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        drop(Reserved::new_in_own_folder(folder.path(), "page.html").unwrap());
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(
            left,
            [
                ".other.htmlAb3xYz.unfinished",
                ".page.html.txt.unfinished",
                "page.htmlAb3xYz.unfinished"
            ]
        );
    }

    #[test]
    fn never_replaces_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.json");
        let reserved = Reserved::new(path.clone()).unwrap();
        fs::write(&path, "mine").unwrap();
        assert_eq!(reserved.write(b"{}").unwrap_err().exit, Exit::Usage);
        assert_eq!(Reserved::new(path.clone()).unwrap_err().exit, Exit::Usage);
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_dangling_link_counts_as_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("status.json");
        std::os::unix::fs::symlink("/nowhere/at/all", &path).unwrap();
        assert_eq!(Reserved::new(path).unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn each_obstacle_has_its_sentence() {
        let kinds = [
            ErrorKind::NotFound,
            ErrorKind::PermissionDenied,
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::NotADirectory,
            ErrorKind::IsADirectory,
            ErrorKind::StorageFull,
            ErrorKind::Other,
        ];
        let told = kinds.map(|kind| {
            let failure = cannot_write(Path::new("out/status.json"), &kind.into());
            assert_eq!(failure.exit, Exit::Failed);
            format!("{}\n  {}\n", failure.wrong, failure.hint)
        });
        insta::assert_snapshot!(told.concat());
    }
}
