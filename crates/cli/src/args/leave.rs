//! `lifeboat leave`.

use clap::Args;

use super::AccountArgs;
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Signs Lifeboat’s own kept session out

It does so once another session exists that your identity vouches for: until then Lifeboat’s may be the only one that \
new messages reach. What Lifeboat stored for the account on this machine is removed as well.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat leave @mira:example.org
  lifeboat leave @mira:example.org --force
      Even if no other session could receive keys afterwards.

{}",
        exit::help(&[Exit::Done, Exit::Blocked, Exit::Failed, Exit::Usage, Exit::Interrupted])
            .replace(Exit::Done.meaning(), "signed out")
            .replace(Exit::Blocked.meaning(), "no other session is ready")
    )
}

/// Arguments of `lifeboat leave`.
#[derive(Clone, Debug, Args)]
pub(crate) struct LeaveArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// Leave even if no other session could receive keys afterwards
    #[arg(long)]
    pub(crate) force: bool,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
}
