//! Reads status files.

use std::{fs, io::ErrorKind, path::Path};

use lifeboat_report::{StatusFile, StatusFileError};

use crate::failure::Failure;

/// A status file is a few kilobytes; a report with every room of a large account may reach some megabytes.
const LIMIT: u64 = 64 << 20;

/// Reads the status file at `path`.
pub(crate) fn read(path: &Path) -> Result<StatusFile, Failure> {
    let name = format!("“{}”", path.display());
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => Failure::usage(format!("{name} does not exist."), "Check its name and folder."),
        ErrorKind::IsADirectory => Failure::usage(format!("{name} is a folder."), "Give a file in it."),
        _ => Failure::failed(
            format!("{name} cannot be read: {error}."),
            "Check its permissions, or give another file.",
        ),
    };
    if fs::metadata(path).map_err(unreadable)?.len() > LIMIT {
        return Err(not_one(format!("{name} is too large for a status file.")));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| not_one(format!("{name} is not a text file.")))?;
    StatusFile::parse(&text).map_err(|error| match error {
        StatusFileError::NewerFormat { .. } => Failure::failed(
            format!("{name} cannot be used: {error}."),
            "Update Lifeboat, or read the file with the version that wrote it.",
        ),
        StatusFileError::NotJson { .. } | StatusFileError::NotAStatusFile | StatusFileError::WrongShape { .. } => {
            not_one(format!("{name} cannot be used: {error}."))
        }
    })
}

fn not_one(wrong: String) -> Failure {
    Failure::failed(wrong, "Give a file that `lifeboat check --status-file` wrote.")
}
