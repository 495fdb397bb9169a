//! `lifeboat desk`: the administrator's chair, at a real Synapse.

mod audit;
mod check;
mod mas;
mod refused;
mod reset;
mod token;

use anyhow::{Context as _, Result};
use lifeboat_tests::{
    api::Api,
    lifeboat::{Lifeboat, Outcome},
};

/// A command about somebody, with the token of an administrator.
fn desk(command: &str, user: &str, base_url: &str, admin: &Api) -> Result<Lifeboat> {
    Lifeboat::new(["desk", command, user, "--homeserver", base_url])?
        .secret("--admin-token-file", admin.token().context("a token")?)
}

/// What was said and shown, with single spaces.
fn flat(outcome: &Outcome) -> String {
    let all = format!("{} {}", outcome.stderr, outcome.stdout);
    all.split_whitespace().collect::<Vec<_>>().join(" ")
}
