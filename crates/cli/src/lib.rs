//! The command line of Lifeboat: parses, resolves, runs, and is the only part that prints, asks and exits.

mod admin_token;
mod advice;
mod alike;
mod args;
mod candidates;
mod commands;
mod config;
mod exit;
mod failure;
mod files;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod guide;
mod hardening;
mod kept;
mod key_files;
mod logging;
mod memory;
#[cfg(test)]
mod quiet;
mod redaction;
mod resolve;
mod secrets;
mod session;
mod signals;
mod state;
mod status;
mod ui;

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use clap::{CommandFactory, Parser};

use crate::{
    args::{Cli, ColorArg, Command},
    config::Config,
    exit::Exit,
    failure::Failure,
    resolve::{Format, Person},
    ui::{
        console::{Console, Notes},
        prompt,
    },
};

/// Does what the command line of this process says, and returns its exit status.
pub fn program() -> ExitCode {
    hardening::keep_memory_private();
    // Whatever is written, by the SDK's store too, is for its owner alone.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let mut cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => return answer_of_parser(&answer).into(),
    };
    let config = config::load(cli.general.config.as_deref(), cli.general.no_config);
    if let Ok(config) = &config {
        cli.lend(config);
    }
    let color = if cli.general.no_color {
        ColorArg::Never
    } else {
        cli.general.color.unwrap_or(ColorArg::Auto)
    };
    let notes = if cli.general.quiet { Notes::Hushed } else { Notes::Told };
    let mut console = Console::new(color, notes);
    let begun = config.and_then(|config| {
        logging::begin(cli.general.verbose, cli.general.log_file.as_deref())?;
        Ok(config)
    });
    let config = match begun {
        Ok(config) => config,
        Err(failure) => {
            let format = cli.command.as_ref().map_or(Format::Screen, Command::format);
            console.fail(&failure, format);
            return failure.exit.into();
        }
    };
    let Some(command) = cli.command else {
        return converse(config, &mut console).into();
    };
    let format = command.format();
    match run(command, &mut console) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            console.fail(&failure, format);
            failure.exit.into()
        }
    }
}

/// Without a command: a conversation where somebody sits at a terminal, the short help where nobody does.
fn converse(config: Config, console: &mut Console) -> Exit {
    let streams = io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal();
    if !streams || prompt::person() == Person::Absent {
        console.help(&Cli::command().render_help().ansi().to_string());
        return Exit::Usage;
    }
    guide::run(config, console).unwrap_or_else(|failure| {
        console.fail(&failure, Format::Screen);
        failure.exit
    })
}

fn run(command: Command, console: &mut Console) -> Result<Exit, Failure> {
    match command {
        Command::Check(args) => commands::check::run(resolve::check(*args, prompt::person())?, console),
        Command::TryKey(args) => commands::try_key::run(resolve::try_key(*args, prompt::person())?, console),
        Command::Ark(command) => commands::ark::run(resolve::ark(command, prompt::person())?, console),
        Command::Reset(args) => commands::reset::run(resolve::reset(*args, prompt::person())?, console),
        Command::Resume(args) => commands::resume::run(resolve::resume(*args, prompt::person())?, console),
        Command::Leave(args) => commands::leave::run(resolve::leave(args, prompt::person())?, console),
        Command::Prove(args) => commands::prove::run(resolve::prove(*args, prompt::person())?, console),
        Command::Repair(args) => commands::repair::run(resolve::repair(*args, prompt::person())?, console),
        Command::Verify(args) => commands::verify::run(resolve::verify(*args, prompt::person())?, console),
        Command::Rescue(args) => commands::rescue::run(resolve::rescue(*args, prompt::person())?, console),
        Command::ExportKeys(args) => {
            commands::export_keys::run(resolve::export_keys(*args, prompt::person())?, console)
        }
        Command::Report(args) => commands::report::run(&args, console),
        Command::Desk(command) => commands::desk::run(resolve::desk(command, prompt::person())?, console),
        Command::Util(command) => commands::util::run(&command, console),
    }
}

/// Shows a help text or what is wrong with the command line.
fn answer_of_parser(answer: &clap::Error) -> Exit {
    let wrong = answer.use_stderr();
    // Scripts that asked for JSON read JSON, even when the rest of their command line is wrong.
    if wrong && std::env::args_os().any(|it| it == "--json") {
        let first = answer.to_string();
        let sentence = first.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Console::new(ColorArg::Auto, Notes::Told).fail(&Failure::usage(sentence, "See: lifeboat --help"), Format::Json);
        return Exit::Usage;
    }
    // A help text that nobody reads to its end is no failure.
    let _ = answer.print();
    if wrong { Exit::Usage } else { Exit::Done }
}
