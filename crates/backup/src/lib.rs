//! Reads and opens a Matrix key backup in bulk, on all cores, in bounded memory.

mod base64;
mod coverage;
mod engine;
mod entry;
#[cfg(feature = "generate")]
pub mod generate;
mod header;
mod key;
mod listing;
mod plain;
mod proof;
mod room_id;
mod session_id;

pub use self::{
    coverage::{Coverage, Entry, RoomCoverage, Standing},
    engine::{Engine, EngineOptions, Progress, Visit},
    entry::{Damage, EXPORTED_KEY, ExportedKey, Judged, Opened, Opener, State},
    header::{HeaderError, message_index},
    key::{BackupKey, BackupKeyRefused},
    listing::{Body, Flaw, Item, ListingError, MAX_ENTRY, Reader},
    proof::{DamagedEntry, Partial, PartialReason, Proof},
    room_id::is_room_id,
    session_id::SessionId,
};
