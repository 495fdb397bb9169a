//! What the rules look at: the facts, reduced to a small closed space.
//!
//! Numbers, ids and names stay behind in [`Facts`], where findings fetch them as evidence. What is left is finite, so
//! that laws about [`judge`](crate::judge()) are tested on all of it and not on examples: storage has 801 values, key
//! trial 25, backup 9, proof 5, coverage 6, identity 6, sessions 129, and the server's axes 162 and 36
//! together. Their product
//! is never needed. The rules of recovery depend on 26 × 13 × 5 × 3 × 6 combinations together; every other rule looks
//! at one axis or two, and is tested on all of theirs: 50 181 situations in all.
//!
//! The reduction is strict: facts that contradict each other count as the worse of the two readings.

mod backup;
mod coverage;
mod identity;
mod server;
mod sessions;
mod storage;
mod trial;

use crate::Facts;

pub use backup::{Backup, OffSwitch, Proof, Signatures};
pub use coverage::Coverage;
pub use identity::Identity;
pub use server::{Accounts, Emails, PasswordChange, PasswordSignIn, Providers, RateLimit, Restricted};
pub use sessions::Sessions;
pub use storage::{DefaultKey, IdentitySecrets, Place, Storage};
pub use trial::{BackupOpened, StorageOpened, Trial};

/// Everything that the rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Situation {
    /// The cross-signing identity.
    pub identity: Identity,
    /// The sessions beside this one.
    pub sessions: Sessions,
    /// Secret storage and the secrets in it.
    pub storage: Storage,
    /// What the recovery key or passphrase opens.
    pub trial: Trial,
    /// The active version of the key backup.
    pub backup: Backup,
    /// Whether somebody switched the key backup off.
    pub off_switch: OffSwitch,
    /// Whether every entry of the active version opens.
    pub proof: Proof,
    /// Which messages the key backup covers.
    pub coverage: Coverage,
    /// Whether a password can be reset by e-mail.
    pub emails: Emails,
    /// Who keeps the accounts.
    pub accounts: Accounts,
    /// Whether the password can be changed over the API.
    pub password_change: PasswordChange,
    /// Whether anybody signs in with a password on this server.
    pub password_sign_in: PasswordSignIn,
    /// Whether an identity provider signs the person in.
    pub providers: Providers,
    /// Whether administrators have restricted the account.
    pub restricted: Restricted,
    /// Whether a probe was turned away for asking too often.
    pub rate_limit: RateLimit,
}

impl Situation {
    /// Reduces `facts`.
    pub fn of(facts: &Facts) -> Self {
        Self {
            identity: Identity::of(&facts.identity),
            sessions: Sessions::of(facts),
            storage: Storage::of(&facts.storage),
            trial: Trial::of(facts),
            backup: Backup::of(&facts.backup.active),
            off_switch: OffSwitch::of(&facts.backup.switched_off),
            proof: Proof::of(facts),
            coverage: Coverage::of(&facts.coverage),
            emails: Emails::of(&facts.account.emails),
            accounts: Accounts::of(&facts.server.oauth),
            password_change: PasswordChange::of(&facts.server.password_change),
            password_sign_in: PasswordSignIn::of(&facts.server.login_flows),
            providers: Providers::of(&facts.account),
            restricted: Restricted::of(&facts.account),
            rate_limit: if facts.rate_limits().is_empty() {
                RateLimit::NotHit
            } else {
                RateLimit::Hit
            },
        }
    }
}
