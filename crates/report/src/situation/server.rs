//! What the server and the account offer, reduced.

use crate::Fact;
use crate::facts::{self, Email, OAuth};

/// Whether a password can be reset by e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Emails {
    /// Not known.
    Unknown,
    /// No address is confirmed.
    None,
    /// At least one address is confirmed.
    Some,
}

/// Who keeps the accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Accounts {
    /// Not known.
    Unknown,
    /// The homeserver.
    Local,
    /// An OAuth server.
    Delegated,
}

/// Whether the password can be changed over the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PasswordChange {
    /// Not known.
    Unknown,
    /// It can.
    Allowed,
    /// It cannot.
    Disabled,
}

/// Whether a probe was turned away for asking too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RateLimit {
    /// None was.
    NotHit,
    /// At least one was.
    Hit,
}

impl Emails {
    /// Reduces the list of confirmed addresses.
    pub fn of(fact: &Fact<Vec<Email>>) -> Self {
        match fact {
            Fact::Unknown(_) => Self::Unknown,
            Fact::Known(emails) if emails.is_empty() => Self::None,
            Fact::Known(_) => Self::Some,
        }
    }
}

impl Accounts {
    /// Reduces the OAuth metadata; a server that does not know the endpoint keeps its accounts itself.
    pub fn of(fact: &Fact<Option<OAuth>>) -> Self {
        match fact {
            Fact::Known(Some(_)) => Self::Delegated,
            _ if fact.is_open_question() => Self::Unknown,
            _ => Self::Local,
        }
    }
}

impl PasswordChange {
    /// Reduces the capability; a server without capabilities allows it, as an absent capability does
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#mchange_password-capability)).
    pub fn of(fact: &Fact<facts::PasswordChange>) -> Self {
        match fact {
            Fact::Known(facts::PasswordChange::Disabled) => Self::Disabled,
            _ if fact.is_open_question() => Self::Unknown,
            _ => Self::Allowed,
        }
    }
}
