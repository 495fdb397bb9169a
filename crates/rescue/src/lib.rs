//! Gets room keys that only living sessions or key files hold into the key backup, and out of it into key files.
//!
//! [`gather()`] works with a [`lifeboat_preflight::LiveSession`] that was opened with the recovery key; [`upload()`] and
//! [`download()`] with any session and a [`lifeboat_preflight::BackupAccess`]. What is written to the account is named
//! where it is written; nothing here deletes. [`restore_ark()`] puts back what an ark holds and the account lacks.

mod ark_restore;
mod download;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod gossip;
mod held;
mod holders;
mod key_file;
mod own_devices;
#[cfg(test)]
mod quiet;
mod repair;
mod room_key;
mod upload;
mod verify;

pub use ark_restore::{ArkRestoreError, ArkRestored, ArkSelection, restore_ark};
pub use download::{DownloadProgress, Downloaded, download};
pub use gossip::{Arrival, Gathered, GossipError, GossipOptions, GossipProgress, WAVE, gather};
pub use held::{HeldError, held_room_keys};
pub use holders::{KeyHolders, backup_key_holders};
pub use key_file::{KeyFile, KeyFileContent, KeyFileError, read_key_file, write_key_file};
pub use repair::{
    Bench, IdentityWish, KeyWish, MiningProgress, Offer, Plan, Refusal, Repair, RepairError, Switch, SwitchWish, Trust,
    Under, Wishes, apply, apply_live, plan, renew_recovery_key,
};
pub use room_key::{RoomKey, RoomKeys};
pub use upload::{Comparison, UploadError, UploadProgress, upload};
pub use verify::{
    Comparing, Emoji, SessionKey, VerifyError, Ways, Witness, session_key, take_secrets, verify_with, vouch_for,
};
