//! Carries a repair out. Each looks again before it writes: the account may have changed since the plan.

mod account_data;
mod backup;
mod identity;
mod live;
mod secrets;
mod sessions;
mod uia;

use lifeboat_preflight::{
    BackupAccessError, FreshKey, Homeserver, KeyAtRisk, LiveError, LiveSession, OwnSession, SecretsAccessError,
    UnlockError,
};
use lifeboat_report::facts::SecretName;
use matrix_sdk::HttpError;
use secrecy::SecretString;

pub use self::live::renew_recovery_key;
use super::{MiningProgress, Repair, Under};
use crate::{GossipError, GossipOptions, UploadError};

/// Why a repair was not carried out. Each leaves the account as it was, or with entries or secrets added.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The account is not as it was when the plan was made.
    #[error("the account has changed since the plan was made.")]
    Changed,
    /// The sessions did not hand a secret over.
    #[error("no session has handed over {}.", .0.event_type())]
    NotHandedOver(SecretName),
    /// The server wants the account's password, and it was not given.
    #[error("the server wants the password of the account for this.")]
    NeedsPassword,
    /// The server does not take the password.
    #[error("the server does not take the password.")]
    PasswordRefused,
    /// The server wants the change to be approved on a page.
    #[error("the server wants you to approve this on its page first: {0}")]
    NeedsApproval(String),
    /// The server wants a proof that Lifeboat cannot give, or does not offer this at all.
    #[error("the server does not let this be done over its API.")]
    NotOffered,
    /// Secret storage does not open.
    #[error(transparent)]
    Secrets(#[from] SecretsAccessError),
    /// The key backup does not open.
    #[error(transparent)]
    Backup(#[from] BackupAccessError),
    /// Entries could not be added.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The session does not open secret storage, or cannot say what it holds.
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    /// Room keys could not be asked for.
    #[error(transparent)]
    Gossip(#[from] GossipError),
    /// This machine's cryptography failed.
    #[error("this machine cannot encrypt or sign.")]
    Cipher,
    /// The session is over, or the server could not be asked.
    #[error(transparent)]
    Live(#[from] LiveError),
}

/// What repairs are carried out with.
#[derive(Debug)]
pub struct Bench<'a> {
    /// Where the account is.
    pub homeserver: &'a Homeserver,
    /// Recovery keys and passphrases; that of the fresh key is among them.
    pub typed: &'a [SecretString],
    /// A storage key that was just made, and whose recovery key its owner has.
    pub fresh: Option<&'a FreshKey>,
    /// The account's password, for servers that ask for it.
    pub password: Option<&'a SecretString>,
    /// The room keys of the messages at risk.
    pub at_risk: &'a [KeyAtRisk],
    /// How long sessions are asked.
    pub asking: &'a GossipOptions,
    /// Where the room keys of an older backup are counted while they are brought over.
    pub mining: &'a MiningProgress,
}

impl Bench<'_> {
    fn id_of<'a>(&'a self, under: &'a Under) -> Result<&'a str, RepairError> {
        match under {
            Under::Existing(id) => Ok(id),
            Under::Fresh => self.fresh().map(FreshKey::id),
        }
    }

    fn fresh(&self) -> Result<&FreshKey, RepairError> {
        self.fresh.ok_or(RepairError::Changed)
    }
}

/// Carries out a repair that needs no session with encryption keys.
pub async fn apply(repair: &Repair, session: &OwnSession, bench: &Bench<'_>) -> Result<(), RepairError> {
    match repair {
        Repair::MineBackup { from, to, public_key } => backup::mine(session, bench, from, to, public_key).await,
        Repair::NewStorageKey => secrets::describe(session, bench.fresh()?).await,
        Repair::SetUpIdentity { under } => {
            let under = bench.id_of(under)?;
            identity::publish(session, bench, under, identity::Standing::None).await
        }
        Repair::ResetIdentity { under, replaces } => {
            let standing = identity::Standing::Replaced(replaces.as_deref());
            identity::publish(session, bench, bench.id_of(under)?, standing).await
        }
        Repair::StoreSecrets { names, under } => secrets::store_typed(session, bench, names, under).await,
        Repair::SetDefaultKey { to, .. } => secrets::set_default(session, bench.typed, bench.id_of(to)?).await,
        Repair::SwitchBackupOn(switch) => backup::switch_on(session, *switch).await,
        Repair::CreateBackup { under, beside } => {
            backup::create(session, bench, bench.id_of(under)?, beside.as_deref()).await
        }
        Repair::SignBackup { version, public_key } => backup::sign(session, bench, version, public_key).await,
        Repair::SignSession {
            device_id, fingerprint, ..
        } => sessions::sign(session, bench, device_id, fingerprint).await,
        Repair::RenameSession { device_id, to, .. } => sessions::rename(session, device_id, to).await,
        Repair::SignOutSession { device_id, .. } => sessions::sign_out(session, bench, device_id).await,
        Repair::FetchSecrets { .. } | Repair::RenewRecoveryKey { .. } | Repair::FillBackup => Err(RepairError::Changed),
    }
}

/// Carries out a repair through a session that other sessions see; those that need a person expect that it has compared
/// with one of them already. Every other repair is carried out as [`apply`] does.
pub async fn apply_live(repair: &Repair, live: &LiveSession, bench: &Bench<'_>) -> Result<(), RepairError> {
    match repair {
        Repair::FetchSecrets { names, under, trust } => live::fetch(live, bench, names, under, *trust).await,
        Repair::RenewRecoveryKey { .. } => renew_recovery_key(live, bench.fresh()?, live::PATIENCE).await,
        Repair::FillBackup => live::fill(live, bench).await,
        other => apply(other, live.own(), bench).await,
    }
}

fn heard<T>(answer: Result<T, HttpError>) -> Result<T, RepairError> {
    Ok(answer.map_err(LiveError::from)?)
}
