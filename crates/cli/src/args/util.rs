//! `lifeboat util`.

use clap::Subcommand;

/// Tools around Lifeboat.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum UtilCommand {
    /// Prints the JSON Schema of the status file
    Schema,
}
