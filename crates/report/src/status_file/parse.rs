//! Reading a status file.

use std::fmt;

use serde::Deserialize;

use super::StatusFile;
use crate::words::plain_up_to;

/// Why a text is not a status file that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusFileError {
    /// The text is not JSON from this line and column on, counted from 1.
    NotJson {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// It is JSON, but does not name a format: something else than a status file.
    NotAStatusFile,
    /// A newer program wrote it, in a format that this one does not know.
    NewerFormat {
        /// The file's format.
        found: u64,
    },
    /// It names a format that is known, and what it holds is not in it.
    WrongShape {
        /// What is wrong.
        problem: String,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
}

impl fmt::Display for StatusFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { line, column } => {
                write!(f, "this is not JSON (line {line}, column {column})")
            }
            Self::NotAStatusFile => write!(f, "this is not a status file"),
            Self::NewerFormat { found } => write!(
                f,
                "this status file has format {found}, and the newest format known here is {}",
                StatusFile::FORMAT
            ),
            Self::WrongShape { problem, line, column } => {
                write!(
                    f,
                    "this status file is damaged: {problem} (line {line}, column {column})"
                )
            }
        }
    }
}

impl std::error::Error for StatusFileError {}

/// A problem quotes the file, which may be anybody's; longer ones are cut.
const LONGEST_PROBLEM: usize = 200;

/// The part of every status file, of whatever format, that never changes.
#[derive(Deserialize)]
struct Envelope {
    format: u64,
}

impl StatusFile {
    /// Reads a status file.
    ///
    /// Unknown fields are passed over. Never panics, whatever the text: nesting is limited to 128 levels, and numbers
    /// that do not fit are an error.
    ///
    /// # Errors
    ///
    /// A newer format is said before anything else is found wrong with the file; then what is not JSON, what is no
    /// status file, and what has the wrong shape, with the place.
    pub fn parse(text: &str) -> Result<Self, StatusFileError> {
        // A list of the right values would be taken for an object.
        let is_object = text.trim_start().starts_with('{');
        match serde_json::from_str::<Envelope>(text) {
            Ok(Envelope { format: Self::FORMAT }) if is_object => {}
            Ok(Envelope { format }) if is_object && format > Self::FORMAT => {
                return Err(StatusFileError::NewerFormat { found: format });
            }
            Ok(_) => return Err(StatusFileError::NotAStatusFile),
            Err(error) if error.is_data() => return Err(StatusFileError::NotAStatusFile),
            Err(error) => {
                return Err(StatusFileError::NotJson {
                    line: error.line(),
                    column: error.column(),
                });
            }
        }
        serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            // The place is said by the variant's own fields.
            let problem = error.to_string();
            let place = format!(" at line {line} column {column}");
            let problem = problem.strip_suffix(&place).unwrap_or(&problem);
            let problem = plain_up_to(LONGEST_PROBLEM, problem);
            StatusFileError::WrongShape { problem, line, column }
        })
    }
}
