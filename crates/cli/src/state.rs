//! Where Lifeboat writes things down between commands, for each account.

use std::path::PathBuf;

use etcetera::BaseStrategy;
use lifeboat_preflight::ruma::UserId;

use crate::kept::folder_name;

/// Returns the folder of all accounts below the user's state folder (XDG on Unix, the data folder elsewhere), whether or
/// not it exists.
pub(crate) fn folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    Some(state.join("lifeboat"))
}

/// Returns the account's folder below the user's state folder (XDG on Unix, the data folder elsewhere), whether or not
/// it exists.
pub(crate) fn folder_of(user: &UserId) -> Option<PathBuf> {
    Some(folder()?.join(folder_name(user.as_str())))
}
