//! `lifeboat prove`.

use std::path::PathBuf;

use clap::Args;

use super::{AccountArgs, KeyArgs, SignInArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Proves that what could be read before can be read now

Lifeboat signs in with a new session, opens your secret storage with the recovery key, fetches every backed-up key, \
and then decrypts the same messages that an earlier check looked at, with nothing but what this session holds itself. \
It shows before and after side by side, room by room, and names every loss with its cause.

The earlier check is a file that `lifeboat check --status-file` wrote; it names the account, too. The session is \
removed at the end, also on an error or Ctrl-C. Nothing else is changed.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat prove status.json
      Asks for the password, then for the recovery key.
  lifeboat prove status.json --password-file p.txt --recovery-key-file k.txt --json
      Asks nothing and prints one JSON document, for scripts.

{}",
        exit::help(&[
            Exit::Done,
            Exit::Incomplete,
            Exit::Failed,
            Exit::Usage,
            Exit::Interrupted
        ])
        .replace(
            Exit::Done.meaning(),
            "everything that could be read before can be read now"
        )
        .replace(
            Exit::Incomplete.meaning(),
            "something cannot be read any more, or was not looked at"
        )
    )
}

/// Arguments of `lifeboat prove`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ProveArgs {
    /// What an earlier check wrote with --status-file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// Put the names of rooms into the JSON
    #[arg(long, requires = "json")]
    pub(crate) with_names: bool,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    /// How to sign in.
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// What opens secret storage.
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}
