//! Repairs: what is broken around the keys and can be mended without destroying anything.
//!
//! [`plan()`] is pure and decides from facts and wishes alone; [`apply()`] and [`apply_live()`] carry one repair out. What
//! a person reads before consenting ([`Repair::effect`]) is made from the same value that is carried out. A repair that
//! is done is not planned again, so a second run after an interruption does what is left.

mod apply;
mod effect;
mod mining;
mod plan;
mod refusal;
#[cfg(test)]
mod tests;
mod wishes;

use std::collections::BTreeMap;

use lifeboat_report::facts::{OffSwitch, SecretName};

pub use apply::{Bench, RepairError, apply, apply_live, renew_recovery_key};
pub use mining::MiningProgress;
pub use plan::{Offer, Plan, plan};
pub use refusal::Refusal;
pub use wishes::{IdentityWish, KeyWish, SwitchWish, Wishes};

/// One repair, in the order in which they are carried out. None deletes anything but a session that was named.
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
    /// Describes a new storage key, which a fresh recovery key opens.
    NewStorageKey,
    /// Makes an identity where there is none.
    SetUpIdentity {
        /// Where its private keys are stored, before the public ones are published.
        under: Under,
    },
    /// Makes a new identity in place of one that nothing reaches any more.
    ResetIdentity {
        /// Where its private keys are stored, before the public ones are published.
        under: Under,
        /// The public master key that is replaced.
        replaces: Option<String>,
    },
    /// Stores secrets that what was typed leads to under the default storage key.
    StoreSecrets {
        /// Which.
        names: Vec<SecretName>,
        /// The default storage key.
        under: String,
    },
    /// Makes the storage key that opens everything the default one.
    SetDefaultKey {
        /// The default until now, if one is named.
        from: Option<String>,
        /// The one that opens everything.
        to: Under,
    },
    /// Says in account data that a key backup is wanted.
    SwitchBackupOn(Switch),
    /// Makes a key backup, its key stored in secret storage.
    CreateBackup {
        /// The storage key under which its key is stored.
        under: Under,
        /// The version that it takes the place of, because nothing opens that one; it stays as it is.
        beside: Option<String>,
    },
    /// Has the identity sign the active backup version, whose key is proven to fit.
    SignBackup {
        /// The version.
        version: String,
        /// Its public key.
        public_key: String,
    },
    /// Has the identity vouch for a session.
    SignSession {
        /// Its id.
        device_id: String,
        /// Its name.
        name: Option<String>,
        /// Its public key, which the person can compare.
        fingerprint: String,
    },
    /// Gives a session another name.
    RenameSession {
        /// Its id.
        device_id: String,
        /// Its name until now.
        name: Option<String>,
        /// The new one.
        to: String,
    },
    /// Asks living sessions for secrets, and stores them under the default storage key.
    FetchSecrets {
        /// Which.
        names: Vec<SecretName>,
        /// The default storage key.
        under: String,
        /// What makes the sessions trust the asking one.
        trust: Trust,
    },
    /// Stores what a living session holds under a new storage key with a fresh recovery key, which becomes the default.
    RenewRecoveryKey {
        /// The default until now, if one is named.
        from: Option<String>,
    },
    /// Asks living sessions for the room keys that the backup lacks.
    FillBackup,
    /// Signs a session out.
    SignOutSession {
        /// Its id.
        device_id: String,
        /// Its name.
        name: Option<String>,
    },
}

/// A storage key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Under {
    /// One that is there, by its id.
    Existing(String),
    /// The one that is made.
    Fresh,
}

/// The account data that has to say that a key backup is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Switch {
    /// `m.key_backup` (MSC4287).
    KeyBackup,
    /// The older, unstable form of the same.
    BackupDisabled,
}

impl From<OffSwitch> for Switch {
    fn from(switch: OffSwitch) -> Self {
        match switch {
            OffSwitch::KeyBackup => Self::KeyBackup,
            OffSwitch::BackupDisabled => Self::BackupDisabled,
        }
    }
}

/// What makes other sessions trust the one that asks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// The identity's signature, made with what the recovery key opens.
    RecoveryKey,
    /// Emoji or a code, compared by the person on both sides.
    Person,
}

impl Repair {
    /// Returns a name that stays the same in all versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MineBackup { .. } => "mine-backup",
            Self::NewStorageKey => "new-storage-key",
            Self::SetUpIdentity { .. } => "set-up-identity",
            Self::ResetIdentity { .. } => "reset-identity",
            Self::StoreSecrets { .. } => "store-secrets",
            Self::SetDefaultKey { .. } => "set-default-key",
            Self::SwitchBackupOn(_) => "switch-backup-on",
            Self::CreateBackup { .. } => "create-backup",
            Self::SignBackup { .. } => "sign-backup",
            Self::SignSession { .. } => "sign-session",
            Self::RenameSession { .. } => "rename-session",
            Self::FetchSecrets { .. } => "fetch-secrets",
            Self::RenewRecoveryKey { .. } => "renew-recovery-key",
            Self::FillBackup => "fill-backup",
            Self::SignOutSession { .. } => "sign-out-session",
        }
    }

    /// Tells whether it needs a session with encryption keys that other sessions see and answer.
    pub fn needs_live_session(&self) -> bool {
        matches!(
            self,
            Self::FetchSecrets { .. } | Self::RenewRecoveryKey { .. } | Self::FillBackup
        )
    }

    /// Tells whether a person has to compare emoji or a code with another session first.
    pub fn needs_person(&self) -> bool {
        let by_person = matches!(
            self,
            Self::FetchSecrets {
                trust: Trust::Person,
                ..
            }
        );
        by_person || matches!(self, Self::RenewRecoveryKey { .. })
    }

    /// Tells whether a fresh recovery key is needed, which its owner has to have before anything is changed.
    pub fn needs_fresh_key(&self) -> bool {
        matches!(self, Self::NewStorageKey | Self::RenewRecoveryKey { .. })
    }

    /// Tells whether the server may ask for the account's password.
    pub fn needs_password(&self) -> bool {
        matches!(
            self,
            Self::SetUpIdentity { .. } | Self::ResetIdentity { .. } | Self::SignOutSession { .. }
        )
    }
}

/// Names of sessions by their ids, new or present.
pub(crate) type Names = BTreeMap<String, String>;
