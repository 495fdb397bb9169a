//! The commands: each takes a resolved job and returns its exit status.

pub(crate) mod alone;
pub(crate) mod ark;
pub(crate) mod ark_first;
pub(crate) mod check;
pub(crate) mod desk;
pub(crate) mod export_keys;
pub(crate) mod fresh;
mod held;
mod holders;
pub(crate) mod leave;
pub(crate) mod prove;
pub(crate) mod repair;
pub(crate) mod report;
pub(crate) mod rescue;
pub(crate) mod reset;
pub(crate) mod resume;
pub(crate) mod trust;
pub(crate) mod try_key;
pub(crate) mod util;
pub(crate) mod verify;

use lifeboat_report::Report;
use tokio::runtime::{Builder, Runtime};

use crate::{advice::CommandLine, failure::Failure, resolve::parse_user};

/// Starts the async runtime, for the commands that speak to a server.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::failed(
            format!("Lifeboat cannot start its threads: {error}."),
            "Close other programs and try again.",
        )
    })
}

/// Returns how to name the account of a status file in a command line; a redacted one is left to the reader.
fn account_of(report: &Report) -> CommandLine {
    let named = parse_user(&report.account).is_ok();
    CommandLine::account([if named {
        report.account.as_str()
    } else {
        "@you:your.server"
    }])
}
