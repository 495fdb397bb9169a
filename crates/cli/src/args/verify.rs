//! `lifeboat verify`.

use std::path::PathBuf;

use clap::Args;

use super::{AccountArgs, KeyArgs, SignInArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Makes Lifeboat’s session or another one of yours trusted, and replaces a lost recovery key

Lifeboat’s own session becomes trusted by your recovery key, or by comparing with one of your verified sessions: seven \
emoji on both sides, or a code on this terminal where the other side can scan one. That session then hands over the \
secrets of your identity and of your key backup.

With --new-recovery-key they are stored again under a new recovery key, which is written into a new file and tried \
before it counts: your identity and your key backup stay the same, nothing is deleted, and the old recovery key stops \
working in apps. With --session another session of yours is made trusted as well: by comparing with it, or by its \
session key.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat verify @mira:example.org
      Asks which session to compare with, and says what it hands over.
  lifeboat verify @mira:example.org --new-recovery-key recovery-key.txt
      The recovery key is lost, but a session lives.
  lifeboat verify @mira:example.org --ask-recovery-key --session ABCDEFGHIJ
      Makes the session ABCDEFGHIJ trusted: compares emoji with it.
  lifeboat verify @mira:example.org --ask-recovery-key --keep-session
      Keeps a session of Lifeboat’s own that others trust.

{}",
        exit::help(&[
            Exit::Done,
            Exit::Incomplete,
            Exit::Failed,
            Exit::Usage,
            Exit::Interrupted
        ])
        .replace(Exit::Done.meaning(), "verified, and every secret is there")
        .replace(Exit::Incomplete.meaning(), "verified, but not every secret is there")
    )
}

/// Arguments of `lifeboat verify`.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// The id of the verified session to compare with; otherwise you are asked
    #[arg(long = "with", value_name = "SESSION", conflicts_with = "KeyArgs")]
    pub(crate) with: Option<String>,
    /// Make this session trusted, too; by its id
    #[arg(long, value_name = "SESSION")]
    pub(crate) session: Option<String>,
    /// Do not compare with that session: its session key, as it shows it itself, is this
    #[arg(long, value_name = "KEY", requires = "session")]
    pub(crate) session_key: Option<String>,
    /// Make a new recovery key and write it into this new file
    #[arg(long, value_name = "FILE")]
    pub(crate) new_recovery_key: Option<PathBuf>,
    /// Compare emoji even where the other side could scan a code
    #[arg(long)]
    pub(crate) emoji: bool,
    /// Keep Lifeboat’s session, encrypted on this machine, for the next command
    #[arg(long)]
    pub(crate) keep_session: bool,
    /// Give up when the other session takes longer for a step than so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    pub(crate) wait: u64,
    /// Print one JSON document instead of sentences
    #[arg(long)]
    pub(crate) json: bool,
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
