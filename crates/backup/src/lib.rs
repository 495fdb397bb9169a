//! Reads and opens a Matrix key backup in bulk, on all cores, in bounded memory.
//!
//! Bytes in, values out: no network, no files, no clock. Three questions are answered here.
//!
//! - **Does every entry open?** [`Engine`] takes the answer of `GET /_matrix/client/v3/room_keys/keys?version=V` as it
//!   arrives and returns a [`Proof`]: how many entries open, and what is wrong with each of the others ([`Damage`]).
//! - **Which messages stay readable?** [`Coverage`] compares the ids and the [`message_index`] of an encrypted event with
//!   what the backup holds ([`Standing`]). It needs no secret: without a key the engine lists and looks only from outside.
//! - **What is in one entry?** [`Reader`] finds the entries of a listing, [`Opener`] opens one.
//!
//! ```
//! use std::{num::NonZeroUsize, sync::Arc};
//!
//! use lifeboat_backup::{BackupKey, Engine, EngineOptions, Standing, message_index};
//! # use lifeboat_backup::generate::{BackupSize, Generator};
//!
//! # fn main() -> anyhow::Result<()> {
//! # let generator = Generator::new(1)?;
//! # let private_key = generator.backup_key_bytes()?;
//! # let size = BackupSize { entries: 10, rooms: 2 };
//! # let body = generator.listing(size, 0..10)?;
//! # let room_id = generator.room_id(0);
//! # let session_id = generator.session(0)?.id().to_string();
//! # let ciphertext = generator.session(0)?.sender()?.encrypt("text").to_base64();
//! let key = Arc::new(BackupKey::from_bytes(&private_key)?);
//! let mut engine = Engine::start(EngineOptions {
//!     key: Some(key),
//!     threads: NonZeroUsize::new(2),
//!     visit: None,
//! })?;
//! let progress = engine.progress(); // For another thread: `entries()`, `bytes()`, `cancel()`.
//! for piece in body.as_bytes().chunks(4096) {
//!     if engine.feed(piece).is_break() {
//!         break;
//!     }
//! }
//! let proof = engine.finish();
//! assert!(proof.is_flawless());
//! assert_eq!(progress.entries(), proof.opens());
//!
//! let index = message_index(&ciphertext)?;
//! assert_eq!(proof.coverage.standing(&room_id, &session_id, index), Standing::Covered);
//! # Ok(())
//! # }
//! ```

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
