//! Puts back what an ark holds and the account lacks: entries of the key backup, and account data piece by piece.

mod account_data;
mod backup;

use std::{collections::BTreeSet, fs::File};

use lifeboat_preflight::{
    OwnSession,
    ark::{ArkComparison, ArkError, ArkProgress, BackupComparison, DataComparison, DataState},
    is_suspended,
};
use matrix_sdk::HttpError;

/// Which parts of an ark go back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArkSelection {
    /// Whether the entries of the key backup do.
    pub backup: bool,
    /// Which account data does, by type.
    pub account_data: BTreeSet<String>,
}

/// What went back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArkRestored {
    /// The version of the key backup that was made, if one was.
    pub new_version: Option<String>,
    /// How many entries the server was given.
    pub entries: u64,
    /// Which account data was written, by type, in this order.
    pub account_data: Vec<String>,
}

/// Why a restore stopped. What was written before stays; doing the same again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ArkRestoreError {
    /// The ark could not be read.
    #[error(transparent)]
    Ark(#[from] ArkError),
    /// Another version of the key backup has come, or gone, since the plan was made.
    #[error("the key backup was replaced by another version meanwhile.")]
    BackupReplaced,
    /// Somebody changed account data since the plan was made.
    #[error("{kind} was changed by another session meanwhile.")]
    DataChanged {
        /// Its type.
        kind: String,
    },
    /// An entry could not be encrypted anew.
    #[error("a room key could not be encrypted for the key backup.")]
    NotSealed,
    /// The server ended the session meanwhile.
    #[error("this session was ended by the server or by another session.")]
    SessionEnded,
    /// The server refused because an administrator has suspended the account.
    #[error("this account is suspended.")]
    Suspended,
    /// The server refused.
    #[error("the server did not take {what}: {source}.")]
    Refused {
        /// What was to be written.
        what: String,
        /// Its answer.
        source: HttpError,
    },
}

impl ArkSelection {
    /// Selects all that the account lacks and that can do no harm: entries that are missing or start too late, and
    /// account data that is gone. What is there in another form stays, and so do the switches, which are wishes.
    pub fn of_all_missing(comparison: &ArkComparison) -> Self {
        let backup = match &comparison.backup {
            BackupComparison::Possible(restore) => restore.missing + restore.better > 0,
            _ => false,
        };
        let gone = |it: &&DataComparison| {
            it.state == DataState::Missing && it.hindrance.is_none() && !account_data::is_switch(&it.kind)
        };
        Self {
            backup,
            account_data: comparison
                .account_data
                .iter()
                .filter(gone)
                .map(|it| it.kind.clone())
                .collect(),
        }
    }

    /// Tells whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        !self.backup && self.account_data.is_empty()
    }

    /// Returns what of the selection is still not as the ark has it, in a comparison that was made afterwards: `backup`,
    /// and types of account data.
    pub fn remaining(&self, afterwards: &ArkComparison) -> Vec<String> {
        let entries = match &afterwards.backup {
            BackupComparison::Possible(restore) => restore.missing + restore.better > 0,
            _ => true,
        };
        let backup = (self.backup && entries).then(|| "backup".to_owned());
        let as_archived = |kind: &&String| {
            let now = afterwards.account_data.iter().find(|it| it.kind == **kind);
            now.is_some_and(|it| it.state == DataState::Same)
        };
        let data = self.account_data.iter().filter(|kind| !as_archived(kind));
        backup.into_iter().chain(data.cloned()).collect()
    }
}

/// Puts the selected parts back, the key backup first. `file` is the ark that `comparison` was made of.
///
/// Nothing is deleted. Of two entries for one session the server keeps the one that starts earlier; account data that is
/// there in another form is replaced, and only if it is selected and still what the comparison saw.
pub async fn restore_ark(
    session: &OwnSession,
    file: &File,
    comparison: &ArkComparison,
    selection: &ArkSelection,
    progress: &ArkProgress,
) -> Result<ArkRestored, ArkRestoreError> {
    let mut restored = ArkRestored::default();
    if let (true, BackupComparison::Possible(restore)) = (selection.backup, &comparison.backup) {
        progress.expect(restore.missing.saturating_add(restore.better));
        let (version, new) = backup::version(session, restore).await?;
        restored.new_version = new.then(|| version.clone());
        restored.entries = backup::put_entries(session, file, restore, &version, progress).await?;
    }
    for data in account_data::in_order(comparison, selection) {
        account_data::put(session, data).await?;
        restored.account_data.push(data.kind.clone());
    }
    Ok(restored)
}

/// Says why a request failed: the session is over, the account is suspended, or `what` was refused.
fn refused(session: &OwnSession, what: &str, source: HttpError) -> ArkRestoreError {
    if session.caller().session_ended() {
        return ArkRestoreError::SessionEnded;
    }
    if is_suspended(source.client_api_error_kind()) {
        return ArkRestoreError::Suspended;
    }
    ArkRestoreError::Refused {
        what: what.to_owned(),
        source,
    }
}
