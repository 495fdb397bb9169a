//! Changes the password of a Matrix account by the least destructive route, signs in again, restores, and proves that
//! the history is back.
//!
//! The way of a reset: [`lifeboat_report::Clearance`] allows it, [`lifeboat_report::Plan`] lists its steps,
//! [`flow::next`] says which step is to be done after what the [`Journal`] holds, and the driver does it. A crash at
//! any point leaves a journal from which the same function says how to go on.

pub mod flow;
mod journal;
mod seal;

pub use journal::{Found, Header, Journal, JournalError, ResetLock};
pub use seal::{MailProof, Sealed, Sealer};
