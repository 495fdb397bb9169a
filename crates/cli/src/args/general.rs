//! Flags that every command takes.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};
use serde::Deserialize;

/// Flags that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "General")]
pub(crate) struct GeneralArgs {
    /// When to use colour; by itself on a terminal only
    ///
    /// By itself Lifeboat uses colour on a terminal only, and never when NO_COLOR is set. Nothing depends on it.
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub(crate) color: Option<ColorArg>,
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
    /// Read this configuration file instead of config.toml in your configuration folder
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "no_config")]
    pub(crate) config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long, global = true)]
    pub(crate) no_config: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ColorArg {
    /// On a terminal.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}
