//! The parts of an ark and their names.

use std::{fmt, io::Read};

/// Names a part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartName {
    /// `about.json`: [`About`](super::About).
    About,
    /// `status.json`: the status file of the check that came before.
    Status,
    /// `devices.json`: the answer of `GET /devices`.
    Devices,
    /// `keys.json`: the answer of `POST /keys/query` for the user: identity and session keys with their signatures.
    Keys,
    /// `account-data.json`: the account data of secret storage and of the key backup, by type.
    AccountData,
    /// `backup/VERSION/version.json`: the answer of `GET /room_keys/version/VERSION`.
    BackupVersion(String),
    /// `backup/VERSION/entries.json`: the answer of `GET /room_keys/keys?version=VERSION`.
    BackupEntries(String),
    /// A part that this program does not know; a newer one wrote it.
    Other(String),
}

impl PartName {
    /// Reads a name.
    pub(super) fn parse(name: &str) -> Self {
        let of_backup = |end| name.strip_prefix("backup/")?.strip_suffix(end).map(str::to_owned);
        match name {
            "about.json" => Self::About,
            "status.json" => Self::Status,
            "devices.json" => Self::Devices,
            "keys.json" => Self::Keys,
            "account-data.json" => Self::AccountData,
            _ => of_backup("/version.json")
                .map(Self::BackupVersion)
                .or_else(|| of_backup("/entries.json").map(Self::BackupEntries))
                .unwrap_or_else(|| Self::Other(name.to_owned())),
        }
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::About => f.write_str("about.json"),
            Self::Status => f.write_str("status.json"),
            Self::Devices => f.write_str("devices.json"),
            Self::Keys => f.write_str("keys.json"),
            Self::AccountData => f.write_str("account-data.json"),
            Self::BackupVersion(version) => write!(f, "backup/{version}/version.json"),
            Self::BackupEntries(version) => write!(f, "backup/{version}/entries.json"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

/// One part while it is being read.
pub struct Part<'a> {
    /// Its name.
    pub name: PartName,
    /// Its content. What it gives counts only once [`read`](super::read()) has returned without an error.
    pub content: &'a mut dyn Read,
}
