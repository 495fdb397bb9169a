//! One run that changes an account at a time.

use lifeboat_preflight::ruma::UserId;
use lifeboat_reset::AccountLock;

use super::reset::no_home;
use crate::{failure::Failure, state};

/// Takes the account for a run that changes something of it, until what is returned is dropped.
///
/// Checks that keep no session need not wait: they change nothing, and what they remember is written whole or not at all.
pub(crate) fn alone(user: &UserId) -> Result<AccountLock, Failure> {
    let folder = state::folder_of(user).ok_or_else(no_home)?;
    Ok(AccountLock::take(&folder)?)
}
