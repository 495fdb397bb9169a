//! What an ark holds that the account lacks now: the ground of a restore. Changes nothing.

use std::{
    fs::File,
    io::{self, Seek},
    ops::ControlFlow,
    sync::Arc,
};

use futures_util::try_join;
use lifeboat_backup::{BackupKey, Coverage, State};
use lifeboat_report::{Fact, Gap};
use secrecy::SecretString;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    ArkEntry, ArkError, ArkProgress, ArkReport, PartName,
    archived::{self, Flow},
    fetch::Ask,
    survey,
};
use crate::{
    ForecastProgress, Homeserver, OwnSession, key_trial,
    probe::{
        backup::{RawBackup, newest_backup},
        published::{PublishedKeys, published_keys},
        storage::{self, Content},
    },
    proof::{self, Opening},
};

/// An ark beside the account as it is now.
#[derive(Debug)]
#[non_exhaustive]
pub struct ArkComparison {
    /// The ark.
    pub report: ArkReport,
    /// Its newest version of the key backup beside the account's.
    pub backup: BackupComparison,
    /// Each piece of account data in it beside the account's, by type.
    pub account_data: Vec<DataComparison>,
}

/// The archived key backup beside the account's.
#[derive(Debug)]
pub enum BackupComparison {
    /// The ark holds none.
    NothingArchived,
    /// No given key opens the archived one. What nobody can prove is not put back.
    NotOpened,
    /// The account has a key backup with another key, and no given key opens that one: what is put into it could be for
    /// somebody else.
    TargetNotOpened {
        /// The account's version.
        version: String,
    },
    /// It can be put back.
    Possible(Arc<BackupRestore>),
}

/// How an archived key backup goes back, and what that would bring.
#[derive(Debug)]
#[non_exhaustive]
pub struct BackupRestore {
    /// The archived version.
    pub source: String,
    /// Where its entries go.
    pub target: Target,
    /// How many archived entries open and are not there now.
    pub missing: u64,
    /// How many start at an earlier message than what is there now, or replace an entry that does not open.
    pub better: u64,
    /// How many are there already.
    pub already_there: u64,
    there: Option<Coverage>,
    key: PrivateKey,
}

/// Where archived entries go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Into the account's version, which has the same key: as they are.
    SameKey {
        /// The version.
        version: String,
    },
    /// Into the account's version, encrypted anew to its key, which a given recovery key opens.
    OtherKey {
        /// The version.
        version: String,
        /// Its public key, unpadded base64.
        public_key: String,
    },
    /// Into a new version with the archived `auth_data`, because the account has none.
    NewVersion {
        /// The archived algorithm.
        algorithm: String,
        /// The archived `auth_data`, signatures and all.
        auth_data: Value,
    },
}

/// One piece of account data beside the account's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataComparison {
    /// Its type.
    pub kind: String,
    /// The archived content.
    pub archived: Value,
    /// What the account has.
    pub state: DataState,
    /// Why it may not be put back, if so.
    pub hindrance: Option<Hindrance>,
}

/// What the account has in place of archived account data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataState {
    /// The same.
    Same,
    /// Nothing, or a blank.
    Missing,
    /// Something else.
    Different(Value),
}

/// Why archived account data does not go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// It is a private key of an identity that is not the account's any more.
    AnotherIdentity,
    /// It is the key of a backup that is not, and will not be, the account's newest.
    AnotherBackup,
}

#[cfg(feature = "testing")]
impl BackupRestore {
    /// Makes one that brings nothing, without an ark and without an account; a test sets what it is about.
    pub fn sample(source: &str, target: Target) -> Self {
        Self {
            source: source.to_owned(),
            target,
            missing: 0,
            better: 0,
            already_there: 0,
            there: None,
            key: PrivateKey(Zeroizing::new([0; 32])),
        }
    }
}

struct PrivateKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

