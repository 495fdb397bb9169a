//! `lifeboat ark save`.

use std::fs::File;

use lifeboat_preflight::{
    OwnSession, Questions,
    ark::{self, ArkProgress, ArkReport},
    check,
};
use lifeboat_report::{Report, StatusFile};

use super::super::{alone::alone_if_possible, check::generator, runtime};
use crate::{
    exit::Exit,
    failure::Failure,
    files::Reserved,
    resolve::{Afterwards, ArkSave, Format},
    session::{Way, with_session},
    signals::Stops,
    ui::{ark as screen, console::Console, json, progress::Progress, time},
};

/// Runs it.
pub(super) fn run(job: ArkSave, console: &mut Console) -> Result<Exit, Failure> {
    let _alone = alone_if_possible(&job.entry.user)?;
    let reserved = Reserved::new(job.file)?;
    let way = Way::prepare(job.entry, Afterwards::Remove, console)?;
    let runtime = runtime()?;
    let report = runtime.block_on(gather(way, &reserved, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let report = report?;
    let file = reserved.keep()?;
    match job.format {
        Format::Json => console.show(&json::document(&screen::document(&report))?)?,
        Format::Screen => console.show(&screen::render(&report, console.width()))?,
    }
    console.note(&format!(
        "Wrote {}. It holds no secret in the clear. Keep it until you can read everything in another session.",
        file.display()
    ));
    Ok(Exit::Done)
}

async fn gather(way: Way, reserved: &Reserved, console: &mut Console) -> Result<ArkReport, Failure> {
    let mut stops = Stops::listen()?;
    let homeserver = way.discover(&mut stops).await?;
    let (session, ()) = way.sign_in(&homeserver, &mut stops, console, || Ok(())).await?;
    let progress = ArkProgress::default();
    let work = async |session: &OwnSession| {
        let line = Progress::begin("asking the server");
        let facts = check(session, &homeserver, &Questions::default(), &line).await?;
        let report = Report::of(session.user_id().to_string(), time::now(), facts);
        let status = StatusFile::of(&report, generator());
        drop(line);
        let _line = Progress::begin("saving")
            .with_waiting(session.caller().waiting())
            .counting(&progress);
        let out: File = reserved.writer()?;
        Ok(ark::save(session, &homeserver, out, &status, &progress).await?)
    };
    let saved = with_session(session, &mut stops, console, work).await?;
    // Read back from the disk before it is called an ark.
    let progress = ArkProgress::default();
    progress.expect(saved.versions.iter().map(|it| it.entries).sum());
    let _line = Progress::begin("reading it back").counting(&progress);
    let report = ark::survey(reserved.writer()?, Vec::new(), &progress).await?;
    let read: Vec<_> = report.versions.iter().map(|it| (&it.version, it.entries)).collect();
    let written: Vec<_> = saved.versions.iter().map(|it| (&it.version, it.entries)).collect();
    if read == written {
        Ok(report)
    } else {
        Err(Failure::failed(
            "What was written is not what can be read back.",
            "Try again, on another disk.",
        ))
    }
}
