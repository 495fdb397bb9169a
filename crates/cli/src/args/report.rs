//! `lifeboat report`.

use std::path::PathBuf;

use clap::Args;

use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Shows a status file, or compares two

Shows what `lifeboat check --status-file` wrote: the verdicts, what to do, the findings and the tables, as they were \
judged by the facts in the file. With two files of the same account it says what changed from the earlier to the later. \
With --html it writes a page to keep, print or pass on instead. Asks no server.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat report status.json
  lifeboat report before.json after.json
      What became better, what worse.
  lifeboat report status.json --html status.html
      A page that any browser shows, without a network, and that prints on two sheets.

{}
The exit status says nothing about the verdict; for that, use  lifeboat check --from FILE",
        exit::help(&[Exit::Done, Exit::Failed, Exit::Usage])
    )
}

/// Arguments of `lifeboat report`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArgs {
    /// The status file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Another one of the same account, to compare
    #[arg(value_name = "OTHER")]
    pub(crate) other: Option<PathBuf>,
    /// Write a page to this new file instead of showing a screen
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}
