//! `lifeboat check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{AccountArgs, KeyArgs, SignInArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Tells what a password reset would cost, and what to do about it first

Lifeboat signs in, looks at your sessions, your identity, your secret storage and your key backup, and judges two \
resets: one that signs every session out, and one that keeps your sessions. With your recovery key it also tries \
what that key really opens.

It changes nothing. The session it makes is called “Lifeboat check (removes itself)”, uploads no encryption keys, \
and is removed at the end, also on an error or Ctrl-C.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat check @mira:example.org
      Asks for the password, then for the recovery key (Enter skips it).
  lifeboat check @mira:example.org --status-file status.json
      Also writes everything it found to a new file that holds no secret.
  lifeboat check @mira:example.org --password-file p.txt --recovery-key-file k.txt --json
      Asks nothing and prints one JSON document, for scripts.
  lifeboat check --from status.json
      Judges that file again, without any network.

{}",
        exit::help(&[Exit::Done, Exit::Blocked, Exit::Caution, Exit::Failed, Exit::Usage, Exit::Interrupted])
    )
}

/// Arguments of `lifeboat check`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER", required_unless_present = "from")]
    pub(crate) user: Option<String>,
    /// Judge this status file again instead of asking a server
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "AccountArgs", "SignInArgs", "KeyArgs", "keep_session", "quick"])]
    pub(crate) from: Option<PathBuf>,
    /// Which reset the exit status speaks about
    #[arg(long, value_enum, default_value_t = FateArg::Ended)]
    pub(crate) fate: FateArg,
    /// Leave out what takes long
    #[arg(long)]
    pub(crate) quick: bool,
    /// Keep the session, encrypted on this machine, for the next command
    #[arg(long, conflicts_with = "access_token_file")]
    pub(crate) keep_session: bool,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    /// How to sign in.
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// Keys to try.
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    /// What to print and write.
    #[command(flatten)]
    pub(crate) output: CheckOutputArgs,
}

/// What `lifeboat check` prints and writes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct CheckOutputArgs {
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// Write all facts, findings and verdicts to this new file; it holds no secret
    #[arg(long, value_name = "FILE")]
    pub(crate) status_file: Option<PathBuf>,
    /// Replace ids and addresses by short hashes that stay the same, in the JSON
    #[arg(long)]
    pub(crate) redact: bool,
    /// Keep the names of rooms in the JSON
    #[arg(long, conflicts_with = "redact")]
    pub(crate) with_names: bool,
}

/// Which reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FateArg {
    /// Every session is signed out.
    Ended,
    /// Every session stays signed in.
    Kept,
}
