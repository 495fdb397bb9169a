//! Key files that other apps have exported: read, asked for their passphrase, merged.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lifeboat_rescue::{KeyFile, KeyFileContent, KeyFileError, RoomKeys};
use secrecy::SecretString;

use crate::{
    failure::Failure,
    resolve::KeyFiles,
    secrets::{self, Purpose},
    session::warn_of_readers,
    ui::{console::Console, prompt},
};

/// A larger file is some other file: this one would hold a million room keys.
const LIMIT: u64 = 1 << 30;

/// Key files that are read and sound, and whose passphrase may be missing.
pub(crate) struct Sealed {
    files: Vec<(PathBuf, KeyFile)>,
    passphrase: Option<SecretString>,
}

/// What came out of key files.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// The room keys, the better one of two.
    pub(crate) keys: RoomKeys,
    /// File by file.
    pub(crate) files: Vec<(PathBuf, KeyFileContent)>,
}

impl Sealed {
    /// Reads the files, so that whatever is missing is noticed before any network is used.
    pub(crate) fn read(wanted: &KeyFiles, console: &mut Console) -> Result<Self, Failure> {
        let passphrase = wanted.passphrase_file.as_deref().map(|file| {
            let read = secrets::read_file(file, Purpose::KeyFilePassphrase)?;
            warn_of_readers(console, read.readers, file);
            Ok::<_, Failure>(read.secret)
        });
        let read = |file: &PathBuf| {
            let sealed = KeyFile::parse(&bytes(file)?).map_err(|error| about(file, error))?;
            Ok((file.clone(), sealed))
        };
        Ok(Self {
            passphrase: passphrase.transpose()?,
            files: wanted.files.iter().map(read).collect::<Result<_, Failure>>()?,
        })
    }

    /// Opens them; asks for the passphrase of each that the known one does not open. Waits on this thread.
    pub(crate) fn open(self) -> Result<Opened, Failure> {
        let mut opened = Opened::default();
        let may_ask = self.passphrase.is_none();
        let mut passphrase = self.passphrase;
        for (file, sealed) in self.files {
            let content = loop {
                let known = match passphrase.clone() {
                    Some(known) => known,
                    None => prompt::ask(&format!("Passphrase of {} (it is not shown)", file.display()))?,
                };
                match sealed.open(&known, &mut opened.keys) {
                    Ok(content) => {
                        passphrase = Some(known);
                        break content;
                    }
                    Err(error @ KeyFileError::WrongPassphrase) if may_ask => {
                        if passphrase.take().is_none() {
                            prompt::tell(&about(&file, error).wrong);
                        }
                    }
                    Err(error) => return Err(about(&file, error)),
                }
            };
            opened.files.push((file, content));
        }
        Ok(opened)
    }
}

fn about(file: &Path, error: KeyFileError) -> Failure {
    let failure = Failure::from(error);
    Failure {
        wrong: format!("{}: {}", file.display(), failure.wrong),
        ..failure
    }
}

fn bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::usage(
            format!("The key file “{}” cannot be read: {error}.", file.display()),
            "Check its name and its permissions.",
        )
    };
    let size = fs::metadata(file).map_err(|error| cannot(&error))?.len();
    if size > LIMIT {
        return Err(cannot(&"it is larger than 1 GiB"));
    }
    fs::read(file).map_err(|error| cannot(&error))
}