/// Reads the ark in `file` and compares it with the session's account; `candidates` are recovery keys or passphrases
/// that open the one, the other, or both. Changes nothing.
pub async fn compare(
    session: &OwnSession,
    homeserver: &Homeserver,
    file: &File,
    candidates: &[SecretString],
    progress: &ArkProgress,
) -> Result<ArkComparison, ArkError> {
    let (caller, user) = (session.caller(), session.user_id());
    let ask = Ask { caller, homeserver };
    let report = survey(again(file)?, candidates.to_vec(), progress).await?;
    let known = |name: PartName, gap: Gap| ask.not_given(&name, gap);
    let (content, published, newest) = try_join!(
        async {
            let all = storage::everything(caller, user).await;
            all.map_err(|gap| known(PartName::AccountData, gap))
        },
        async {
            match published_keys(caller, user).await {
                Fact::Known(keys) => Ok(keys),
                Fact::Unknown(gap) => Err(known(PartName::Keys, gap)),
            }
        },
        async {
            match newest_backup(caller).await {
                Fact::Known(newest) => Ok(newest),
                Fact::Unknown(gap) => Err(known(PartName::BackupVersion("newest".to_owned()), gap)),
            }
        },
    )?;
    let place = Place {
        ask,
        file,
        candidates,
        content: &content,
        newest,
    };
    let backup = place.backup(&report).await?;
    let account_data = account_data(&report, &content, &published, &backup);
    Ok(ArkComparison {
        report,
        backup,
        account_data,
    })
}

/// The account as it is now.
struct Place<'a> {
    ask: Ask<'a>,
    file: &'a File,
    candidates: &'a [SecretString],
    content: &'a Content,
    newest: Option<RawBackup>,
}

impl Place<'_> {
    async fn backup(&self, report: &ArkReport) -> Result<BackupComparison, ArkError> {
        let Some(source) = report.newest().and_then(|it| RawBackup::read(&it.info)) else {
            return Ok(BackupComparison::NothingArchived);
        };
        let Some(key) = report.keys.0.get(&source.version).filter(|_| source.is_readable()) else {
            return Ok(BackupComparison::NotOpened);
        };
        let (target, there) = match &self.newest {
            None => (
                Target::NewVersion {
                    algorithm: source.algorithm.clone(),
                    auth_data: source.auth_data.clone(),
                },
                None,
            ),
            Some(newest) => {
                let Some((same, of_target)) = self.key_of(newest, &source, key).await else {
                    let version = newest.version.clone();
                    return Ok(BackupComparison::TargetNotOpened { version });
                };
                let version = newest.version.clone();
                let public_key = newest.public_key().unwrap_or_default().trim_end_matches('=').to_owned();
                let target = match same {
                    true => Target::SameKey { version },
                    false => Target::OtherKey { version, public_key },
                };
                (target, Some(self.entries_there(newest, of_target).await?))
            }
        };
        let restore = BackupRestore {
            source: source.version,
            target,
            missing: 0,
            better: 0,
            already_there: 0,
            there,
            key: PrivateKey(key.clone()),
        };
        let counted = restore.counted(again(self.file)?).await?;
        Ok(BackupComparison::Possible(Arc::new(counted)))
    }

    /// The key of the account's version, and whether it is the archived one's.
    async fn key_of(
        &self,
        newest: &RawBackup,
        source: &RawBackup,
        archived: &Zeroizing<[u8; 32]>,
    ) -> Option<(bool, Arc<BackupKey>)> {
        let archived = BackupKey::from_bytes(archived).ok()?;
        if newest.algorithm == source.algorithm && newest.public_key().is_some_and(|it| archived.fits(it)) {
            return Some((true, Arc::new(archived)));
        }
        let opened = key_trial::open_storage(self.candidates, &storage::read(self.content)).await;
        let key = key_trial::backup_key(&opened, newest).await;
        key.filter(|_| newest.is_readable()).map(|key| (false, key))
    }

    async fn entries_there(&self, newest: &RawBackup, key: Arc<BackupKey>) -> Result<Coverage, ArkError> {
        let (Ask { caller, homeserver }, part) = (self.ask, PartName::BackupEntries(newest.version.clone()));
        let opening = Opening {
            key: Some(key),
            visit: None,
        };
        let listing = proof::list(
            caller,
            homeserver,
            &newest.version,
            opening,
            &ForecastProgress::default(),
        )
        .await;
        match listing {
            Fact::Known(listing) => match listing.gap() {
                None => Ok(listing.coverage().clone()),
                Some(gap) => Err(self.ask.not_given(&part, gap)),
            },
            Fact::Unknown(gap) => Err(self.ask.not_given(&part, gap)),
        }
    }
}

/// What an archived entry is worth to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    Missing,
    Better,
    AlreadyThere,
}

impl BackupRestore {
    /// Returns the private key of the archived version.
    pub fn archived_key(&self) -> &[u8; 32] {
        &self.key.0
    }

