//! Everything the probes learned about one account, with its numbers and names.
//!
//! Field names are a promise: they are the status file's. Moments are milliseconds since the Unix epoch, as in Matrix.

mod account;
mod backup;
mod coverage;
mod identity;
mod key_trial;
mod server;
mod sessions;
mod storage;

use serde::{Deserialize, Serialize};

use crate::Fact;

pub use account::{Account, AccountServer, ActedAsPerson, Administration, Email, Restriction, SignedIn, SignedInKind};
pub use backup::{BackupAlgorithm, BackupSignature, BackupVersion, KeyBackup, OffSwitch, OlderBackup, Signer};
pub use coverage::{Coverage, Proof};
pub use identity::{CrossSigningKey, Identity, Signature};
pub use key_trial::{BackupOpening, Candidate, CandidateForm, KeyTrial, SecretTrial};
pub use server::{OAuth, PasswordChange, Server, Software, Support, SupportContact};
pub use sessions::{BackupKeyAnswer, DeviceKeys, Session};
pub use storage::{CheckData, DefaultKey, Passphrase, Secret, SecretName, SecretStorage, StorageKey};

/// Everything the probes learned, each part known or with the reason why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Facts {
    /// The homeserver and what it offers.
    pub server: Server,
    /// The account's addresses and rights.
    pub account: Account,
    /// Every session (device) of the account, this one included.
    pub sessions: Fact<Vec<Session>>,
    /// The cross-signing identity. Known and without any key means that there is none.
    pub identity: Fact<Identity>,
    /// Secret storage. Known and without any key means that there is none.
    pub storage: Fact<SecretStorage>,
    /// The server-side key backup.
    pub backup: KeyBackup,
    /// What the recovery key or passphrase that the person typed opens; `not-asked` when none was given.
    pub key_trial: Fact<KeyTrial>,
    /// The decrypt test of every backed-up key.
    pub proof: Fact<Proof>,
    /// Which messages the backup covers.
    pub coverage: Fact<Coverage>,
}
