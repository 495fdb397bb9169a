//! Older versions of the key backup that the server still keeps.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::{StreamExt, stream};
use lifeboat_backup::BackupKey;

use crate::{
    Caller,
    key_trial::{self, Opened},
    probe::backup::{RawBackup, backup_version},
};

/// Which older versions of the key backup are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OlderVersions {
    /// None.
    #[default]
    None,
    /// These.
    These(BTreeSet<String>),
    /// As many as the server still has, up to the twenty before the newest.
    All,
}

/// An older version, with the key that opens it if somebody typed one.
#[derive(Debug)]
pub(crate) struct OlderVersion {
    pub(crate) backup: RawBackup,
    pub(crate) key: Option<Arc<BackupKey>>,
}

/// Finds the `wanted` versions, the newest first. Changes nothing.
pub(crate) async fn find(
    caller: &Caller,
    wanted: &OlderVersions,
    active: Option<&RawBackup>,
    opened: &[Opened],
) -> Vec<OlderVersion> {
    let backups = match wanted {
        OlderVersions::None => Vec::new(),
        OlderVersions::All => all(caller, active).await,
        OlderVersions::These(versions) => {
            let older = versions
                .iter()
                .rev()
                .filter(|it| active.is_none_or(|active| active.version != **it));
            these(caller, older.cloned().collect()).await
        }
    };
    let mut found = Vec::new();
    for backup in backups {
        let key = key_trial::backup_key(opened, &backup).await;
        found.push(OlderVersion { backup, key });
    }
    found
}

/// How many older versions are asked for: nobody has more, and a hostile server could name a version of 10^9.
const MOST: usize = 20;

/// Asks for the versions before `active`. Synapse counts them from 1 for each account; the specification knows no list.
pub(crate) async fn all(caller: &Caller, active: Option<&RawBackup>) -> Vec<RawBackup> {
    let Some(newest) = active.and_then(|it| it.version.parse::<u64>().ok()) else {
        return Vec::new();
    };
    these(caller, (1..newest).rev().take(MOST).map(|it| it.to_string()).collect()).await
}

async fn these(caller: &Caller, versions: Vec<String>) -> Vec<RawBackup> {
    stream::iter(versions)
        .map(|version| async move { backup_version(caller, &version).await })
        .buffered(4)
        .filter_map(|it| async move { it.known().cloned().flatten() })
        .collect()
        .await
}
