//! Arguments that name an account, sign in to it, and give keys to try.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use crate::config::Config;

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
    /// Trust the certificate authorities in this PEM file too
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Reach servers through this HTTP proxy; without it HTTPS_PROXY and NO_PROXY are heeded
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// What the configuration file says where no flag does.
    #[arg(skip)]
    pub(crate) config: Config,
}

/// How to sign in. Without any of these, Lifeboat takes the best way that the server offers.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Signing in (without any of these, in the best way that your server offers)")]
// Named on each flag: clap forgets the group of a struct that has another one in it.
#[group(skip)]
pub(crate) struct SignInArgs {
    /// Read the password from this file
    #[arg(long, group = "SignInArgs", value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Read the password from this open file descriptor, 0 being standard input
    #[arg(long, group = "SignInArgs", value_name = "N")]
    pub(crate) password_fd: Option<u16>,
    /// Borrow the access token in this file: no session is made, none is removed
    #[arg(long, group = "SignInArgs", value_name = "FILE")]
    pub(crate) access_token_file: Option<PathBuf>,
    /// Sign in with the browser
    ///
    /// Lifeboat prints an address to open. The browser must run on this machine, or reach it through a tunnel.
    #[arg(long, group = "SignInArgs")]
    pub(crate) sso: bool,
    /// How the browser is used.
    #[command(flatten)]
    pub(crate) browser: BrowserArgs,
}

/// Which way in, and how the browser is used.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Signing in (without any of these, in the best way that your server offers)")]
pub(crate) struct BrowserArgs {
    /// Sign in this way
    #[arg(long, value_enum, value_name = "WAY")]
    pub(crate) auth: Option<AuthArg>,
    /// Let this one of the server’s identity providers sign you in, by its name
    #[arg(long, value_name = "NAME")]
    pub(crate) identity_provider: Option<String>,
    /// Print the address of the sign-in, and do not open it
    #[arg(long)]
    pub(crate) no_browser: bool,
}

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AuthArg {
    /// With the password of the account.
    Password,
    /// In a browser on this machine, at the server’s OAuth 2.0 page.
    Oauth,
    /// In a browser anywhere, with a short code.
    DeviceCode,
    /// In a browser on this machine, by single sign-on.
    Sso,
    /// With the access token of a session that exists.
    Token,
}

impl SignInArgs {
    /// Tells whether any flag says how to sign in.
    pub(crate) fn say_how(&self) -> bool {
        let given = self.password_file.is_some() || self.password_fd.is_some() || self.access_token_file.is_some();
        given || self.sso || self.browser.auth.is_some()
    }
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
