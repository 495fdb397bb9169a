//! `lifeboat util`.

use clap::{Subcommand, ValueEnum};

/// Tools around Lifeboat.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum UtilCommand {
    /// Prints the JSON Schema of a document that Lifeboat writes
    Schema {
        /// The document
        #[arg(value_enum, default_value_t = SchemaArg::StatusFile)]
        document: SchemaArg,
    },
}

/// A document with a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaArg {
    /// What `check --status-file` and `check --json` write
    StatusFile,
    /// What `prove --json` prints
    HistoryProof,
}
