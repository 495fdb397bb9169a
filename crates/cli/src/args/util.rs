//! `lifeboat util`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use clap_complete::Shell;

/// The description of `lifeboat util completions`.
const COMPLETIONS: &str = "\
Prints what a shell needs to complete Lifeboat's command lines

Put it where your shell looks for completions:

  bash  lifeboat util completions bash > ~/.local/share/bash-completion/completions/lifeboat
  zsh   lifeboat util completions zsh > DIR/_lifeboat, where DIR is a folder in $fpath
  fish  lifeboat util completions fish > ~/.config/fish/completions/lifeboat.fish";

/// Tools around Lifeboat.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum UtilCommand {
    /// Prints the JSON Schema of a document that Lifeboat writes
    Schema {
        /// The document
        #[arg(value_enum, default_value_t = SchemaArg::StatusFile)]
        document: SchemaArg,
    },
    /// Prints what a shell needs to complete Lifeboat's command lines
    #[command(long_about = COMPLETIONS)]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Prints the manual page of Lifeboat, or writes those of all its commands
    Man {
        /// Write a page for each command into this folder, which must exist; files that are there are not replaced
        #[arg(long, value_name = "FOLDER")]
        all: Option<PathBuf>,
    },
    /// Removes everything that Lifeboat keeps of an account on this machine
    #[command(long_about = FORGET)]
    Forget {
        /// The user id, like @mira:example.org
        #[arg(value_name = "USER")]
        user: String,
        /// Also what is needed to sign a kept session out or to finish a reset
        #[arg(long)]
        anyway: bool,
    },
}

/// The description of `lifeboat util forget`.
const FORGET: &str = "\
Removes everything that Lifeboat keeps of an account on this machine

That is what a kept session stored, the journals of its resets, what checks remember of its messages, where the guide \
stopped, and the keys of these in the system's keyring. Nothing is changed on the server: while Lifeboat is signed in, or \
a reset is not finished, it refuses. Arks, status files and pages stay where you put them.";

/// A document with a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaArg {
    /// What `check --status-file` and `check --json` write
    StatusFile,
    /// What `prove --json` prints
    HistoryProof,
}
