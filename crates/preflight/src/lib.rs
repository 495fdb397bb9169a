//! Asks a homeserver what a password reset would cost an account.
//!
//! The way in: [`discover()`] finds the homeserver, [`OwnSession::sign_in`] signs in, [`check()`] runs every probe and
//! returns [`lifeboat_report::Facts`], [`OwnSession::leave`] removes the session again. Nothing here changes the
//! account beyond that session: no keys are uploaded, no account data is written, nothing is signed.
//!
//! With a session that exists ([`examine()`] makes the forecast, too; `examples/verdict.rs` is a whole program):
//!
//! ```no_run
//! # use lifeboat_preflight::{
//! #     Credentials, ForecastOptions, ForecastQuestion, Keeping, NetworkOptions, OwnSession, Questions, discover, examine,
//! #     ruma::UserId,
//! # };
//! # use lifeboat_report::{Fate, Report};
//! # async fn verdict(token: secrecy::SecretString, now: u64) -> Result<(), Box<dyn std::error::Error>> {
//! let user = UserId::parse("@you:example.org")?;
//! let homeserver = discover(&user, None, NetworkOptions::default()).await?;
//! let lent = Credentials::AccessToken(token);
//! let session = OwnSession::sign_in(&homeserver, &user, lent, Keeping::RemoveAtEnd).await?;
//! let messages = ForecastQuestion::Run(ForecastOptions::default());
//! let checked = examine(&session, &homeserver, &Questions::default(), &messages, &()).await?;
//! session.leave().await?; // a lent session stays as it is
//! let report = Report::of(user.to_string(), now, checked.facts);
//! for fate in Fate::BOTH {
//!     println!("sessions {fate}: {}", report.verdict.of(fate));
//! }
//! # Ok(())
//! # }
//! ```

mod admin_api;
pub mod ark;
mod as_person;
mod audit;
mod backup_access;
mod base64_text;
mod bounded;
mod caller;
mod check;
mod clock;
mod discover;
mod echo;
mod forecast;
mod fresh_key;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod gap;
mod ground;
mod hurry;
mod identity_keys;
mod key_trial;
mod limit;
mod live;
mod mas_api;
mod mortal;
mod network;
mod older;
mod outside;
mod probe;
mod proof;
#[cfg(test)]
mod quiet;
mod recovery_key;
mod secrets_access;
mod session;
mod session_keys;
mod signed_json;
mod storage_key;
mod sync_folder;
#[cfg(test)]
mod testing;
mod waiting;

pub use matrix_sdk::ruma;

pub use admin_api::{AdminApi, Missing, Pace};
pub use as_person::{AsPersonError, ListedSession};
pub use audit::{AuditError, Auditor, Glance, Listed, Page, Pages};
pub use backup_access::{BackupAccess, BackupAccessError, BackupView};
pub use caller::{Caller, End};
pub use check::{CheckError, Checked, Questions, Step, Watch, check, examine};
pub use clock::now;
pub use discover::{DiscoverError, Homeserver, discover};
pub use echo::words_without;
pub use forecast::{
    EventProofWish, ForecastMemory, ForecastOptions, ForecastProgress, ForecastQuestion, HistoryEvent, HistoryKind,
    HistoryReader, KeyAtRisk, LeftRooms,
};
pub use fresh_key::FreshKey;
pub use gap::gap_of;
pub use ground::ground;
pub use hurry::unhurried;
pub use identity_keys::{IdentityKeys, PublicIdentity};
pub use live::{
    BackupConnection, FetchError, FetchProgress, Fetched, HeldSecrets, LiveError, LiveSession, OwnSignature,
    SettleError, SettleProgress, UnlockError, Unlocked, is_suspended,
};
pub use mas_api::{MasAccount, MasApi, MasError, MasPlace, NoMas, segment_of as mas_segment_of};
pub use network::{CertificateProblem, InsecureHttp, NetworkOptions, ProxyProblem};
pub use older::OlderVersions;
pub use outside::outside;
pub use probe::{published::published_identity, server::oauth_server};
pub use recovery_key::{OtherThing, Typo, Understanding, understand};
pub use secrets_access::{SecretsAccess, SecretsAccessError};
pub use session::{
    BrowserHere, Credentials, KeepIn, Keeping, LeaveError, Left, Method, Methods, OAuthWay, OwnSession, Provider,
    SessionKind, Shown, SignInError, ask_browser,
};
pub use session_keys::SessionKeys;
pub use sync_folder::sync_folder;
pub use waiting::Waiting;
