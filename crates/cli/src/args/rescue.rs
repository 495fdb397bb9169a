//! `lifeboat rescue`.

use std::path::PathBuf;

use clap::Args;

use super::{AccountArgs, KeyArgs, SignInArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Brings room keys that the key backup lacks into it

Lifeboat finds the messages that would be lost with your sessions, asks your other sessions for the room keys of \
these messages, and puts what arrives into your key backup. Your apps have to be open for that: each one answers by \
itself. Keys are taken from your own verified sessions only. With --key-file it takes them from files, too, that \
Element or another app has exported.

Your sessions answer a session that they trust. Your recovery key makes Lifeboat’s one; without it, one of your \
verified sessions can vouch for it by comparing emoji.

It only adds to the key backup, and deletes nothing. Before it adds anything, everything on the server that a mistake \
could destroy is saved into one file, the ark. The session it makes is called “Lifeboat rescue (removes \
itself)” and is removed at the end. Ctrl-C ends the waiting: what arrived until then is in the backup.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat rescue @mira:example.org
      Asks for the password and the recovery key, then asks your sessions.
  lifeboat rescue @mira:example.org --wait 1800
      Waits for half an hour for somebody to open the other apps.
  lifeboat rescue @mira:example.org --key-file element-keys.txt
      Takes the keys in this file first; asks for its passphrase.
  lifeboat rescue @mira:example.org --with ABCDEFGHIJ
      Without a recovery key: compares emoji with this session first.

{}",
        exit::help(&[Exit::Done, Exit::Blocked, Exit::Failed, Exit::Usage, Exit::Interrupted])
            .replace(Exit::Done.meaning(), "no message is at risk any more")
            .replace(Exit::Blocked.meaning(), "some are, or nobody can tell")
    )
}

/// Arguments of `lifeboat rescue`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RescueArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// Stop waiting when nothing new has arrived for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) wait: u64,
    /// Compare emoji with this verified session, by its id, instead of giving a recovery key
    #[arg(long = "with", value_name = "SESSION", conflicts_with_all = ["KeyArgs", "KeyFileArgs"])]
    pub(crate) with: Option<String>,
    /// Write all facts, findings and verdicts afterwards to this new file; it holds no secret
    #[arg(long, value_name = "FILE")]
    pub(crate) status_file: Option<PathBuf>,
    /// Save the ark into this new file; by default lifeboat-NAME-TIME.ark in this folder
    #[arg(long, value_name = "FILE")]
    pub(crate) ark: Option<PathBuf>,
    /// Save no ark
    #[arg(long, conflicts_with = "ark")]
    pub(crate) no_ark: bool,
    /// Look at rooms that you have left, too
    #[arg(long)]
    pub(crate) include_left: bool,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// Key files.
    #[command(flatten)]
    pub(crate) files: KeyFileArgs,
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

/// Key files that other apps have exported.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Key files")]
pub(crate) struct KeyFileArgs {
    /// Take the room keys in this file, exported by Element or another app; may be given several times
    #[arg(long = "key-file", value_name = "FILE")]
    pub(crate) key_files: Vec<PathBuf>,
    /// Read the passphrase of all key files from this file
    #[arg(long, value_name = "FILE", requires = "key_files")]
    pub(crate) key_file_passphrase_file: Option<PathBuf>,
    /// Only take the key files, do not ask other sessions
    #[arg(long, requires = "key_files")]
    pub(crate) only_key_files: bool,
}
