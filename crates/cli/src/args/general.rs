//! Flags that every command takes.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

/// Flags that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "General")]
pub(crate) struct GeneralArgs {
    /// When to use colour
    ///
    /// By itself Lifeboat uses colour on a terminal only, and never when NO_COLOR is set. Nothing depends on it.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorArg::Auto)]
    pub(crate) color: ColorArg,
    /// The same as --color never
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Tell on stderr what Lifeboat does; repeat for more (-vv, -vvv)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Write what Lifeboat does into this new file and not to stderr; as much as -vv unless -v says otherwise
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
    /// Leave out what moves and what is noted on stderr; cautions, errors and questions stay
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorArg {
    /// On a terminal.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}
