//! What a reset does to sessions.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a password reset does to the account's sessions.
///
/// `logout_devices` of `POST /_matrix/client/v3/account/password`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3accountpassword)). There is no
/// default: the choice can hurt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Fate {
    /// `logout_devices: false`: every session stays signed in.
    #[serde(rename = "kept")]
    SessionsKept,
    /// `logout_devices: true`: every session ends, with the keys that only it holds.
    #[serde(rename = "ended")]
    SessionsEnded,
}

impl Fate {
    /// Both fates, the gentler one first.
    pub const BOTH: [Self; 2] = [Self::SessionsKept, Self::SessionsEnded];
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SessionsKept => "kept",
            Self::SessionsEnded => "ended",
        })
    }
}
