//! `lifeboat util`: tools around Lifeboat.

use crate::{
    args::{SchemaArg, UtilCommand},
    exit::Exit,
    failure::Failure,
    ui::{console::Console, json},
};

/// Runs one.
pub(crate) fn run(command: &UtilCommand, console: &mut Console) -> Result<Exit, Failure> {
    let UtilCommand::Schema { document } = command;
    let schema = match document {
        SchemaArg::StatusFile => lifeboat_report::status_file_schema(),
        SchemaArg::HistoryProof => lifeboat_report::history::history_proof_schema(),
    };
    console.show(&json::document(&schema)?)?;
    Ok(Exit::Done)
}
