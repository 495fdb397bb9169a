//! `lifeboat resume`.

use std::path::PathBuf;

use clap::Args;

use super::{AccountArgs, reset::NewPasswordArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Finishes a reset that was interrupted

Lifeboat reads its journal, finds out whether the server took the new password, and does what is left to do. It needs \
the new password again, and the recovery key: neither was written down.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat resume @mira:example.org
      Asks for everything it needs.
  lifeboat resume @mira:example.org --new-password-file new.txt --recovery-key-file key.txt
      Asks nothing, for scripts.
  lifeboat resume @mira:example.org --admin-token-file token.txt --new-password-file new.txt \\
      --letter letter.txt
      Finishes what lifeboat desk reset began, and writes the letter.

{}",
        exit::help(&Exit::ALL)
    )
}

/// Arguments of `lifeboat resume`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ResumeArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// The address that a mail is to go to, if it has to be asked for again
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// Read the old password from this file, if it turns out that it still is the true one
    #[arg(long, value_name = "FILE")]
    pub(crate) old_password_file: Option<PathBuf>,
    /// Read the access token of a server administrator from this file, on the route `synapse-admin`
    #[arg(long, value_name = "FILE")]
    pub(crate) admin_token_file: Option<PathBuf>,
    /// Write the letter of an administrator’s reset to this new file, and as a page to the same name with .html;
    /// without it, none is written
    #[arg(long, value_name = "FILE")]
    pub(crate) letter: Option<PathBuf>,
    /// Take the words of the letter from this text file, in any language: {account}, {server}, {administrator}, {day},
    /// {count} and {sessions} in it are filled in
    #[arg(long, value_name = "FILE", requires = "letter")]
    pub(crate) letter_template: Option<PathBuf>,
    /// Read the recovery key or passphrase from this file
    #[arg(long, value_name = "FILE")]
    pub(crate) recovery_key_file: Option<PathBuf>,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// The new password.
    #[command(flatten)]
    pub(crate) new_password: NewPasswordArgs,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
}
