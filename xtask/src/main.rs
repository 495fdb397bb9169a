//! The project's own commands: `cargo xtask COMMAND`.
//!
//! Everything a developer or the continuous integration runs is here, so that both run the same thing. The package
//! depends on none of the other packages and stays small: it has to compile in seconds, before anything else does.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these commands talk to the person at the terminal"
)]

mod browser;
mod child;
mod ci;
mod dist;
mod docs;
mod fuzz;
mod homeserver;
mod interrupt;
mod loopback;
mod node;
mod private_file;
mod programs;
mod python;
mod run;
mod servers;
mod test;
mod tidy;
mod venv;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// The project's own commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs everything continuous integration runs.
    Ci,
    /// Checks the rules of the house that neither Cargo nor clippy can.
    Tidy,
    /// Starts, stops or looks at a real homeserver with a mailbox, on this machine only.
    Homeserver {
        #[command(subcommand)]
        action: homeserver::Action,
    },
    /// Runs every test against real homeservers and ends with their count.
    Test {
        /// What `cargo test` takes: `-p PACKAGE`, a part of a test's name, `-- --exact` …
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Shows what Lifeboat does, on accounts made for it.
    Demo {
        /// What the demonstration takes.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measures the figures of the performance page.
    Bench {
        /// What the benchmark takes.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Feeds the parsers with what nobody would write.
    Fuzz(fuzz::Arguments),
    /// Builds the documentation.
    Docs,
    /// Builds what is handed out: archive, Debian package, bill of materials, sums.
    Dist(dist::Arguments),
}

fn main() -> ExitCode {
    if let Some(code) = fuzz::instrument() {
        return code;
    }
    match dispatch(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    match command {
        Command::Ci => ci::run(&workspace),
        Command::Tidy => tidy::run(&workspace),
        Command::Homeserver { action } => homeserver::run(&workspace, &action),
        Command::Test { arguments } => test::run(&workspace, &arguments),
        Command::Demo { arguments } => run::demo(&workspace, &arguments),
        Command::Bench { arguments } => run::bench(&workspace, &arguments),
        Command::Fuzz(arguments) => fuzz::run(&workspace, &arguments),
        Command::Docs => docs::run(&workspace),
        Command::Dist(arguments) => dist::run(&workspace, &arguments),
    }
}
