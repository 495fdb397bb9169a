//! `lifeboat repair`.

use std::path::PathBuf;

use clap::Args;

use super::{AccountArgs, KeyArgs, SignInArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Mends what is broken around your keys, without destroying anything

Lifeboat looks at the account, says exactly what it would change, and changes that and nothing else once you agree. \
It signs a key backup that nobody vouches for, brings over the keys of an older backup, stores secrets where apps look \
for them, asks your verified sessions for what is missing, makes the storage key that opens everything the default one, \
makes a key backup where there is none and fills it, and sets up an identity, secret storage and a backup where there \
are none. Afterwards it looks again whether it helped.

Before any change everything on the server that a mistake could destroy is saved into one file, the ark. Nothing is \
deleted. Run it again as often as you like: what is done is not done twice. Sessions are touched only when you name \
them, and your identity is replaced only when you ask for it and nothing else helps.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat repair @mira:example.org
      Asks for the password and the recovery key, shows the plan, and asks before it changes anything.
  lifeboat repair @mira:example.org --dry-run
      Shows the plan only.
  lifeboat repair @mira:example.org --lost-recovery-key --new-recovery-key new-key.txt
      The recovery key is lost, but a session lives: makes a new one with its help.
  lifeboat repair @mira:example.org --sign-session JLAFKJWSCS --sign-out-session GHOSTDEVIC
      Signs one session with your identity and signs another one out.
  lifeboat repair @mira:example.org --password-file p.txt --recovery-key-file k.txt --ark before.ark --yes
      Asks nothing.

{}",
        exit::help(&[Exit::Done, Exit::Blocked, Exit::Failed, Exit::Usage, Exit::Interrupted])
            .replace(
                Exit::Done.meaning(),
                "everything that was planned is done, or nothing had to be"
            )
            .replace(
                Exit::Blocked.meaning(),
                "some of it is not done, was refused, or was not agreed to"
            )
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
    /// What is done only when you ask for it.
    #[command(flatten)]
    pub(crate) wishes: WishArgs,
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

/// What `lifeboat repair` does only when it is asked for.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Done only when you ask for it")]
pub(crate) struct WishArgs {
    /// You have no recovery key any more: make a new one with the help of a session that is still signed in
    #[arg(long, conflicts_with = "KeyArgs")]
    pub(crate) lost_recovery_key: bool,
    /// Write a new recovery key into this new file; otherwise it is shown once and you type it back
    #[arg(long, value_name = "FILE")]
    pub(crate) new_recovery_key: Option<PathBuf>,
    /// The id of the session to compare emoji with, where that is needed; otherwise you are asked
    #[arg(long = "with", value_name = "SESSION")]
    pub(crate) with: Option<String>,
    /// Wait so many seconds for your sessions
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u64,
    /// The key backup is wanted although somebody has switched it off
    #[arg(long)]
    pub(crate) switch_backup_on: bool,
    /// Have your identity vouch for this session, by its id; may be given several times
    #[arg(long = "sign-session", value_name = "ID")]
    pub(crate) sign_sessions: Vec<String>,
    /// Give this session another name; may be given several times
    #[arg(long = "rename-session", value_name = "ID=NAME")]
    pub(crate) rename_sessions: Vec<String>,
    /// Sign this session out, unless it may hold keys that nobody else has; may be given several times
    #[arg(long = "sign-out-session", value_name = "ID")]
    pub(crate) sign_out_sessions: Vec<String>,
    /// Make a new identity if nothing else helps; what only the old one opens is lost
    #[arg(long = "reset-identity", conflicts_with = "no_ark")]
    pub(crate) new_identity: bool,
    /// Accept what `reset-identity` costs, by this word; without it you are asked
    #[arg(long = "waive", value_name = "WORD", requires = "new_identity")]
    pub(crate) waive: Vec<String>,
}
