//! Changes the password of a Matrix account by the least destructive route, signs in again, restores, and proves that
//! the history is back.

mod answer;
mod json_request;
pub mod policy;
pub mod route;
#[cfg(test)]
mod testing;
mod trial;
mod uia;

pub use answer::{Answer, DarkCause, Refusal};
pub use trial::{Trial, try_password};
