//! `lifeboat desk check`.

use clap::Args;

use super::{AdminArgs, MasArgs};
use crate::{
    args::{AccountArgs, CheckOutputArgs, FateArg, ForecastArgs},
    exit::{self, Exit},
};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Tells what can be seen of an account from outside, and what a reset would cost

Lifeboat asks Synapse's Admin API about the account: whether it is restricted, its sessions and when they were last \
seen, its addresses, who signs the person in, what its secret storage consists of; and whether its identity vouches for \
its sessions. Where a Matrix Authentication Service keeps the accounts, its Admin API tells what is signed in there. \
Lifeboat signs in as nobody and changes nothing.

With --as-user it looks with the eyes of the person: the key backup and, message by message, what it covers. Ask them \
first, and say how they agreed; the status file keeps that. The access token for it makes no session that anybody sees, \
and is ended after the look.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat desk check @mira:example.org
      Asks for the access token of an administrator.
  lifeboat desk check @mira:example.org --admin-token-file token.txt --html mira.html
      Also writes a page to keep or print.
  lifeboat desk check @mira:example.org --as-user --consent ticket-4711
      Counts the messages that the key backup covers, too.

{}",
        exit::help(&[
            Exit::Blocked,
            Exit::Caution,
            Exit::Failed,
            Exit::Usage,
            Exit::Interrupted
        ])
    )
}

/// Arguments of `lifeboat desk check`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DeskCheckArgs {
    /// The person’s user id, like @mira:example.org
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// Which reset the exit status speaks about
    #[arg(long, value_enum, default_value_t = FateArg::Ended)]
    pub(crate) fate: FateArg,
    /// Look with the eyes of the person, who agreed to it
    #[arg(long)]
    pub(crate) as_user: bool,
    /// How the person agreed; it is kept in the status file
    #[arg(long, value_name = "WORDS", requires = "as_user")]
    pub(crate) consent: Option<String>,
    /// Whose token speaks.
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
    /// Whose token speaks where accounts are kept elsewhere.
    #[command(flatten)]
    pub(crate) mas: MasArgs,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    /// Which messages to look at.
    #[command(flatten)]
    pub(crate) forecast: ForecastArgs,
    /// What to print and write.
    #[command(flatten)]
    pub(crate) output: CheckOutputArgs,
}
