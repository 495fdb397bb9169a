//! `lifeboat check`: asks, judges, shows, writes.

use lifeboat_preflight::{Homeserver, OwnSession, Questions, SessionKind, check};
use lifeboat_report::{Facts, Generator, Report, StatusFile};

use super::{account_of, runtime};
use crate::{
    advice::CommandLine,
    candidates::{self, Typed},
    exit::Exit,
    failure::Failure,
    files::Reserved,
    redaction,
    resolve::{Ask, Asking, CheckJob, Format, Judge, Names, Output},
    session::{Way, with_session},
    signals::Stops,
    status,
    ui::{console::Console, json, progress::Progress, screen, time},
};

/// Runs it.
pub(crate) fn run(job: CheckJob, console: &mut Console) -> Result<Exit, Failure> {
    match job {
        CheckJob::Ask(ask) => ask_server(*ask, console),
        CheckJob::Judge(judge) => judge_file(judge, console),
    }
}

fn ask_server(ask: Ask, console: &mut Console) -> Result<Exit, Failure> {
    let Ask { entry, candidates, afterwards, output } = ask;
    let reserved = reserve(&output)?;
    let (user, account) = (entry.user.to_string(), entry.command_line());
    let way = Way::prepare(entry, afterwards, console)?;
    let typed = candidates::read(&candidates.files, console)?;
    candidates::warn_of_mistakes(&typed, console);
    let runtime = runtime()?;
    let facts = runtime.block_on(gather(way, typed, candidates.asking, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    finish(Report::of(user, time::now(), facts?), &account, &output, reserved, console)
}

fn judge_file(judge: Judge, console: &mut Console) -> Result<Exit, Failure> {
    let reserved = reserve(&judge.output)?;
    let report = status::read(&judge.file)?.rejudge();
    let account = account_of(&report);
    finish(report, &account, &judge.output, reserved, console)
}

async fn gather(
    way: Way,
    mut typed: Vec<Typed>,
    asking: Asking,
    console: &mut Console,
) -> Result<Facts, Failure> {
    let mut stops = Stops::listen()?;
    let homeserver = way.discover(&mut stops).await?;
    let ask = move || candidates::ask(asking);
    let (session, answer) = way.sign_in(&homeserver, &mut stops, console, ask).await?;
    typed.extend(answer);
    let questions = Questions { candidates: typed.into_iter().map(|it| it.text).collect() };
    console.note(&signed_in(&session, &homeserver));
    let work = async |session: &OwnSession| {
        let progress = Progress::begin("asking the server");
        Ok(check(session, &homeserver, &questions, &progress).await?)
    };
    with_session(session, &mut stops, console, work).await
}

/// Says at once what becomes of the session.
fn signed_in(session: &OwnSession, homeserver: &Homeserver) -> String {
    let server = homeserver.base_url().host_str().unwrap_or_default();
    match session.kind() {
        SessionKind::Throwaway => {
            format!("Signed in to {server}. This session removes itself when the check is done.")
        }
        SessionKind::Borrowed => format!("Looking through the lent session at {server}. It stays as it is."),
        SessionKind::Kept => format!("Signed in to {server}. This session is kept for the next command."),
    }
}

fn reserve(output: &Output) -> Result<Option<Reserved>, Failure> {
    output.status_file.clone().map(Reserved::new).transpose()
}

fn finish(
    report: Report,
    account: &CommandLine,
    output: &Output,
    reserved: Option<Reserved>,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let generator = Generator { name: "lifeboat".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let mut status = StatusFile::of(&report, generator);
    if output.names == Names::Redacted {
        status.redact(&redaction::hash);
    }
    let document = json::document(&status)?;
    let written = reserved.map(|it| it.write(document.as_bytes())).transpose();
    match output.format {
        // One document and no more: when the file fails, that is the document.
        Format::Json if written.is_err() => {}
        Format::Json => console.show(&document)?,
        Format::Screen => console.show(&screen::render(&report, account, console.width()))?,
    }
    if let Some(file) = written? {
        console.note(&format!("Wrote {}. It holds no secret.", file.display()));
    }
    Ok(report.verdict.of(output.fate).into())
}
