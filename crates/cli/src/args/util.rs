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
    /// Writes what a help desk asks for into one file, without names and secrets
    #[command(long_about = BUNDLE)]
    SupportBundle {
        /// The new file to write
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Put this status file into it; may be given several times
        #[arg(long = "status-file", value_name = "FILE")]
        status_files: Vec<PathBuf>,
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

/// The description of `lifeboat util support-bundle`.
const BUNDLE: &str = "\
Writes what a help desk asks for into one file, without names and secrets

One JSON document: versions, the kind of system and terminal, whether proxies are set, and for each account what is kept \
here, an unfinished reset for example. Status files that you name are put into it with every id and name replaced by a \
short mark. Nothing is sent anywhere, and no server is asked: read the file, then pass it on yourself.";

/// A document with a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaArg {
    /// What `check --status-file` and `check --json` write
    StatusFile,
    /// What `prove --json` prints
    HistoryProof,
}
