//! Facts about what a recovery key or passphrase opens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SecretName;

/// What each key or passphrase that the person typed opens. Never holds what was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeyTrial {
    /// One answer for each candidate, in the order in which they were given; at least one.
    pub candidates: Vec<Candidate>,
}

/// What one candidate opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Candidate {
    /// What it turned out to be.
    pub form: CandidateForm,
    /// The storage keys it opens, by key id, sorted; proven by check data or, without it, by a decrypted secret.
    pub storage_keys: Vec<String>,
    /// Whether the default key is among them.
    pub opens_default: bool,
    /// What became of each secret that is stored under a key it opens.
    pub secrets: BTreeMap<SecretName, SecretTrial>,
    /// The backup versions that it opens, directly or through a stored backup key, and how.
    pub backup: BTreeMap<String, BackupOpening>,
    /// Whether the active version is among them.
    pub opens_active_backup: bool,
}

/// What a candidate turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CandidateForm {
    /// A well-formed recovery key.
    RecoveryKey,
    /// Anything else: tried as a passphrase.
    Passphrase,
}

/// What became of one secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SecretTrial {
    /// Its public half is the published one.
    Fits,
    /// It was decrypted, and nothing is published to compare it with.
    NothingToCompare,
    /// Its public half is not the published one.
    DoesNotFit,
    /// It was decrypted, and is not a key.
    NotAKey,
    /// It could not be decrypted.
    DoesNotOpen,
}

/// How a candidate opens a backup version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum BackupOpening {
    /// Through the backup key in secret storage.
    ThroughStorage,
    /// It is the backup key itself, as recovery keys were before secret storage.
    IsTheBackupKey,
    /// The backup key is derived from it with the parameters in the backup's own `auth_data`.
    LegacyPassphrase,
}
