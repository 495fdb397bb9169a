//! Rules about the server and the ways to change the password.

use super::{CAUTION, NOTE};
use crate::situation::{Accounts, Emails, PasswordChange, PasswordSignIn, Providers, RateLimit, Restricted};
use crate::{Fate, Severity, Situation};

/// Where accounts are delegated the password is not changed over this API anyway.
pub(super) fn password_change_disabled(situation: &Situation, _: Fate) -> Option<Severity> {
    let disabled = situation.password_change == PasswordChange::Disabled;
    CAUTION.filter(|_| disabled && situation.accounts != Accounts::Delegated)
}

pub(super) fn accounts_delegated(situation: &Situation, _: Fate) -> Option<Severity> {
    NOTE.filter(|_| situation.accounts == Accounts::Delegated)
}

/// Where accounts are delegated that is said already, with the page where a password is changed.
pub(super) fn no_password_sign_in(situation: &Situation, _: Fate) -> Option<Severity> {
    let not_offered = situation.password_sign_in == PasswordSignIn::NotOffered;
    NOTE.filter(|_| not_offered && situation.accounts != Accounts::Delegated)
}

pub(super) fn signs_in_elsewhere(situation: &Situation, _: Fate) -> Option<Severity> {
    NOTE.filter(|_| situation.providers == Providers::Some)
}

pub(super) fn account_restricted(situation: &Situation, _: Fate) -> Option<Severity> {
    CAUTION.filter(|_| situation.restricted == Restricted::Yes)
}

pub(super) fn unknown(situation: &Situation, _: Fate) -> Option<Severity> {
    let accounts = situation.accounts == Accounts::Unknown;
    let password_change = situation.password_change == PasswordChange::Unknown;
    CAUTION.filter(|_| accounts || password_change)
}

pub(super) fn no_email(situation: &Situation, _: Fate) -> Option<Severity> {
    NOTE.filter(|_| situation.emails == Emails::None && counts(situation))
}

pub(super) fn email_unknown(situation: &Situation, _: Fate) -> Option<Severity> {
    NOTE.filter(|_| situation.emails == Emails::Unknown && counts(situation))
}

/// The homeserver of an account that another server keeps does not know the addresses which reset its password.
fn counts(situation: &Situation) -> bool {
    situation.accounts != Accounts::Delegated || situation.password_change != PasswordChange::Disabled
}

pub(super) fn rate_limited(situation: &Situation, _: Fate) -> Option<Severity> {
    CAUTION.filter(|_| situation.rate_limit == RateLimit::Hit)
}
