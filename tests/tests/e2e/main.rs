//! End-to-end tests against a real Synapse with a real mailbox. One binary: each one would link the whole SDK.

#![recursion_limit = "256"]

mod alone;
mod ark;
mod bad_input;
mod book;
mod check;
mod check_accounts;
mod check_large;
mod desk;
mod examples;
mod faults;
mod forecast;
mod guide;
mod harness;
mod hostile;
mod keyring;
mod library;
mod live;
mod machine;
mod network;
mod oauth;
mod page;
mod prove;
mod repair;
mod rescue;
mod reset;
mod routes;
mod secrets;
mod sso;
mod terminal;
mod try_key;
mod verify;
