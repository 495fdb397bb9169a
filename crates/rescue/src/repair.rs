//! Repairs: what is broken around the keys and can be mended without destroying anything.
//!
//! [`plan()`] is pure and decides from facts alone; [`apply()`] carries one repair out. What a person reads before
//! consenting ([`Repair::effect`]) is made from the same value that is carried out. A repair that is done is not planned
//! again, so a second run after an interruption does what is left.

mod apply;
mod plan;
#[cfg(test)]
mod tests;

use std::fmt;

pub use apply::{RepairError, apply};
pub use plan::plan;

/// One repair, in the order in which they are carried out: the least intrusive first. None deletes anything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// Brings the entries of an older backup version into the active one.
    MineBackup {
        /// The older version, which what was typed opens.
        from: String,
        /// The active version.
        to: String,
        /// The public key of the active version, which the identity vouches for.
        public_key: String,
    },
    /// Has the identity sign the active backup version, whose key is proven to fit.
    SignBackup {
        /// The version.
        version: String,
        /// Its public key.
        public_key: String,
    },
    /// Stores the key of the active backup version in secret storage.
    StoreBackupKey {
        /// The version.
        version: String,
        /// The default storage key.
        under: String,
    },
    /// Makes the storage key that opens everything the default one.
    SetDefaultKey {
        /// The default until now, if one is named.
        from: Option<String>,
        /// The one that opens everything.
        to: String,
    },
    /// Makes a key backup where there is none, its key stored in secret storage.
    CreateBackup {
        /// The default storage key.
        under: String,
    },
}

impl Repair {
    /// Returns a name that stays the same in all versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MineBackup { .. } => "mine-backup",
            Self::SignBackup { .. } => "sign-backup",
            Self::StoreBackupKey { .. } => "store-backup-key",
            Self::SetDefaultKey { .. } => "set-default-key",
            Self::CreateBackup { .. } => "create-backup",
        }
    }

    /// Says what it changes on the server, as a person reads it before consenting.
    pub fn effect(&self) -> String {
        match self {
            Self::MineBackup { from, to, .. } => format!(
                "Adds the room keys of the older key backup {from} to the active one, {to}. The older one stays as it is."
            ),
            Self::SignBackup { version, .. } => format!(
                "Signs the key backup {version} with your identity, so that your sessions trust it. Its key is proven \
                 to be yours."
            ),
            Self::StoreBackupKey { version, under } => format!(
                "Stores the key of the key backup {version} in secret storage, under the storage key {under}: your \
                 recovery key then opens the backup, too."
            ),
            Self::SetDefaultKey { from: Some(from), to } => format!(
                "Makes the storage key {to}, which opens everything, the default one in place of {from}. {from} stays \
                 stored, but apps ask for the other one from now on."
            ),
            Self::SetDefaultKey { from: None, to } => {
                format!("Makes the storage key {to}, which opens everything, the default one. None is named now.")
            }
            Self::CreateBackup { under } => format!(
                "Makes a new key backup, signed by your identity, and stores its key in secret storage under the \
                 storage key {under}. It is empty at first: lifeboat rescue fills it."
            ),
        }
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.effect())
    }
}
