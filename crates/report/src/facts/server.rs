//! Facts about the homeserver.

use serde::{Deserialize, Serialize};

use crate::{Fact, Gap};

/// The homeserver and what it offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Server {
    /// Base URL of the client-server API.
    pub base_url: String,
    /// Name and version, as the server tells them (`GET /_matrix/federation/v1/version`).
    pub software: Fact<Software>,
    /// Whether Synapse's Admin API answers at this address (`GET /_synapse/admin/v1/server_version`); known `false`:
    /// the server says that it does not know it. Where it is not known, administrators may reach it at another address.
    #[serde(default = "not_asked")]
    pub admin_api: Fact<bool>,
    /// Versions of the specification (`GET /_matrix/client/versions`).
    pub spec_versions: Fact<Vec<String>>,
    /// Types of sign-in (`GET /_matrix/client/v3/login`).
    pub login_flows: Fact<Vec<String>>,
    /// Whether accounts are delegated to an OAuth server (`GET /_matrix/client/v1/auth_metadata`); known `null`: no.
    pub oauth: Fact<Option<OAuth>>,
    /// Whether the password may be changed over the API (`m.change_password` of `GET /_matrix/client/v3/capabilities`).
    pub password_change: Fact<PasswordChange>,
    /// Whom to ask for help (`GET /.well-known/matrix/support`); known `null`: the server names nobody.
    pub support: Fact<Option<Support>>,
}

/// What a file says that was written before this was asked.
fn not_asked() -> Fact<bool> {
    Fact::Unknown(Gap::NotAsked)
}

/// Name and version of the server software. Both are the server's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Software {
    /// For example `Synapse`.
    pub name: String,
    /// For example `1.163.2`.
    pub version: String,
}

/// The OAuth server that holds the accounts (MSC2965).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OAuth {
    /// The issuer's URL.
    pub issuer: String,
    /// The page where people manage their account (MSC4191).
    pub account_management_uri: Option<String>,
    /// What that page can be led to at once (`account_management_actions_supported`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub account_management_actions: Vec<String>,
}

/// Whether the server lets its users change their password over the client-server API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PasswordChange {
    /// The capability is on, or absent (absent means allowed).
    Allowed,
    /// The capability is off.
    Disabled,
}

/// Whom the server names for help (MSC1929).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Support {
    /// People and addresses.
    pub contacts: Vec<SupportContact>,
    /// A page for people who need help.
    pub support_page: Option<String>,
}

/// One contact of the server's support file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SupportContact {
    /// For example `m.role.admin`.
    pub role: String,
    /// A Matrix user id.
    pub matrix_id: Option<String>,
    /// An e-mail address.
    pub email_address: Option<String>,
}
