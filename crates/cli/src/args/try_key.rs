//! `lifeboat try-key`.

use clap::Args;

use super::{AccountArgs, KeyArgs, SignInArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Tells what a recovery key or passphrase opens

Lifeboat first looks for typing mistakes, without any network. Then it signs in and tries the key on everything that \
it could open: every key of secret storage, every secret, every version of the key backup. It changes nothing, and \
the key never leaves this machine.

Your recovery key is 12 groups of 4 characters. Element called it Security Key until 2025; look in your password \
manager, or for a file element-recovery-key.txt.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat try-key @mira:example.org
      Asks for the recovery key and the password.
  lifeboat try-key --offline
      Looks for typing mistakes only.
  lifeboat try-key @mira:example.org --recovery-key-file old.txt --recovery-key-file new.txt
      Says of each what it opens.

{}
A key passes when it opens both secret storage and the active key backup; one that does is enough for status 0.",
        exit::help(&[Exit::Done, Exit::Blocked, Exit::Failed, Exit::Usage, Exit::Interrupted])
            .replace(
                Exit::Done.meaning(),
                "a key opens secret storage and the active key backup"
            )
            .replace(Exit::Blocked.meaning(), "none does")
    )
}

/// Arguments of `lifeboat try-key`.
#[derive(Clone, Debug, Args)]
pub(crate) struct TryKeyArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER", required_unless_present = "offline")]
    pub(crate) user: Option<String>,
    /// Only look for typing mistakes, without any network
    #[arg(long, conflicts_with_all = ["user", "AccountArgs", "SignInArgs", "BrowserArgs"])]
    pub(crate) offline: bool,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    /// How to sign in.
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// Keys to try.
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}
