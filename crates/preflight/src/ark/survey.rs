//! Reads an ark offline: every sum, what is in it and, with the recovery key, the proof of every entry.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Read},
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::Arc,
};

use lifeboat_backup::{BackupKey, Engine, EngineOptions};
use lifeboat_report::{
    StatusFile,
    facts::{Identity, KeyTrial, Proof, SecretStorage},
};
use matrix_sdk::ruma::UserId;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::Handle;
use zeroize::Zeroizing;

use super::{About, ArkError, ArkProgress, Part, PartName, Sums, entries::EntryCount, read};
use crate::{
    key_trial::{self, Opened},
    probe::{
        backup::RawBackup,
        published::PublishedKeys,
        storage::{self, Content, StoredSecrets},
    },
    proof::sum_up,
};

/// What an ark holds, every sum checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ArkReport {
    /// Whose it is, and when it was taken.
    pub about: About,
    /// What the check before it found.
    pub status: StatusFile,
    /// How many sessions the account had.
    pub sessions: usize,
    /// The identity, its signatures checked.
    pub identity: Identity,
    /// Secret storage.
    pub storage: SecretStorage,
    /// The account data as the server held it, by type.
    pub account_data: Content,
    /// The versions of the key backup, the oldest first.
    pub versions: Vec<ArkVersionReport>,
    /// What the given keys open; `None` when none was given.
    pub trial: Option<KeyTrial>,
    /// The parts and their lengths.
    pub sums: Sums,
    pub(super) published: PublishedKeys,
    pub(super) keys: ArchivedKeys,
}

/// The private keys of archived versions that the given recovery keys lead to.
#[derive(Clone, Default)]
pub(super) struct ArchivedKeys(pub(super) BTreeMap<String, Zeroizing<[u8; 32]>>);

impl fmt::Debug for ArchivedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ArchivedKeys").field(&self.0.keys()).finish()
    }
}

/// One version of the key backup in an ark.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ArkVersionReport {
    /// Its name.
    pub version: String,
    /// The server's answer about it: algorithm, `auth_data`, count, etag.
    pub info: Value,
    /// How many entries the ark holds.
    pub entries: u64,
    /// The decrypt test of every entry; `None` where no given key opens this version.
    pub proof: Option<Proof>,
}

impl ArkReport {
    /// Tells whether the given keys open all that was in use: the default key of secret storage, every entry of the
    /// newest version, and every entry of each older version that one of them fits.
    pub fn is_proven(&self) -> bool {
        let Some(trial) = &self.trial else {
            return false;
        };
        let opened = |it: &ArkVersionReport| it.proof.is_none() || it.is_proven();
        let storage = self.storage.usable_default().is_none() || trial.candidates.iter().any(|it| it.opens_default);
        storage && self.newest().is_none_or(ArkVersionReport::is_proven) && self.versions.iter().all(opened)
    }

    /// Returns the version that was the newest when the ark was taken.
    pub fn newest(&self) -> Option<&ArkVersionReport> {
        let newest = self.about.newest_backup.as_ref()?;
        self.versions.iter().find(|it| it.version == *newest)
    }
}

impl ArkVersionReport {
    /// Tells whether every entry was opened.
    pub fn is_proven(&self) -> bool {
        let proof = self.proof.as_ref();
        proof.is_some_and(|it| it.complete && it.open == self.entries && it.entries == self.entries)
    }
}

/// Reads a whole ark; with `candidates` (recovery keys or passphrases) also opens secret storage from it and proves the
/// entries of every version that they lead to. Asks no server. Call it on a tokio runtime.
///
/// # Errors
///
/// Fails when the file is no ark, is cut off or damaged.
pub async fn survey(
    input: impl Read + Send + 'static,
    candidates: Vec<SecretString>,
    progress: &ArkProgress,
) -> Result<ArkReport, ArkError> {
    let (runtime, progress) = (Handle::current(), progress.clone());
    let surveying = tokio::task::spawn_blocking(move || {
        let mut survey = Survey::new(candidates, &progress, &runtime);
        let sums = read(input, |part| survey.take(part))?;
        survey.finish(sums)
    });
    surveying
        .await
        .unwrap_or_else(|_| Err(ArkError::Read(io::Error::other("the thread that reads was lost"))))
}

struct Survey<'a> {
    candidates: Vec<SecretString>,
    progress: &'a ArkProgress,
    runtime: &'a Handle,
    about: Option<About>,
    status: Option<StatusFile>,
    sessions: Option<usize>,
    published: Option<PublishedKeys>,
    account_data: Option<(Content, StoredSecrets)>,
    opened: Vec<Opened>,
    /// A version whose entries must come next.
    awaited: Option<(RawBackup, Value)>,
    versions: Vec<(RawBackup, ArkVersionReport)>,
    keys: ArchivedKeys,
}

impl<'a> Survey<'a> {
    fn new(candidates: Vec<SecretString>, progress: &'a ArkProgress, runtime: &'a Handle) -> Self {
        Self {
            candidates,
            progress,
            runtime,
            about: None,
            status: None,
            sessions: None,
            published: None,
            account_data: None,
            opened: Vec::new(),
            awaited: None,
            versions: Vec::new(),
            keys: ArchivedKeys::default(),
        }
    }

