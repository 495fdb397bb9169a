//! Changes the password of a Matrix account by the least destructive route, signs in again, restores, and proves that
//! the history is back.
//!
//! The way of a reset: [`lifeboat_report::Clearance`] allows it, [`lifeboat_report::Plan`] lists its steps,
//! [`flow::next`] says which step is to be done after what the [`Journal`] holds, and the driver does it. A crash at
//! any point leaves a journal from which the same function says how to go on.

mod answer;
mod asker;
mod broken;
mod drive;
pub mod flow;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod history_proof;
mod journal;
mod json_request;
pub mod policy;
#[cfg(test)]
mod quiet;
pub mod route;
mod seal;
#[cfg(test)]
mod testing;
mod trial;
mod uia;

pub use answer::{Answer, DarkCause, Refusal};
pub use asker::{Asker, EndedBy, News, NobodyThere, PageAnswer, PageLook, TruePassword, Wishes};
pub use broken::{Broken, Cause};
pub use drive::{ComeBack, Finished, Kit, Places, Reset};
pub use journal::{AccountLock, Found, Halfway, Header, Journal, JournalError};
pub use seal::{Sealed, Sealer};
pub use trial::{Trial, try_password};
