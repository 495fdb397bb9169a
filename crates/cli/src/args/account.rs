//! Arguments that name an account, sign in to it, and give keys to try.

use std::path::PathBuf;

use clap::Args;

/// How to reach the account's server.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct AccountArgs {
    /// The server's address, if it cannot be found from the user id
    #[arg(long, value_name = "URL")]
    pub(crate) homeserver: Option<String>,
    /// Speak to a server without encryption: anybody on the way could read your password
    #[arg(long)]
    pub(crate) allow_insecure_http: bool,
}

/// How to sign in. Without any of these, Lifeboat asks for the password.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Signing in (without any of these, Lifeboat asks for your password)")]
#[group(multiple = false)]
pub(crate) struct SignInArgs {
    /// Read the password from this file
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Read the password from this open file descriptor, 0 being standard input
    #[arg(long, value_name = "N")]
    pub(crate) password_fd: Option<u16>,
    /// Borrow the access token in this file: no session is made, none is removed
    #[arg(long, value_name = "FILE")]
    pub(crate) access_token_file: Option<PathBuf>,
    /// Sign in with the browser
    ///
    /// Lifeboat prints an address to open. The browser must run on this machine, or reach it through a tunnel.
    #[arg(long)]
    pub(crate) sso: bool,
}

/// Recovery keys or passphrases to try.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Recovery key or passphrase")]
pub(crate) struct KeyArgs {
    /// Try the recovery key or passphrase in this file; may be given several times
    ///
    /// A file holds one key or passphrase and nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) recovery_key_file: Vec<PathBuf>,
    /// Ask for a recovery key or passphrase, even when everything else is given by files
    #[arg(long)]
    pub(crate) ask_recovery_key: bool,
}
