//! `lifeboat repair`.

use std::path::PathBuf;

use clap::Args;

use super::{AccountArgs, KeyArgs, SignInArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Mends what is broken around your keys, without destroying anything

Lifeboat looks at the account, says exactly what it would change, and changes that and nothing else once you agree. \
It can sign a key backup that nobody vouches for, bring over the keys of an older backup, store the backup key where \
apps look for it, make the storage key that opens everything the default one, and make a key backup where there is \
none. Afterwards it looks again whether it helped.

Before any change everything on the server that a mistake could destroy is saved into one file, the ark. Nothing is \
ever deleted. Run it again as often as you like: what is done is not done twice.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat repair @mira:example.org
      Asks for the password and the recovery key, shows the plan, and asks before it changes anything.
  lifeboat repair @mira:example.org --dry-run
      Shows the plan only.
  lifeboat repair @mira:example.org --password-file p.txt --recovery-key-file k.txt --ark before.ark --yes
      Asks nothing.

{}",
        exit::help(&[Exit::Done, Exit::Blocked, Exit::Failed, Exit::Usage, Exit::Interrupted])
            .replace(
                Exit::Done.meaning(),
                "everything that was planned is done, or nothing had to be"
            )
            .replace(Exit::Blocked.meaning(), "some of it is not done, or was not agreed to")
    )
}

/// Arguments of `lifeboat repair`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RepairArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// Show the plan and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Agree to the whole plan beforehand
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Save the ark into this new file; by default lifeboat-NAME-TIME.ark in this folder
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) ark: Option<PathBuf>,
    /// Save no ark
    #[arg(long, conflicts_with_all = ["ark", "dry_run"])]
    pub(crate) no_ark: bool,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    /// How to sign in.
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// What opens secret storage or a key backup.
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}
