//! `lifeboat desk`: the administrator's chair, at a real Synapse.

mod audit;
mod check;
mod mas;
mod refused;
mod reset;
mod resume;
mod token;

use std::{fs, os::unix::fs::PermissionsExt as _};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    api::Api,
    lifeboat::{Lifeboat, Outcome},
};

/// A command about somebody, with the token of an administrator.
fn desk(command: &str, user: &str, base_url: &str, admin: &Api) -> Result<Lifeboat> {
    Lifeboat::new(["desk", command, user, "--homeserver", base_url])?
        .secret("--admin-token-file", admin.token().context("a token")?)
}

/// What a command wrote into a file in its home that only its owner can read.
fn private(outcome: &Outcome, name: &str) -> Result<String> {
    let path = outcome.home().join(name);
    ensure!(path.metadata()?.permissions().mode() & 0o777 == 0o600, "{name}");
    Ok(fs::read_to_string(path)?)
}

/// Reads the temporary password in `mira.txt`, and both letters, which hold these words and not the password; returns it.
fn handed_over(outcome: &Outcome, words: &[&str]) -> Result<String> {
    let password = private(outcome, "mira.txt")?.trim().to_owned();
    ensure!(!outcome.to_string().contains(&password), "the password was printed");
    for name in ["letter.txt", "letter.html"] {
        let letter = private(outcome, name)?;
        ensure!(!letter.contains(&password), "the letter holds the password: {name}");
        for words in words {
            ensure!(letter.contains(words), "{letter}");
        }
    }
    Ok(password)
}
