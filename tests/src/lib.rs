//! Lives with a real Synapse and a real mailbox: accounts with sessions that run, and every defect an account can have.

// The futures of the SDK nest deeper than the compiler follows by default.
#![recursion_limit = "256"]

pub mod account;
pub mod api;
pub mod browser;
pub mod canned;
pub mod chromium;
pub mod counts;
pub mod crowd;
pub mod forger;
pub mod large_account;
pub mod large_backup;
pub mod large_server;
pub mod lifeboat;
pub mod mailbox;
pub mod name;
pub mod oauth;
pub mod peak;
pub mod proxy;
pub mod room_key;
pub mod schema;
pub mod server;
pub mod session;
pub mod signing;
pub mod snapshot;
pub mod spread;
pub mod storage_key;
pub mod tls;
pub mod truth;
pub mod tunnel;
pub mod wait;
