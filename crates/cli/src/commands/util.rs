//! `lifeboat util`: tools around Lifeboat.

mod bundle;
mod forget;

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use crate::{
    args::{Cli, SchemaArg, UtilCommand},
    exit::Exit,
    failure::Failure,
    files::Reserved,
    ui::{console::Console, json},
};

/// Runs one.
pub(crate) fn run(command: &UtilCommand, console: &mut Console) -> Result<Exit, Failure> {
    match command {
        UtilCommand::Schema { document } => {
            let schema = match document {
                SchemaArg::StatusFile => lifeboat_report::status_file_schema(),
                SchemaArg::HistoryProof => lifeboat_report::history::history_proof_schema(),
            };
            console.show(&json::document(&schema)?)?;
        }
        UtilCommand::Completions { shell } => console.show(&completions(*shell))?,
        UtilCommand::Man { all: None } => console.show(&text(&manual(&built())?))?,
        UtilCommand::Man { all: Some(folder) } => {
            let written = write_manuals(&built(), folder)?;
            console.note(&format!("Wrote {written} manual pages to {}.", folder.display()));
        }
        UtilCommand::SupportBundle { file, status_files } => bundle::run(file.clone(), status_files, console)?,
        UtilCommand::Forget { user, anyway: true } => forget::run(user, forget::Extent::Everything, console)?,
        UtilCommand::Forget { user, anyway: false } => forget::run(user, forget::Extent::NotNeeded, console)?,
    }
    Ok(Exit::Done)
}

fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "lifeboat", &mut script);
    text(&script)
}

/// The description of the command line, with what commands inherit filled in.
fn built() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

fn manual(command: &Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    let rendered = Man::new(command.clone()).render(&mut page);
    rendered.map_err(|error| {
        Failure::failed(
            format!("The manual page cannot be made: {error}."),
            "Read the help instead: lifeboat --help",
        )
    })?;
    Ok(page)
}

/// Writes the page of a command and those of its commands, and returns how many there are.
fn write_manuals(command: &Command, folder: &Path) -> Result<usize, Failure> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    Reserved::new(folder.join(format!("{name}.1")))?.write(&manual(command)?)?;
    let below = command.get_subcommands().map(|it| write_manuals(it, folder));
    below.sum::<Result<usize, Failure>>().map(|number| number + 1)
}

/// What is generated from our own texts is text.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
