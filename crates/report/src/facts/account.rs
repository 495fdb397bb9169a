//! Facts about the account itself.

use serde::{Deserialize, Serialize};

use crate::Fact;

/// The account's addresses, and what its server's administrators see of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account {
    /// Confirmed e-mail addresses, which can reset the password (`GET /_matrix/client/v3/account/3pid`).
    pub emails: Fact<Vec<Email>>,
    /// What the server tells its administrators alone; left out where none of them has asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administration: Option<Administration>,
}

/// What a server tells its administrators of an account (Synapse's Admin API, `GET /_synapse/admin/v2/users/<user>`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Administration {
    /// What administrators have done to it. A restriction that the server does not know is none.
    pub restrictions: Vec<Restriction>,
    /// Whether it is an administrator's own.
    pub administrator: bool,
    /// The identity providers that sign the person in, by the server's names for them.
    pub providers: Vec<String>,
    /// Who looked as the person, and on which ground; left out where nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acted_as_person: Option<ActedAsPerson>,
    /// What the Matrix Authentication Service tells of it, where that keeps the account; left out where it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_server: Option<AccountServer>,
}

/// What the Matrix Authentication Service tells its administrators of an account that it keeps (its Admin API).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountServer {
    /// Where its Admin API is.
    pub url: String,
    /// Whether people sign in there with passwords; `null`: it did not say.
    pub passwords: Option<bool>,
    /// Whether a forgotten password can be replaced there by a mail; `null`: it did not say.
    pub recovery: Option<bool>,
    /// What is signed in there and not over, in the order in which it began.
    pub signed_in: Vec<SignedIn>,
}

/// Something that is signed in to an account at the Matrix Authentication Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedIn {
    /// Its id there.
    pub id: String,
    /// What it is.
    pub kind: SignedInKind,
    /// The session at the homeserver that it is.
    pub device_id: Option<String>,
    /// What it calls itself.
    pub name: Option<String>,
    /// When it was last active, in milliseconds since the Unix epoch.
    pub last_active_at: Option<u64>,
}

/// What is signed in at the Matrix Authentication Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SignedInKind {
    /// An app, by the sign-in of older apps.
    Compat,
    /// An app, by OAuth 2.0.
    Oauth2,
    /// A browser, on the account page.
    Browser,
    /// A token that acts as the person, which an administrator made (a personal session).
    Personal,
}

impl SignedInKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Compat, Self::Oauth2, Self::Browser, Self::Personal];

    /// Says it in a word or two.
    pub fn words(self) -> &'static str {
        match self {
            Self::Compat => "app, older sign-in",
            Self::Oauth2 => "app",
            Self::Browser => "account page",
            Self::Personal => "personal access token",
        }
    }
}

/// An administrator's look with the eyes of the person, which the person agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActedAsPerson {
    /// The administrator.
    pub by: String,
    /// How the person agreed, in the administrator's words.
    pub consent: String,
    /// When the access token for it would have run out by itself; it was ended right after the look.
    pub until: u64,
}

/// Something that administrators have done to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Restriction {
    /// It is closed for good, without a password.
    Deactivated,
    /// Nobody can use it until it is unlocked
    /// ([account locking](https://spec.matrix.org/latest/client-server-api/#account-locking)).
    Locked,
    /// It can read and hardly write
    /// ([account suspension](https://spec.matrix.org/latest/client-server-api/#account-suspension)).
    Suspended,
    /// Nobody else sees what it sends, and nobody tells it.
    ShadowBanned,
}

impl Restriction {
    /// Says it in a word or two that complete "it is …".
    pub fn words(self) -> &'static str {
        match self {
            Self::Deactivated => "deactivated",
            Self::Locked => "locked",
            Self::Suspended => "suspended",
            Self::ShadowBanned => "shadow-banned",
        }
    }
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
