//! What the server and the account offer, reduced.

use crate::Fact;
use crate::facts::{self, Account, Email, OAuth};

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

/// Whether anybody signs in with a password on this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PasswordSignIn {
    /// Not known.
    Unknown,
    /// It is one of the ways in.
    Offered,
    /// It is none of the ways in.
    NotOffered,
}

/// Whether an identity provider signs the person in, as far as an administrator has looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Providers {
    /// None is known.
    None,
    /// At least one does.
    Some,
}

/// Whether administrators have restricted the account, as far as one of them has looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Restricted {
    /// No restriction is known.
    No,
    /// There is at least one.
    Yes,
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

impl PasswordSignIn {
    /// Reduces the list of ways in.
    pub fn of(fact: &Fact<Vec<String>>) -> Self {
        match fact {
            Fact::Unknown(_) => Self::Unknown,
            Fact::Known(flows) if flows.iter().any(|it| it == "m.login.password") => Self::Offered,
            Fact::Known(_) => Self::NotOffered,
        }
    }
}

impl Providers {
    /// Reduces the list of identity providers.
    pub fn of(account: &Account) -> Self {
        match &account.administration {
            Some(it) if !it.providers.is_empty() => Self::Some,
            _ => Self::None,
        }
    }
}

impl Restricted {
    /// Reduces the list of restrictions.
    pub fn of(account: &Account) -> Self {
        match &account.administration {
            Some(it) if !it.restrictions.is_empty() => Self::Yes,
            _ => Self::No,
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
