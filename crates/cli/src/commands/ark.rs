//! `lifeboat ark`: saves, verifies and shows arks.

mod read;
mod restore;
pub(crate) mod save;

use std::{fs::File, io::ErrorKind, path::Path};

use crate::{exit::Exit, failure::Failure, resolve::ArkJob, ui::console::Console};

/// Runs it.
pub(crate) fn run(job: ArkJob, console: &mut Console) -> Result<Exit, Failure> {
    match job {
        ArkJob::Save(job) => save::run(job, console),
        ArkJob::Read(job) => read::run(job, console),
        ArkJob::Restore(job) => restore::run(*job, console),
    }
}

/// Opens an ark for reading.
fn open(path: &Path) -> Result<File, Failure> {
    let name = format!("“{}”", path.display());
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::usage(format!("{name} does not exist."), "Check its name and folder."),
        _ => Failure::failed(
            format!("{name} cannot be read: {error}."),
            "Check its permissions, or give another file.",
        ),
    })?;
    if file.metadata().is_ok_and(|it| it.is_dir()) {
        return Err(Failure::usage(format!("{name} is a folder."), "Give a file in it."));
    }
    Ok(file)
}
