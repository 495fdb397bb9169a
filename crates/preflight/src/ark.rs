//! The ark: one file with everything on the server that a mistake could destroy, taken before any change.
//!
//! [`save()`] writes one and changes nothing on the account; [`survey()`] reads one, offline, and proves it;
//! [`compare()`] says what the account lacks of it, for those who put it back. Everything stays encrypted as the server
//! holds it: an ark holds no plaintext secret, and who has the recovery key can open it.
//!
//! An ark is a sequence of named parts, each compressed and followed by its SHA-256, and an end with a SHA-256 over
//! every byte before it. Until the end is written nothing in the file counts: a save that was cut off leaves no file that verifies.
//! The layout is a promise, described in `docs/ark.md`.

mod about;
mod archived;
mod compare;
mod entries;
mod error;
mod fetch;
mod parts;
mod progress;
mod read;
#[cfg(feature = "testing")]
mod samples;
mod save;
mod survey;
#[cfg(test)]
mod tests;
mod write;

pub use self::{
    about::About,
    archived::ArkEntry,
    compare::{ArkComparison, BackupComparison, BackupRestore, DataComparison, DataState, Hindrance, Target, compare},
    error::ArkError,
    parts::{Part, PartName},
    progress::ArkProgress,
    read::{Sums, read},
    save::{ArkSummary, ArkVersion, save},
    survey::{ArkReport, ArkVersionReport, survey},
};

/// The first line of every ark of this format.
const MAGIC: &[u8] = b"lifeboat-ark 1\n";
/// What the first line of an ark of any format begins with.
const MAGIC_OF_ANY: &[u8] = b"lifeboat-ark ";
/// Precedes a part.
const PART: u8 = b'P';
/// Precedes the end.
const END: u8 = b'E';
/// No part has a longer name.
const LONGEST_NAME: usize = 1024;
/// The window of the compression, as a power of two: what reading needs in memory, and what a hostile file may ask for.
const WINDOW_LOG: u32 = 21;
