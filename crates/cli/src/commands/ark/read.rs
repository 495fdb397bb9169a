//! `lifeboat ark verify` and `lifeboat ark show`.

use std::fs::File;

use lifeboat_preflight::ark::{self, ArkProgress, ArkReport};
use secrecy::SecretString;

use super::super::runtime;
use crate::{
    candidates::{self, Typed},
    exit::Exit,
    failure::Failure,
    resolve::{ArkRead, Asking, Format},
    session::asked,
    signals::{Stopped, Stops},
    ui::{ark as screen, console::Console, json, progress::Progress},
};

/// Runs either.
pub(super) fn run(job: ArkRead, console: &mut Console) -> Result<Exit, Failure> {
    let file = super::open(&job.file)?;
    let typed = candidates::read(&job.candidates.files, console)?;
    candidates::warn_of_mistakes(&typed, console);
    let runtime = runtime()?;
    let surveyed = runtime.block_on(survey(file, typed, job.candidates.asking));
    runtime.shutdown_background();
    let report = surveyed?;
    match job.format {
        Format::Json => console.show(&json::document(&screen::document(&report))?)?,
        Format::Screen => console.show(&screen::render(&report, console.width()))?,
    }
    Ok(if report.trial.is_none() || report.is_proven() {
        Exit::Done
    } else {
        Exit::Blocked
    })
}

async fn survey(file: File, mut typed: Vec<Typed>, asking: Asking) -> Result<ArkReport, Failure> {
    let mut stops = Stops::listen()?;
    typed.extend(asked(&mut stops, move || candidates::ask(asking)).await?);
    let candidates: Vec<SecretString> = typed.into_iter().map(|it| it.text).collect();
    let progress = ArkProgress::default();
    let _line = Progress::begin("reading the ark").counting(&progress);
    let surveyed = stops.unless_stopped(ark::survey(file, candidates, &progress)).await;
    match surveyed {
        Ok(report) => Ok(report?),
        Err(Stopped) => {
            progress.cancel();
            Err(Failure::interrupted(
                "You stopped it. Nothing was changed.",
                "Run the same command to begin again.",
            ))
        }
    }
}
