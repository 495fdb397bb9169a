//! Facts about the cross-signing identity.

use serde::{Deserialize, Serialize};

/// The user's cross-signing identity as published, its signatures checked locally.
///
/// [Cross-signing](https://spec.matrix.org/latest/client-server-api/#cross-signing).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Identity {
    /// The master key: unpadded base64 of the Ed25519 public key.
    pub master: Option<String>,
    /// The self-signing key, which signs the user's own sessions.
    pub self_signing: Option<CrossSigningKey>,
    /// The user-signing key, which signs other users' identities.
    pub user_signing: Option<CrossSigningKey>,
    /// Another account has looked: servers show the user-signing key to its owner alone, so its absence says nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_outside: bool,
}

/// A self-signing or user-signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CrossSigningKey {
    /// Unpadded base64 of the Ed25519 public key.
    pub public_key: String,
    /// The master key's signature over it.
    pub by_master: Signature,
}

/// What a local check of a signature gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// It holds.
    Valid,
    /// There is none.
    Missing,
    /// There is one, and it does not hold.
    Invalid,
    /// There is one, and the key it names is not known, so that it cannot be checked.
    UnknownKey,
}
