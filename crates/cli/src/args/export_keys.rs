//! `lifeboat export-keys`.

use std::path::PathBuf;

use clap::Args;

use super::{AccountArgs, KeyArgs, SignInArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Writes every room key of the key backup into an encrypted key file

The file is of the kind that Element exports and imports (Settings → Encryption → Advanced → Import keys), locked \
with a passphrase that you choose. It is new, private to you, and read back and counted before it counts as done. \
Where Lifeboat has kept a session on this machine, the room keys of that session are in the file, too. Nothing is \
changed on the server.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat export-keys @mira:example.org element-keys.txt
      Asks for the password, the recovery key, and a passphrase for the file.
  lifeboat export-keys @mira:example.org keys.txt --password-file p.txt --recovery-key-file k.txt --passphrase-file f.txt
      Asks nothing.
  lifeboat export-keys @mira:example.org keys.txt --session-only
      Without a recovery key: only what the kept session holds.

{}",
        exit::help(&[Exit::Done, Exit::Caution, Exit::Failed, Exit::Usage, Exit::Interrupted])
            .replace(Exit::Done.meaning(), "every room key of the backup is in the file")
            .replace(Exit::Caution.meaning(), "some entries of the backup are damaged and not in the file")
    )
}

/// Arguments of `lifeboat export-keys`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExportKeysArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// The key file to write; it must not exist
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Read the passphrase for the key file from this file
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Leave the key backup out: only what Lifeboat’s kept session holds; needs no recovery key
    #[arg(long, conflicts_with_all = ["KeyArgs", "access_token_file"])]
    pub(crate) session_only: bool,
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    /// How to sign in.
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// What opens the key backup.
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}
