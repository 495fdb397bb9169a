//! `lifeboat util`: tools around Lifeboat.

use crate::{
    args::UtilCommand,
    exit::Exit,
    failure::Failure,
    ui::{console::Console, json},
};

/// Runs one.
pub(crate) fn run(command: &UtilCommand, console: &mut Console) -> Result<Exit, Failure> {
    match command {
        UtilCommand::Schema => console.show(&json::document(&lifeboat_report::status_file_schema())?)?,
    }
    Ok(Exit::Done)
}
