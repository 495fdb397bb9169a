//! Secrets from files and file descriptors, wrapped from the first byte.

use std::{
    fmt,
    fs::File,
    io::{self, ErrorKind, Read},
    path::Path,
};

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// What a secret is for, as it is called in sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The account's password.
    Password,
    /// An access token of a session that is not ours.
    AccessToken,
    /// An access token of an administrator.
    AdminToken,
    /// The password that is to be.
    NewPassword,
    /// The password that was.
    OldPassword,
    /// A recovery key or passphrase.
    RecoveryKey,
    /// The passphrase of a key file.
    KeyFilePassphrase,
    /// The key that seals a kept session.
    StoreKey,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password => "password",
            Self::AccessToken => "access token",
            Self::AdminToken => "admin token",
            Self::NewPassword => "new password",
            Self::OldPassword => "old password",
            Self::RecoveryKey => "recovery key",
            Self::KeyFilePassphrase => "passphrase",
            Self::StoreKey => "store key",
        })
    }
}

/// A secret read from a file, and whether others can read that file too.
#[derive(Debug)]
pub(crate) struct FromFile {
    /// The secret, without the line ending after it.
    pub(crate) secret: SecretString,
    /// Who else can read the file.
    pub(crate) readers: Readers,
}

/// Who can read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner only, or this system does not say.
    Owner,
    /// Others on this machine as well.
    Others,
}

/// No key, token or passphrase is longer than this; a longer file is some other file.
const LIMIT: usize = 64 * 1024;

/// Reads the secret in `path`: one line, with or without its end.
pub(crate) fn read_file(path: &Path, purpose: Purpose) -> Result<FromFile, Failure> {
    let name = format!("The {purpose} file “{}”", path.display());
    let file = File::open(path).map_err(|error| cannot_read(&name, &error))?;
    let readers = readers(&file).map_err(|error| cannot_read(&name, &error))?;
    Ok(FromFile {
        secret: read(file, &name, purpose)?,
        readers,
    })
}

/// Reads the secret from the open file descriptor `number`: one line, with or without its end.
pub(crate) fn read_descriptor(number: u16, purpose: Purpose) -> Result<SecretString, Failure> {
    let name = format!("File descriptor {number}");
    // Opening the descriptor's own name needs no unsafe code; it works for files, pipes and terminals.
    let file = match (number, cfg!(unix)) {
        (0, false) => return read(io::stdin(), &name, purpose),
        (_, false) => Err(ErrorKind::Unsupported.into()),
        (_, true) => File::open(format!("/dev/fd/{number}")),
    };
    let file = file.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::usage(
            format!("{name} is not open."),
            // The options are called like the purposes.
            format!(
                "Open it in the shell, as in: --{}-fd {number} {number}<file",
                purpose.to_string().replace(' ', "-")
            ),
        ),
        _ => cannot_read(&name, &error),
    })?;
    read(file, &name, purpose)
}

fn read(source: impl Read, name: &str, purpose: Purpose) -> Result<SecretString, Failure> {
    // One allocation, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 2));
    source
        .take(LIMIT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| cannot_read(name, &error))?;
    if bytes.len() > LIMIT {
        return Err(Failure::usage(
            format!("{name} is too long to hold a {purpose}."),
            "Give a file that holds nothing else.",
        ));
    }
    let text = std::str::from_utf8(&bytes)
        .ok()
        .map(|it| it.strip_prefix('\u{feff}').unwrap_or(it));
    let Some(text) = text.filter(|it| !it.contains(|c: char| c.is_control() && !matches!(c, '\r' | '\n' | '\t')))
    else {
        return Err(Failure::usage(
            format!("{name} is not a text file."),
            format!("Save the {purpose} as plain text (UTF-8), alone in its file."),
        ));
    };
    let mut lines = text.split(['\r', '\n']).filter(|it| !it.trim().is_empty());
    match (lines.next(), lines.next()) {
        (Some(secret), None) => Ok(SecretString::from(secret)),
        (None, _) => Err(Failure::usage(
            format!("{name} is empty."),
            format!("Save the {purpose} in it as one line."),
        )),
        (Some(_), Some(_)) => Err(Failure::usage(
            format!("{name} has several lines."),
            format!("Keep one {purpose} in a file, on one line, and nothing else."),
        )),
    }
}

fn cannot_read(name: &str, error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            Failure::usage(format!("{name} does not exist."), "Check its name and folder.")
        }
        ErrorKind::IsADirectory => Failure::usage(format!("{name} is a folder."), "Give a file in it."),
        ErrorKind::PermissionDenied => Failure::usage(
            format!("{name} may not be read by you."),
            "Change its owner or its permissions, or give another file.",
        ),
        _ => Failure::usage(format!("{name} cannot be read: {error}."), "Give another file."),
    }
}

#[cfg(unix)]
fn readers(file: &File) -> io::Result<Readers> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata()?;
    let wide = metadata.is_file() && metadata.permissions().mode() & 0o077 != 0;
    Ok(if wide { Readers::Others } else { Readers::Owner })
}

#[cfg(not(unix))]
fn readers(_: &File) -> io::Result<Readers> {
    Ok(Readers::Owner)
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use secrecy::ExposeSecret;

    use super::*;
    use crate::exit::Exit;

    fn read_bytes(bytes: &[u8]) -> Result<String, Failure> {
        read(bytes, "The recovery key file “k.txt”", Purpose::RecoveryKey).map(|it| it.expose_secret().to_owned())
    }

    #[test]
    fn line_endings_are_not_part_of_it() {
        for bytes in [
            &b"a secret "[..],
            b"a secret \n",
            b"a secret \r\n",
            b"\n\na secret \n\n",
            b"\xef\xbb\xbfa secret \n",
        ] {
            assert_eq!(read_bytes(bytes).unwrap(), "a secret ", "{bytes:?}");
        }
    }

    #[test]
    fn other_files_are_refused() {
        let long = vec![b'x'; LIMIT + 1];
        let files: [&[u8]; 8] = [
            b"",
            b" \r\n\t\n",
            b"one\ntwo\n",
            b"one\rtwo",
            b"\xff\xfes\0e\0",
            b"a\0b",
            b"\x1b[31mred",
            &long,
        ];
        let told = files.map(|bytes| {
            let failure = read_bytes(bytes).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            format!("{} {}\n", failure.wrong, failure.hint)
        });
        insta::assert_snapshot!(told.concat());
    }

    #[test]
    fn a_missing_file_and_a_folder_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for (path, sentence) in [
            (folder.path().join("k.txt"), "does not exist."),
            (folder.path().into(), "is a folder."),
        ] {
            let failure = read_file(&path, Purpose::Password).unwrap_err();
            assert!(
                failure.wrong.starts_with("The password file ") && failure.wrong.ends_with(sentence),
                "{failure:?}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn wide_permissions_are_noticed() {
        use std::os::unix::fs::PermissionsExt;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"secret\n").unwrap();
        for (mode, readers) in [
            (0o600, Readers::Owner),
            (0o640, Readers::Others),
            (0o604, Readers::Others),
        ] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(
                read_file(file.path(), Purpose::Password).unwrap().readers,
                readers,
                "{mode:o}"
            );
        }
    }
}