    fn take(&mut self, part: Part<'_>) -> Result<(), ArkError> {
        match &part.name {
            PartName::About => self.about = Some(json(part)?),
            PartName::Status => self.status = Some(status(part)?),
            PartName::Devices => {
                let answer: Value = json(part)?;
                let devices = answer.get("devices").and_then(Value::as_array);
                self.sessions = Some(devices.ok_or_else(|| senseless(&PartName::Devices))?.len());
            }
            PartName::Keys => {
                let answer: Value = json(part)?;
                let user = self
                    .about
                    .as_ref()
                    .and_then(|it| <&UserId>::try_from(it.account.as_str()).ok());
                let user = user.ok_or_else(|| senseless(&PartName::About))?;
                self.published = Some(PublishedKeys::read_answer(user, &answer));
            }
            PartName::AccountData => {
                let content: Content = json(part)?;
                let stored = storage::read(&content);
                let opening = key_trial::open_storage(&self.candidates, &stored);
                self.opened = self.runtime.block_on(opening);
                self.account_data = Some((content, stored));
            }
            PartName::BackupVersion(version) => {
                let version = version.clone();
                let info: Value = json(part)?;
                let raw = RawBackup::read(&info).filter(|it| it.version == version);
                let raw = raw.ok_or_else(|| senseless(&PartName::BackupVersion(version)))?;
                self.awaited = Some((raw, info));
            }
            PartName::BackupEntries(version) => {
                let awaited = self.awaited.take().filter(|(raw, _)| raw.version == *version);
                let (raw, info) = awaited.ok_or_else(|| senseless(&part.name))?;
                let version = self.entries(&raw, info, part)?;
                self.versions.push((raw, version));
            }
            // A newer program may have added it; its sums are checked like all others.
            PartName::Other(_) => {}
        }
        Ok(())
    }

    fn entries(&mut self, raw: &RawBackup, info: Value, part: Part<'_>) -> Result<ArkVersionReport, ArkError> {
        let key = self.runtime.block_on(key_trial::backup_key_bytes(&self.opened, raw));
        if let Some(key) = &key {
            self.keys.0.insert(raw.version.clone(), key.clone());
        }
        let key = key.and_then(|it| BackupKey::from_bytes(&it).ok().map(Arc::new));
        let mut count = EntryCount::begin(self.progress);
        let mut engine = key.filter(|_| raw.is_readable()).map(engine).transpose()?;
        let mut piece = vec![0; 64 * 1024];
        loop {
            let read = part.content.read(&mut piece).map_err(ArkError::Read)?;
            if read == 0 || self.progress.is_cancelled() {
                break;
            }
            count.see(&piece[..read]).map_err(|_| senseless(&part.name))?;
            let flow = engine.as_mut().map(|it| it.feed(&piece[..read]));
            if flow == Some(ControlFlow::Break(())) {
                return Err(senseless(&part.name));
            }
        }
        let proof = engine.map(|it| sum_up(&it.finish(), &raw.version));
        Ok(ArkVersionReport {
            version: raw.version.clone(),
            info,
            entries: count.finish().map_err(|_| senseless(&part.name))?,
            proof,
        })
    }

    fn finish(self, sums: Sums) -> Result<ArkReport, ArkError> {
        let lacks = |name: PartName| ArkError::damaged(format!("it has no {name}"));
        let about = self.about.ok_or_else(|| lacks(PartName::About))?;
        let published = self.published.ok_or_else(|| lacks(PartName::Keys))?;
        let (account_data, stored) = self.account_data.ok_or_else(|| lacks(PartName::AccountData))?;
        if let Some((raw, _)) = self.awaited {
            return Err(lacks(PartName::BackupEntries(raw.version)));
        }
        let (raw, versions): (Vec<_>, Vec<_>) = self.versions.into_iter().unzip();
        let active = raw.iter().find(|it| Some(&it.version) == about.newest_backup.as_ref());
        if let (Some(newest), None) = (&about.newest_backup, active) {
            return Err(lacks(PartName::BackupEntries(newest.clone())));
        }
        let trial = (!self.candidates.is_empty()).then(|| {
            let newest_first: Vec<RawBackup> = raw.iter().rev().cloned().collect();
            let judging = key_trial::judge(self.opened, Some(&published), &newest_first, active);
            self.runtime.block_on(judging)
        });
        Ok(ArkReport {
            status: self.status.ok_or_else(|| lacks(PartName::Status))?,
            sessions: self.sessions.ok_or_else(|| lacks(PartName::Devices))?,
            identity: published.identity.clone(),
            published,
            keys: self.keys,
            storage: stored.facts,
            account_data,
            versions,
            trial,
            sums,
            about,
        })
    }
}

fn engine(key: Arc<BackupKey>) -> Result<Engine, ArkError> {
    let threads: Option<NonZeroUsize> = std::thread::available_parallelism().ok();
    let options = EngineOptions {
        key: Some(key),
        threads,
        visit: None,
    };
    Engine::start(options).map_err(ArkError::Read)
}

/// No part but the entries of a backup is longer.
const LIMIT: u64 = 64 << 20;

fn bytes(part: Part<'_>) -> Result<Vec<u8>, ArkError> {
    let mut bytes = Vec::new();
    part.content
        .take(LIMIT)
        .read_to_end(&mut bytes)
        .map_err(ArkError::Read)?;
    Ok(bytes)
}

fn json<T: DeserializeOwned>(part: Part<'_>) -> Result<T, ArkError> {
    let name = part.name.clone();
    serde_json::from_slice(&bytes(part)?).map_err(|_| senseless(&name))
}

fn status(part: Part<'_>) -> Result<StatusFile, ArkError> {
    let text = String::from_utf8(bytes(part)?).ok();
    let status = text.and_then(|it| StatusFile::parse(&it).ok());
    status.ok_or_else(|| senseless(&PartName::Status))
}

fn senseless(name: &PartName) -> ArkError {
    ArkError::damaged(format!("{name} cannot be understood"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_versions_and_no_key() {
        let keys = ArchivedKeys([("7".to_owned(), Zeroizing::new([7; 32]))].into());
        assert_eq!(format!("{keys:?}"), "ArchivedKeys([\"7\"])");
    }
}
