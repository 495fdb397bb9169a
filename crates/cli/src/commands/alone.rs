//! One run that works on an account at a time.

use std::path::PathBuf;

use lifeboat_preflight::ruma::UserId;
use lifeboat_reset::{AccountLock, Journal};

use super::reset::{no_home, owed::unusable};
use crate::{failure::Failure, state};

/// Takes the account for a run that changes something of it, or of what is kept of it here, until what is returned is dropped.
///
/// # Errors
///
/// Another run works on the account, or nobody can write into its folder: what a killed run would leave has to be written
/// down there.
pub(crate) fn alone(user: &UserId) -> Result<AccountLock, Failure> {
    let folder = state::folder_of(user).ok_or_else(no_home)?;
    Ok(AccountLock::take(&folder)?)
}

/// Takes the account likewise, for a run that resets its password or finishes that; returns the account's folder as well.
///
/// # Errors
///
/// As for [`alone`], and what is written down of an unfinished reset cannot be used. Where that is to be finished, the exit
/// status says so.
pub(crate) fn alone_to_reset(user: &UserId) -> Result<(PathBuf, AccountLock), Failure> {
    let folder = state::folder_of(user).ok_or_else(no_home)?;
    let resets = folder.join("resets");
    let lock = AccountLock::take(&folder).map_err(|error| unusable(error, &resets))?;
    // Whether what is written down there can be gone on with is said before any server is asked.
    Journal::find(&resets).map_err(|error| unusable(error, &resets))?;
    Ok((folder, lock))
}

/// Takes the account for a run that only looks, until what is returned is dropped.
///
/// Such a run keeps nothing there that it could not do without: where nobody can write into the account's folder, as in a
/// home that is read-only, it goes without the lock (`None`), and has nothing to disturb there.
///
/// # Errors
///
/// Another run works on the account.
pub(crate) fn alone_if_possible(user: &UserId) -> Result<Option<AccountLock>, Failure> {
    match state::folder_of(user) {
        Some(folder) => Ok(AccountLock::take_if_possible(&folder)?),
        None => Ok(None),
    }
}
