//! `config.toml`: what would otherwise have to be typed with every command. Every key is also a flag, and flags win.

mod read;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::PathBuf};

use lifeboat_preflight::ruma::UserId;
use serde::Deserialize;

use crate::args::{AuthArg, ColorArg};

pub(crate) use read::load;
#[cfg(feature = "fuzzing")]
pub(crate) use read::parse;

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Config {
    /// `--color`
    pub(crate) color: Option<ColorArg>,
    /// `--quiet`
    pub(crate) quiet: bool,
    /// `--no-cache`
    pub(crate) no_cache: bool,
    /// `--include-left`
    pub(crate) include_left: bool,
    /// `--no-browser`
    pub(crate) no_browser: bool,
    /// `--proxy`
    pub(crate) proxy: Option<String>,
    /// `--ca-file`
    pub(crate) ca_file: Option<PathBuf>,
    /// What holds for one account alone, by its user id.
    accounts: BTreeMap<String, Account>,
    /// The flags that chose this file, for the command lines that Lifeboat advises.
    #[serde(skip)]
    pub(crate) chosen_by: Vec<String>,
}

/// What holds for one account alone; it goes before what holds for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default, expecting = "the settings of an account")]
pub(crate) struct Account {
    /// `--homeserver`
    pub(crate) homeserver: Option<String>,
    /// `--auth`
    pub(crate) auth: Option<AuthArg>,
    /// `--identity-provider`
    pub(crate) identity_provider: Option<String>,
    /// `--proxy`
    pub(crate) proxy: Option<String>,
    /// `--ca-file`
    pub(crate) ca_file: Option<PathBuf>,
}

/// The keys of the file, outside the tables of accounts.
const KEYS: [&str; 8] = [
    "color",
    "quiet",
    "no-cache",
    "include-left",
    "no-browser",
    "proxy",
    "ca-file",
    "accounts",
];
/// The keys in the table of an account.
const ACCOUNT_KEYS: [&str; 5] = ["homeserver", "auth", "identity-provider", "proxy", "ca-file"];

impl Config {
    /// Returns what holds for `user`.
    pub(crate) fn of(&self, user: &UserId) -> Account {
        let own = self.accounts.get(user.as_str()).cloned().unwrap_or_default();
        Account {
            proxy: own.proxy.or_else(|| self.proxy.clone()),
            ca_file: own.ca_file.or_else(|| self.ca_file.clone()),
            ..own
        }
    }
}
