//! `lifeboat report`: shows a status file.

use super::account_of;
use crate::{
    args::ReportArgs,
    exit::Exit,
    failure::Failure,
    status,
    ui::{console::Console, screen},
};

/// Runs it.
pub(crate) fn run(args: &ReportArgs, console: &mut Console) -> Result<Exit, Failure> {
    let report = status::read(&args.file)?.rejudge();
    let account = account_of(&report);
    console.show(&screen::render(&report, &account, console.width()))?;
    Ok(Exit::Done)
}
