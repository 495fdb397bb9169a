//! `lifeboat report`.

use std::path::PathBuf;

use clap::Args;

use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Shows a status file

Shows what `lifeboat check --status-file` wrote: the verdicts, what to do, the findings and the tables, as they were \
judged by the facts in the file. Asks no server.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat report status.json

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
}
