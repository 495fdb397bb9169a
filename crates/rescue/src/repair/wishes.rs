//! What a person asks for beside what the facts call for.

use std::collections::BTreeSet;

use super::Names;

/// What is only done when it is asked for by name. Nothing of it by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// What becomes of the recovery key.
    pub recovery_key: KeyWish,
    /// What becomes of the account data that switches the backup off.
    pub backup_switch: SwitchWish,
    /// What becomes of the identity.
    pub identity: IdentityWish,
    /// Sessions to sign, by id, each with the public key that the person was shown.
    pub sign: Names,
    /// Sessions to rename, by id.
    pub rename: Names,
    /// Sessions to sign out, by id.
    pub sign_out: BTreeSet<String>,
}

/// What becomes of the recovery key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyWish {
    /// It stays.
    #[default]
    Keep,
    /// It is lost: a new one is wanted.
    Lost,
}

/// What becomes of the account data that switches the backup off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SwitchWish {
    /// Somebody switched it off on purpose: it stays.
    #[default]
    Keep,
    /// The backup is wanted.
    On,
}

/// What becomes of the identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdentityWish {
    /// It stays.
    #[default]
    Keep,
    /// If nothing else helps, a new one is made.
    Reset,
}
