//! `lifeboat verify`.

use std::path::PathBuf;

use clap::Args;

use super::{AccountArgs, SignInArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Verifies Lifeboat’s session with one of yours by emoji, and makes a new recovery key where the old one is lost

Lifeboat asks one of your verified sessions to compare emoji: accept it there, look at both, and say whether they are \
the same. That session then hands over the secrets of your identity and of your key backup. With --new-recovery-key \
they are stored again under a new recovery key, which is written into a new file and tried before it counts: your \
identity and your key backup stay the same, nothing is deleted, and the old recovery key stops working in apps.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat verify @mira:example.org
      Asks which session to compare with, and says what it hands over.
  lifeboat verify @mira:example.org --new-recovery-key recovery-key.txt
      The recovery key is lost, but a session lives.

{}",
        exit::help(&[
            Exit::Done,
            Exit::Incomplete,
            Exit::Failed,
            Exit::Usage,
            Exit::Interrupted
        ])
        .replace(Exit::Done.meaning(), "verified, and every secret was handed over")
        .replace(
            Exit::Incomplete.meaning(),
            "verified, but not every secret was handed over"
        )
    )
}

/// Arguments of `lifeboat verify`.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// The id of the session to compare with; otherwise you are asked
    #[arg(long = "with", value_name = "SESSION")]
    pub(crate) with: Option<String>,
    /// Make a new recovery key and write it into this new file
    #[arg(long, value_name = "FILE")]
    pub(crate) new_recovery_key: Option<PathBuf>,
    /// Give up when the other session takes longer for a step than so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    pub(crate) wait: u64,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    /// How to sign in.
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
}
