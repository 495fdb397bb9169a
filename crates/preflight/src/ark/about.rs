//! Whose ark it is.

use serde::{Deserialize, Serialize};

/// The part `about.json`: whose account an ark holds, and when it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The account's user id.
    pub account: String,
    /// The server's address.
    pub homeserver: String,
    /// When the facts in its status file were gathered, in milliseconds since the Unix epoch.
    pub taken_at: u64,
    /// The program that wrote it.
    pub program: String,
    /// That program's version.
    pub version: String,
    /// The newest version of the key backup at that time; `None` when there was no key backup.
    pub newest_backup: Option<String>,
}
