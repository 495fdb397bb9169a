//! `lifeboat desk`.

mod audit;
mod check;
mod reset;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::AccountArgs;

pub(crate) use audit::DeskAuditArgs;
pub(crate) use check::DeskCheckArgs;
pub(crate) use reset::DeskResetArgs;

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
For the administrators of a Synapse server: looks at accounts from outside, resets for somebody, audits a whole server

What the server tells its administrators shows a lot: sessions, identity, what secret storage consists of. Whether the \
person has the recovery key, and whether every session uploads its keys, only the person can know: from here nothing is \
ever clear.";

/// What to do from the administrator's chair.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DeskCommand {
    /// Tells what can be seen of an account from outside, and what a reset would cost
    #[command(long_about = check::LONG_ABOUT, after_long_help = check::after_long_help())]
    Check(Box<DeskCheckArgs>),
    /// Sets a temporary password for somebody, and writes a letter to them
    #[command(long_about = reset::LONG_ABOUT, after_long_help = reset::after_long_help())]
    Reset(Box<DeskResetArgs>),
    /// Looks at every account of a server, a light for each
    #[command(long_about = audit::LONG_ABOUT, after_long_help = audit::after_long_help())]
    Audit(Box<DeskAuditArgs>),
}

impl DeskCommand {
    /// Returns how the server is reached.
    pub(super) fn account(&mut self) -> &mut AccountArgs {
        match self {
            Self::Check(args) => &mut args.account,
            Self::Reset(args) => &mut args.account,
            Self::Audit(args) => &mut args.account,
        }
    }

    /// Tells whether stdout is to get JSON.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Check(args) => args.output.json,
            Self::Reset(args) => args.json,
            Self::Audit(args) => args.json,
        }
    }
}

/// The access token of an administrator. Without any of these, Lifeboat asks for it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Administrator (without any of these, Lifeboat asks for the access token)")]
#[group(multiple = false)]
pub(crate) struct AdminArgs {
    /// Read the access token of a server administrator from this file
    #[arg(long, value_name = "FILE")]
    pub(crate) admin_token_file: Option<PathBuf>,
    /// Read it from this open file descriptor, 0 being standard input
    #[arg(long, value_name = "N")]
    pub(crate) admin_token_fd: Option<u16>,
}

/// The Matrix Authentication Service, where that keeps the accounts.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Matrix Authentication Service (where it keeps the accounts)")]
pub(crate) struct MasArgs {
    /// Read the access token for its Admin API, with the scope urn:mas:admin, from this file; without it the
    /// administrator’s own is tried
    #[arg(long, value_name = "FILE", conflicts_with = "mas_token_fd")]
    pub(crate) mas_token_file: Option<PathBuf>,
    /// Read that from this open file descriptor, 0 being standard input
    #[arg(long, value_name = "N")]
    pub(crate) mas_token_fd: Option<u16>,
    /// Where its Admin API is, if not at the address where people sign in
    #[arg(long, value_name = "URL")]
    pub(crate) mas_url: Option<String>,
}
