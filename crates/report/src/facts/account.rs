//! Facts about the account itself.

use serde::{Deserialize, Serialize};

use crate::Fact;

/// The account's addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account {
    /// Confirmed e-mail addresses, which can reset the password (`GET /_matrix/client/v3/account/3pid`).
    pub emails: Fact<Vec<Email>>,
}

/// A confirmed e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Email {
    /// The address with all but the first character of its local part hidden: enough for its owner to recognise it.
    pub masked: String,
    /// When it was confirmed.
    pub validated_at: u64,
}

impl Email {
    /// Masks `address`: `mira@example.org` becomes `m…@example.org`.
    pub fn masked(address: &str, validated_at: u64) -> Self {
        let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
        let first = local.chars().next().map(String::from).unwrap_or_default();
        Self {
            masked: format!("{first}…@{domain}"),
            validated_at,
        }
    }
}
