//! `lifeboat desk audit`.

use std::path::PathBuf;

use clap::Args;

use super::AdminArgs;
use crate::{
    args::AccountArgs,
    exit::{self, Exit},
};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Looks at every account of a server, a light for each

  red      something is seen to be missing: if every session is signed out, messages are lost
  amber    everything that can be seen is in place; the rest only the person can know
  grey     no session holds a key, or the account is closed: signing sessions out destroys nothing
  unknown  what would show it could not be asked

Lifeboat asks Synapse's Admin API and for published keys, as slowly as --rps says. It acts as nobody, changes nothing, \
and writes down no secret. Each account is on disk as soon as it was looked at: stopped at any moment, the same command \
goes on where it was, and ends with the same files.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat desk audit example.org --folder audit
      All accounts; the results are in audit/accounts.jsonl, accounts.csv and summary.html.
  lifeboat desk audit example.org --folder audit --users staff.txt --rps 5
      The accounts in that file, one user id in a line; at most five requests in a second.

{}",
        exit::help(&[Exit::Done, Exit::Failed, Exit::Usage, Exit::Interrupted])
            .replace(Exit::Interrupted.meaning(), "stopped by you; the same command goes on")
    )
}

/// Arguments of `lifeboat desk audit`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DeskAuditArgs {
    /// The server’s name, as in its user ids
    #[arg(value_name = "SERVER")]
    pub(crate) server: String,
    /// Write the results into this folder, a new one or that of an audit that was stopped
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// Look at the accounts in this file alone: one user id in a line
    #[arg(long, value_name = "FILE")]
    pub(crate) users: Option<PathBuf>,
    /// Send at most this many requests in a second
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rps: u32,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// Whose token speaks.
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
}
