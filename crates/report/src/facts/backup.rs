//! Facts about the key backup.

use serde::{Deserialize, Serialize};

use super::{Proof, Signature};
use crate::Fact;

/// The server-side backup of room keys.
///
/// [Server-side key backups](https://spec.matrix.org/latest/client-server-api/#server-side-key-backups).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeyBackup {
    /// The newest version (`GET /_matrix/client/v3/room_keys/version`); known `null`: there is none.
    pub active: Fact<Option<BackupVersion>>,
    /// Account data by which somebody switched the backup off on purpose; known `null`: nobody did.
    pub switched_off: Fact<Option<OffSwitch>>,
    /// Older versions that the server still keeps, as far as they were asked for, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub older: Vec<OlderBackup>,
}

/// An older version of the key backup. No session writes to it any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OlderBackup {
    /// Its version.
    pub version: String,
    /// Number of entries, as the server counts them.
    pub count: u64,
    /// The public half of its backup key.
    pub public_key: Option<String>,
    /// The decrypt test of its entries; `not-asked` where nothing that was typed opens them.
    pub proof: Fact<Proof>,
    /// How many of the messages at risk it holds a fitting entry for; `null`: not known.
    pub would_cover: Option<u64>,
}

/// One version of the key backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BackupVersion {
    /// Its version, an opaque text.
    pub version: String,
    /// How its entries are encrypted.
    pub algorithm: BackupAlgorithm,
    /// Number of entries.
    pub count: u64,
    /// Changes whenever an entry does.
    pub etag: String,
    /// The public half of the backup key: unpadded base64 of the Curve25519 key.
    pub public_key: Option<String>,
    /// Every signature in `auth_data`, checked and named.
    pub signatures: Vec<BackupSignature>,
}

/// How the entries of a backup are encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum BackupAlgorithm {
    /// The algorithm of the specification.
    #[serde(rename = "m.megolm_backup.v1.curve25519-aes-sha2")]
    Curve25519AesSha2,
    /// One that Lifeboat cannot open, by its name; also the known one with `auth_data` that cannot be understood.
    #[serde(rename = "unknown")]
    Unknown(String),
}

/// One signature in a backup's `auth_data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BackupSignature {
    /// Whose key it is.
    pub signer: Signer,
    /// Whether it holds.
    pub signature: Signature,
}

/// Whose key signed something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Signer {
    /// The identity's master key.
    Master,
    /// A session that the identity vouches for, by its device id.
    SignedSession(String),
    /// A session that the identity does not vouch for, by its device id.
    UnsignedSession(String),
    /// A key that belongs to neither, by its key id.
    Stranger(String),
}

impl BackupVersion {
    /// Tells whether the identity vouches for this version: a valid signature by the master key or a signed session.
    pub fn is_trusted(&self) -> bool {
        self.signatures.iter().any(|it| {
            it.signature == Signature::Valid && matches!(it.signer, Signer::Master | Signer::SignedSession(_))
        })
    }
}

/// The account data by which a backup was switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OffSwitch {
    /// `m.key_backup` with `enabled: false` (MSC4287).
    #[serde(rename = "m.key_backup")]
    KeyBackup,
    /// The older, unstable form of the same.
    #[serde(rename = "m.org.matrix.custom.backup_disabled")]
    BackupDisabled,
}
