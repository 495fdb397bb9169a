//! `lifeboat check`: asks, judges, shows, writes.

use lifeboat_preflight::{
    Checked, ForecastOptions, ForecastProgress, ForecastQuestion, LiveSession, OlderVersions, OwnSession, Questions,
    examine,
};
use lifeboat_report::{Forecast, Generator, Report, StatusFile};

use super::{
    account_of,
    alone::{alone, alone_if_possible},
    holders, runtime,
    trust::{Trust, trust},
};
use crate::{
    advice::CommandLine,
    candidates::{self, Typed},
    exit::Exit,
    failure::Failure,
    files::Reserved,
    memory::MemoryFile,
    redaction,
    resolve::{Afterwards, Ask, AskSessions, Asking, Cache, CheckJob, Format, Judge, Names, Output},
    session::{Errand, Way, hold, with_live_session, with_session_softly},
    signals::{Stops, Wish},
    status,
    ui::{console::Console, html, json, progress::Progress, screen, time},
};

/// Runs it.
pub(crate) fn run(job: CheckJob, console: &mut Console) -> Result<Exit, Failure> {
    match job {
        CheckJob::Ask(ask) => ask_server(*ask, console),
        CheckJob::Judge(judge) => judge_file(judge, console),
    }
}

fn ask_server(ask: Ask, console: &mut Console) -> Result<Exit, Failure> {
    let Ask {
        entry,
        candidates,
        mut forecast,
        cache,
        sessions,
        afterwards,
        output,
    } = ask;
    // A session that is kept takes the place of the one before.
    let _alone = match &afterwards {
        Afterwards::Keep => Some(alone(&entry.user)?),
        Afterwards::Remove => alone_if_possible(&entry.user)?,
    };
    let reserved = reserve(&output)?;
    let (user, account) = (entry.user.clone(), entry.command_line());
    let way = Way::prepare(entry, afterwards, console)?;
    let typed = candidates::read(&candidates.files, console)?;
    candidates::warn_of_mistakes(&typed, console);
    let memory = MemoryFile::of(&user).filter(|_| cache == Cache::Use);
    if let (ForecastQuestion::Run(options), Some(memory)) = (&mut forecast, &memory) {
        options.memory = memory.read();
    }
    let runtime = runtime()?;
    let checked = runtime.block_on(gather(way, typed, candidates.asking, &forecast, sessions, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let checked = checked?;
    if let (Some(file), Some(memory)) = (memory, &checked.memory) {
        file.write(memory);
    }
    if let ForecastQuestion::Run(options) = &forecast {
        tell_what_was_not_found(options, &checked, console);
    }
    let report = Report::of(user.to_string(), time::now(), checked.facts).with_forecast(checked.forecast);
    finish(report, &account, &output, reserved, console)
}

/// Says which rooms and versions of the key backup were asked for by name and are not there.
fn tell_what_was_not_found(options: &ForecastOptions, checked: &Checked, console: &mut Console) {
    let rooms = checked.forecast.as_ref().map(|it| &it.rooms);
    for room in options.rooms.iter().flatten() {
        if rooms.is_some_and(|rooms| !rooms.iter().any(|it| it.room_id == room.as_str())) {
            console.caution(
                &format!("{room} is none of this account’s encrypted rooms."),
                "Compare the room id with the one in the room’s settings; --include-left looks at rooms that you left.",
            );
        }
    }
    let OlderVersions::These(versions) = &options.older else {
        return;
    };
    let backup = &checked.facts.backup;
    let active = backup.active.known().and_then(|it| it.as_ref());
    for version in versions {
        let is_there = active.is_some_and(|it| it.version == *version);
        if !is_there && !backup.older.iter().any(|it| it.version == *version) {
            console.caution(
                &format!("The server showed no version “{version}” of the key backup."),
                "Look at those that it still keeps with --all-versions.",
            );
        }
    }
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
    question: &ForecastQuestion,
    sessions: AskSessions,
    console: &mut Console,
) -> Result<Checked, Failure> {
    let mut stops = Stops::listen()?;
    let homeserver = way.discover(&mut stops).await?;
    let ask = move || candidates::ask(asking);
    let (session, answer) = way.sign_in(&homeserver, &mut stops, console, ask).await?;
    typed.extend(answer);
    let running = match question {
        ForecastQuestion::Run(options) => Some(&options.progress),
        ForecastQuestion::Quick => None,
    };
    let keys: Vec<_> = typed
        .iter()
        .filter(|it| it.is_plausible())
        .map(|it| it.text.clone())
        .collect();
    let questions = Questions {
        candidates: typed.into_iter().map(|it| it.text).collect(),
    };
    let work = async |session: &OwnSession| {
        let progress = Progress::begin("asking the server").with_forecast(running);
        Ok(examine(session, &homeserver, &questions, question, &progress).await?)
    };
    // The first Ctrl-C ends the reading of messages; before and after it there is nothing to end halfway.
    let end_softly = || match running {
        Some(running) if stop_reading(running) => Wish::GoOn,
        _ => Wish::Stop,
    };
    if sessions == AskSessions::No {
        return with_session_softly(session, &mut stops, console, end_softly, work).await;
    }
    let (session, mut checked) = hold(session, Errand::Check, &mut stops, console, end_softly, work).await?;
    let asking = async |live: &LiveSession, _: &mut Console| {
        let _progress = Progress::begin("asking your sessions for the backup key");
        trust(live, &Trust::Keys(keys)).await?;
        let holders = holders::ask(live, &checked.facts).await?;
        holders::note(&holders, &mut checked.facts);
        Ok(())
    };
    let asked = with_live_session(session, Errand::Check, &mut stops, console, || Wish::Stop, asking).await;
    match asked {
        Err(failure) if failure.exit == Exit::Interrupted => Err(failure),
        // The rest of the check is worth showing without the answers.
        Err(failure) => {
            console.caution(
                &format!("Your sessions were not asked: {}", failure.wrong),
                &failure.hint,
            );
            Ok(checked)
        }
        Ok(()) => Ok(checked),
    }
}

/// Ends the reading of messages if it is under way; tells whether it was.
pub(crate) fn stop_reading(running: &ForecastProgress) -> bool {
    let under_way = running.rooms() > 0 && !running.is_stopped();
    if under_way {
        running.stop();
    }
    under_way
}

/// The files to write, reserved before any work.
pub(crate) struct Files {
    status: Option<Reserved>,
    page: Option<Reserved>,
}

pub(crate) fn reserve(output: &Output) -> Result<Files, Failure> {
    Ok(Files {
        status: output.status_file.clone().map(Reserved::new).transpose()?,
        page: output.page.clone().map(Reserved::new).transpose()?,
    })
}

pub(crate) fn finish(
    report: Report,
    account: &CommandLine,
    output: &Output,
    files: Files,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let mut status = StatusFile::of(&report, generator());
    match output.names {
        Names::Redacted => status.redact(&redaction::hash),
        Names::Ids => status.forecast.iter_mut().for_each(Forecast::forget_names),
        Names::All => {}
    }
    let document = json::document(&status)?;
    let written = files.status.map(|it| it.write(document.as_bytes())).transpose();
    let page = files
        .page
        .map(|it| it.write(page_of(&status, account, output.names).as_bytes()))
        .transpose();
    match output.format {
        // One document and no more: when a file fails, that is the document.
        Format::Json if written.is_err() || page.is_err() => {}
        Format::Json => console.show(&document)?,
        Format::Screen => console.show(&screen::render(&report, account, console.width()))?,
    }
    if let Some(file) = written? {
        console.note(&format!("Wrote {}. It holds no secret.", file.display()));
    }
    if let Some(file) = page? {
        console.note(&html::written(&file));
    }
    Ok(report.verdict.of(output.fate).into())
}

/// Renders the page. What is redacted does not name the account in its command lines either.
fn page_of(status: &StatusFile, account: &CommandLine, names: Names) -> String {
    match names {
        Names::Redacted => html::render(status, &account_of(&status.clone().rejudge())),
        Names::Ids | Names::All => html::render(status, account),
    }
}

/// Names this program in what it writes.
pub(crate) fn generator() -> Generator {
    Generator {
        name: "lifeboat".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
