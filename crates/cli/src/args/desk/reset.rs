//! `lifeboat desk reset`.

use std::path::PathBuf;

use clap::Args;

use super::{AdminArgs, MasArgs};
use crate::{
    args::{AccountArgs, ConsentArgs},
    exit::{self, Exit},
};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Sets a temporary password for somebody, and writes a letter to them

Lifeboat looks at the account from outside, shows the plan with its consequence in numbers, asks, sets the password, and \
looks again whether the sessions are as you chose. It creates no account: a mistyped name is refused.

The person's sessions stay signed in unless you choose --end-sessions, and their history with them. The password is \
never shown: it goes into a file of its own that only you can read. The letter says what happened and what to do next, \
and does not hold it; hand the two over on different ways.

Where a Matrix Authentication Service keeps the accounts, the password is set there, which ends nothing by itself. What is \
signed in there is listed, and with --end-sessions ended one by one.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat desk reset @mira:example.org
      Asks for the access token of an administrator and before it changes anything.
  lifeboat desk reset @mira:example.org --end-sessions --dry-run
      Shows what signing every session out would take, and changes nothing.
  lifeboat desk reset @mira:example.org --admin-token-file token.txt --yes --accept-cautions \\
      --temporary-password-file new.txt --letter letter.txt --letter-template words.txt
      Asks nothing, for scripts; the letter in your own words.

{}",
        exit::help(&[
            Exit::Done,
            Exit::Failed,
            Exit::Usage,
            Exit::Blocked,
            Exit::Caution,
            Exit::Stranded,
            Exit::Interrupted
        ])
        .replace(
            Exit::Stranded.meaning(),
            "the password was changed, or may have been: do what is said"
        )
    )
}

/// Arguments of `lifeboat desk reset`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DeskResetArgs {
    /// The person’s user id, like @mira:example.org
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// Sign every session of the person out, and lose what only they hold
    #[arg(long)]
    pub(crate) end_sessions: bool,
    /// Write the temporary password to this new file; without it, to lifeboat-NAME-TIME.password
    #[arg(long, value_name = "FILE")]
    pub(crate) temporary_password_file: Option<PathBuf>,
    /// Write the letter to this new file, and as a page to the same name with .html; without it, to
    /// lifeboat-NAME-TIME.letter
    #[arg(long, value_name = "FILE")]
    pub(crate) letter: Option<PathBuf>,
    /// Take the words of the letter from this text file, in any language: {account}, {server}, {administrator}, {day},
    /// {count} and {sessions} in it are filled in
    #[arg(long, value_name = "FILE")]
    pub(crate) letter_template: Option<PathBuf>,
    /// What is agreed to.
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// Whose token speaks.
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
    /// Whose token speaks where accounts are kept elsewhere.
    #[command(flatten)]
    pub(crate) mas: MasArgs,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
}