    /// Reads the ark in `file` again and shows `visit` every entry that the account lacks, until it breaks off. Takes
    /// long: not for an async thread.
    pub fn lacking(&self, file: &File, mut visit: impl FnMut(ArkEntry<'_>) -> ControlFlow<()>) -> Result<(), ArkError> {
        let visit = |entry: ArkEntry<'_>| match worth(&entry, self.there.as_ref()) {
            Worth::Missing | Worth::Better => visit(entry),
            Worth::AlreadyThere => Flow::Continue(()),
        };
        archived::entries(again(file)?, &self.source, &self.key()?, visit).map(|_| ())
    }

    fn key(&self) -> Result<Arc<BackupKey>, ArkError> {
        let key = BackupKey::from_bytes(&self.key.0).map(Arc::new);
        key.map_err(|error| ArkError::Read(io::Error::other(error)))
    }

    async fn counted(mut self, file: File) -> Result<Self, ArkError> {
        let counting = tokio::task::spawn_blocking(move || {
            let (mut missing, mut better, mut already_there) = (0, 0, 0);
            archived::entries(file, &self.source, &self.key()?, |entry| {
                *match worth(&entry, self.there.as_ref()) {
                    Worth::Missing => &mut missing,
                    Worth::Better => &mut better,
                    Worth::AlreadyThere => &mut already_there,
                } += 1;
                Flow::Continue(())
            })?;
            (self.missing, self.better, self.already_there) = (missing, better, already_there);
            Ok(self)
        });
        counting
            .await
            .unwrap_or_else(|_| Err(ArkError::Read(io::Error::other("the thread that reads was lost"))))
    }
}

fn worth(entry: &ArkEntry<'_>, there: Option<&Coverage>) -> Worth {
    let held = there.and_then(|it| it.room(entry.room_id)?.entry(entry.session_id));
    match held {
        None => Worth::Missing,
        Some(held) => match held.state {
            State::Damaged(damage) if !damage.leaves_a_key() => Worth::Better,
            _ if entry.first_index < held.first_index => Worth::Better,
            _ => Worth::AlreadyThere,
        },
    }
}

fn account_data(
    report: &ArkReport,
    content: &Content,
    published: &PublishedKeys,
    backup: &BackupComparison,
) -> Vec<DataComparison> {
    // `{}` is how account data is deleted: nothing was there to put back.
    let archived = report
        .account_data
        .iter()
        .filter(|(_, archived)| !storage::is_blank(archived));
    let compare = |(kind, archived): (&String, &Value)| DataComparison {
        kind: kind.clone(),
        archived: archived.clone(),
        state: match content.get(kind) {
            Some(now) if now == archived => DataState::Same,
            Some(now) if !storage::is_blank(now) => DataState::Different(now.clone()),
            _ => DataState::Missing,
        },
        hindrance: hindrance(kind, report, published, backup),
    };
    archived.map(compare).collect()
}

fn hindrance(
    kind: &str,
    report: &ArkReport,
    published: &PublishedKeys,
    backup: &BackupComparison,
) -> Option<Hindrance> {
    let (then, now) = (&report.published.identity, &published.identity);
    let same_identity = match kind {
        "m.cross_signing.master" => then.master == now.master,
        "m.cross_signing.self_signing" => public(&then.self_signing) == public(&now.self_signing),
        "m.cross_signing.user_signing" => public(&then.user_signing) == public(&now.user_signing),
        _ => true,
    };
    let another_backup = match backup {
        BackupComparison::TargetNotOpened { .. } => true,
        BackupComparison::Possible(restore) => matches!(restore.target, Target::OtherKey { .. }),
        BackupComparison::NothingArchived | BackupComparison::NotOpened => false,
    };
    let same_backup = kind != "m.megolm_backup.v1" || !another_backup;
    match (same_identity, same_backup) {
        (false, _) => Some(Hindrance::AnotherIdentity),
        (true, false) => Some(Hindrance::AnotherBackup),
        (true, true) => None,
    }
}

fn public(key: &Option<lifeboat_report::facts::CrossSigningKey>) -> Option<&str> {
    key.as_ref().map(|it| it.public_key.as_str())
}

/// The same file from its beginning.
fn again(file: &File) -> Result<File, ArkError> {
    let again = file.try_clone().and_then(|mut it| it.rewind().map(|()| it));
    again.map_err(ArkError::Read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", PrivateKey(Zeroizing::new([7; 32]))), "PrivateKey(..)");
    }
}
