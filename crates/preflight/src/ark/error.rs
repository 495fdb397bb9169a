//! Why an ark could not be written or read.

use std::io;

use lifeboat_backup::ListingError;
use lifeboat_report::Gap;

/// Why there is no ark, or why a file is none that counts. Nothing was changed on the account.
#[derive(Debug, thiserror::Error)]
pub enum ArkError {
    /// The server ended the session meanwhile.
    #[error("the session was ended by the server or by another session.")]
    SessionEnded,
    /// The server did not give a part. An ark that lacks something is no ark.
    #[error("{part} could not be read from the server: {}.", reason(*gap))]
    NotGiven {
        /// The part.
        part: String,
        /// Why.
        gap: Gap,
    },
    /// The server listed the entries of a backup version in a form that has no end or no sense.
    #[error("the entries of key backup version {version} were not listed to their end: {flaw}.")]
    Listing {
        /// The version.
        version: String,
        /// What is wrong, and where.
        flaw: ListingError,
    },
    /// The server names more versions of the key backup than anybody has.
    #[error("the server speaks of {newest} versions of the key backup, more than can be saved.")]
    TooManyVersions {
        /// The number of the newest.
        newest: u64,
    },
    /// The file cannot be written.
    #[error("the ark could not be written: {0}.")]
    Write(#[source] io::Error),
    /// The file cannot be read.
    #[error("the ark could not be read: {0}.")]
    Read(#[source] io::Error),
    /// The file is something else.
    #[error("this is not an ark.")]
    NotAnArk,
    /// A newer program wrote it.
    #[error("this ark has a newer format than the one known here.")]
    NewerFormat,
    /// The file ends before its end: the save was cut off, or the copy was.
    #[error("this ark is cut off: it ends after {bytes} bytes, before its end mark.")]
    CutOff {
        /// How many bytes there are.
        bytes: u64,
    },
    /// What the file holds is not what was written.
    #[error("this ark is damaged: {what}.")]
    Damaged {
        /// What does not fit.
        what: String,
    },
}

impl ArkError {
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
}

fn reason(gap: Gap) -> &'static str {
    match gap {
        Gap::NotAsked => "it was not asked for",
        Gap::Offline => "the connection failed",
        Gap::Refused => "it refused",
        Gap::Unsupported => "it does not know this request",
        Gap::Unreadable => "its answer could not be understood",
        Gap::RateLimited => "it takes no more requests for now",
        Gap::Failed => "it failed",
    }
}
