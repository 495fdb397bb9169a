//! `lifeboat ark`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{AccountArgs, KeyArgs, SignInArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Saves everything on the server that a mistake with keys could destroy, and reads such files

An ark is one file with every version of your key backup, your secret storage, your identity, the keys of your sessions \
and what a check found. Everything in it stays encrypted as the server holds it: it holds no secret in the clear, and \
only your recovery key opens it. Keep it as long as you cannot read all your messages in another session.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat ark save @mira:example.org mira.ark
      Asks for the password and writes the new file mira.ark.
  lifeboat ark verify mira.ark --ask-recovery-key
      Reads it back, without any network, and opens every key in it with your recovery key.
  lifeboat ark show mira.ark
      Says what is in it.
  lifeboat ark restore @mira:example.org mira.ark --dry-run --ask-recovery-key
      Says what of it the account lacks now; without --dry-run it asks and puts that back.

{}",
        exit::help(&[
            Exit::Done,
            Exit::Blocked,
            Exit::Failed,
            Exit::Usage,
            Exit::Incomplete,
            Exit::Interrupted
        ])
        .replace(
            Exit::Blocked.meaning(),
            "the ark is whole, but the given key does not open all of it"
        )
        .replace(Exit::Incomplete.meaning(), "not everything could be put back")
    )
}

/// What to do with an ark.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ArkCommand {
    /// Writes a new ark of an account; changes nothing on the server
    Save(Box<ArkSaveArgs>),
    /// Says whether an ark is whole and, with a recovery key, whether every key in it opens; without any network
    Verify(ArkVerifyArgs),
    /// Says what is in an ark; without any network
    Show(ArkShowArgs),
    /// Puts back what an ark holds and the account lacks: shows the plan, asks, does it, and looks again
    Restore(Box<ArkRestoreArgs>),
}

/// Arguments of `lifeboat ark save`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ArkSaveArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// The new file to write; nothing is overwritten
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    /// How to sign in.
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
}

/// Arguments of `lifeboat ark verify`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ArkVerifyArgs {
    /// The ark
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// Keys to try.
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}

/// Arguments of `lifeboat ark show`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ArkShowArgs {
    /// The ark
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `lifeboat ark restore`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ArkRestoreArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// The ark
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Put back this part only: “backup”, or a type of account data; may be given several times
    ///
    /// Without it, everything that the account lacks goes back. Account data that is there in another form is replaced
    /// only when it is named here.
    #[arg(long = "part", value_name = "NAME")]
    pub(crate) parts: Vec<String>,
    /// Show the plan and change nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Do what the plan says without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    /// How to sign in.
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// Keys that open the ark, or the account's present key backup.
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}

impl ArkCommand {
    /// Returns how the command reaches an account, if it does.
    pub(super) fn account(&mut self) -> Option<&mut AccountArgs> {
        match self {
            Self::Save(args) => Some(&mut args.account),
            Self::Restore(args) => Some(&mut args.account),
            Self::Verify(_) | Self::Show(_) => None,
        }
    }

    /// Tells whether stdout is to get JSON.
    pub(super) fn json(&self) -> bool {
        match self {
            Self::Save(args) => args.json,
            Self::Verify(args) => args.json,
            Self::Show(args) => args.json,
            Self::Restore(args) => args.json,
        }
    }
}
