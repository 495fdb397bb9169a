//! `lifeboat reset`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{AccountArgs, ConsentArgs, ForecastArgs, KeyArgs, SignInArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Changes your password without losing your history, signs in again and proves it

Lifeboat checks first, as `lifeboat check` does. Then it shows the plan: every request that changes something, what it \
does, and how it can be undone. Nothing is changed before you say yes.

Your sessions stay signed in unless you choose otherwise. After the change Lifeboat signs in with the new password, \
brings your keys back with your recovery key, and decrypts the same messages as before.

If it is interrupted, nothing is lost: `lifeboat resume` goes on where it stopped.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat reset @mira:example.org
      Asks for everything it needs; your sessions stay signed in.
  lifeboat reset @mira:example.org --route email --email mira@example.org --forgotten
      You do not know the old password: the server sends a mail with a link.
  lifeboat reset @mira:example.org --end-sessions --dry-run
      Shows what signing every session out would take, and changes nothing.
  lifeboat reset @mira:example.org --hacked
      Changes the password first, brings your keys back, then signs everybody else out.
  lifeboat reset @mira:example.org --admin-token-file token.txt --temporary-password-file new.txt
      For an administrator: resets for somebody else.
  lifeboat reset @mira:example.org --password-file old.txt --recovery-key-file key.txt \\
      --generate-password new.txt --yes
      Asks nothing, for scripts.

{}",
        exit::help(&Exit::ALL)
    )
}

/// Arguments of `lifeboat reset`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ResetArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// How the password is changed; by default the first way that your server and you have
    #[arg(long, value_enum)]
    pub(crate) route: Option<RouteArg>,
    /// The address that the mail is to go to, on the route `email`
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// You do not know the old password and no session is at hand: the check sees little, and says so
    #[arg(long, conflicts_with_all = ["SignInArgs", "BrowserArgs"])]
    pub(crate) forgotten: bool,
    /// Read the old password from this file, where you sign in another way
    #[arg(long, value_name = "FILE")]
    pub(crate) old_password_file: Option<PathBuf>,
    /// Read the access token of a server administrator from this file, on the route `synapse-admin`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["SignInArgs", "BrowserArgs", "forgotten"])]
    pub(crate) admin_token_file: Option<PathBuf>,
    /// Take this status file, not older than an hour, instead of checking now
    #[arg(long, value_name = "FILE")]
    pub(crate) status_file: Option<PathBuf>,
    /// Sign every session out, and lose what only they hold
    #[arg(long)]
    pub(crate) end_sessions: bool,
    /// Sign this session out once your keys are safe, by its id; may be given several times
    #[arg(long = "end-session", value_name = "ID", conflicts_with = "end_sessions")]
    pub(crate) end_session: Vec<String>,
    /// Somebody else may be in your account: sign every session out but Lifeboat's, once your keys are safe
    #[arg(long, conflicts_with_all = ["end_sessions", "end_session"])]
    pub(crate) hacked: bool,
    /// Save no ark before sessions end
    #[arg(long)]
    pub(crate) no_ark: bool,
    /// What is agreed to.
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
    /// Stay signed in afterwards, also when your sessions are kept
    #[arg(long)]
    pub(crate) stay: bool,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// The new password.
    #[command(flatten)]
    pub(crate) new_password: NewPasswordArgs,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    /// How to sign in.
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// Keys to restore with.
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    /// Which messages to look at.
    #[command(flatten)]
    pub(crate) forecast: ForecastArgs,
}

/// The new password. Without any of these, Lifeboat asks for it twice.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "New password (without any of these, Lifeboat asks for it twice)")]
#[group(multiple = false)]
pub(crate) struct NewPasswordArgs {
    /// Read the new password from this file
    #[arg(long, value_name = "FILE")]
    pub(crate) new_password_file: Option<PathBuf>,
    /// Read the new password from this open file descriptor
    #[arg(long, value_name = "N")]
    pub(crate) new_password_fd: Option<u16>,
    /// Make a new password and write it to this new file before anything is changed
    #[arg(long, value_name = "FILE")]
    pub(crate) generate_password: Option<PathBuf>,
    /// The same for an administrator: a password for the person, to be handed over and changed soon
    #[arg(long, value_name = "FILE")]
    pub(crate) temporary_password_file: Option<PathBuf>,
}

/// A route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RouteArg {
    /// With the old password.
    OldPassword,
    /// By a link in a mail.
    Email,
    /// By an administrator of a Synapse server.
    SynapseAdmin,
    /// On the account page of your server.
    AccountPage,
}
