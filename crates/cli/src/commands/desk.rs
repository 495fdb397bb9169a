//! `lifeboat desk`: the administrator's chair.

mod audit;
mod chair;
mod check;
mod later;
mod letter;
mod mas;
mod mas_reset;
mod paper;
mod reset;

pub(crate) use audit::{Named, Summary, Why};
pub(crate) use later::LaterLetter;
pub(crate) use mas_reset::MasPlan;
pub(crate) use paper::not_written;

use crate::{exit::Exit, failure::Failure, resolve::DeskJob, ui::console::Console};

/// Runs it.
pub(crate) fn run(job: DeskJob, console: &mut Console) -> Result<Exit, Failure> {
    match job {
        DeskJob::Check(job) => check::run(*job, console),
        DeskJob::Reset(job) => reset::run(*job, console),
        DeskJob::Audit(job) => audit::run(*job, console),
    }
}
