//! `lifeboat desk audit`: a row for each account, on disk as soon as it was looked at.

mod book;
mod csv;
mod row;
mod summary;
mod users;

use std::{path::Path, time::Duration};

use futures_util::{StreamExt as _, pin_mut};
use lifeboat_preflight::{AuditError, Auditor, Listed, Pace, ruma::OwnedUserId};
use tokio::time::Instant;

use self::{book::Book, row::Row};
use super::chair::{Chair, refused, stopped};
use crate::{
    commands::runtime,
    exit::Exit,
    failure::Failure,
    files::{Reserved, make_folder_without},
    resolve::{AuditJob, Format},
    signals::{Stopped, Stops},
    ui::{
        console::Console,
        desk, html, json,
        progress::{Accounts, Progress},
    },
};

pub(crate) use row::Why;
pub(crate) use summary::{Named, Summary};

/// The table of all accounts, in the folder of the audit.
const CSV: &str = "accounts.csv";
/// The page.
const PAGE: &str = "summary.html";
/// How often it is said how far the audit is, where no line moves.
const NEWS: Duration = Duration::from_secs(30);

/// Runs it.
pub(super) fn run(job: AuditJob, console: &mut Console) -> Result<Exit, Failure> {
    let list = job.users.as_deref().map(|it| users::read(it, &job.entry)).transpose()?;
    let server = job.entry.user.server_name().as_str().to_owned();
    let scope = users::scope(list.as_deref());
    // A finished audit has its page: it is not begun a second time in the same folder.
    make_folder_without(&job.folder, PAGE)?;
    let mut book = Book::open(&job.folder, &server, &scope)?;
    let page = Reserved::new_in_own_folder(&job.folder, PAGE)?;
    if book.rows() > 0 {
        console.note(&format!("Going on after {} accounts.", book.rows()));
    }
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let mut stops = Stops::listen()?;
        audit(&job, list, &mut book, &mut stops, console).await
    });
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    if let Err(failure) = ended {
        return Err(Failure {
            hint: match book.rows() {
                0 => failure.hint,
                rows => format!("{rows} accounts are in {}. {}", job.folder.display(), failure.hint),
            },
            ..failure
        });
    }
    let summary = write(&job.folder, &server, &book)?;
    let page = page.write(html::audit(&summary).as_bytes())?;
    match job.format {
        Format::Screen => console.show(&desk::audit(&summary, console.width()))?,
        Format::Json => console.show(&json::document(&summary)?)?,
    }
    console.note(&format!(
        "Wrote {}, {CSV} and {}. They hold no secret.",
        book.path().display(),
        page.display()
    ));
    Ok(Exit::Done)
}

/// Makes the table and the summary of what is in the book, so that both are the same however often it was stopped.
fn write(folder: &Path, server: &str, book: &Book) -> Result<Summary, Failure> {
    let table = folder.join(CSV);
    // One that was begun before its page was written.
    let _ = std::fs::remove_file(&table);
    let table = Reserved::new_in_own_folder(folder, CSV)?;
    let mut csv = csv::Csv::begin(table.writer()?)?;
    let mut summary = Summary::of(server);
    book.each(|row| {
        summary.add(&row);
        csv.add(&row)
    })?;
    csv.end()?;
    table.keep()?;
    Ok(summary)
}

async fn audit(
    job: &AuditJob,
    list: Option<Vec<OwnedUserId>>,
    book: &mut Book,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<(), Failure> {
    let pace = Pace::per_second(job.rps);
    let chair = Chair::sit_down(&job.entry, &job.token, pace, stops, console).await?;
    let beginning = Auditor::begin(
        chair.api.clone(),
        chair.session.caller(),
        &chair.homeserver,
        &job.entry.user,
    );
    let auditor = stops.unless_stopped(beginning).await.map_err(|Stopped| stopped())?;
    let mut watch = Watch::begin(book.rows());
    let work = async {
        match list {
            // Whoever is no administrator is told so before anything is written.
            Some(list) => {
                watch.total = Some(list.len() as u64);
                auditor.page(None).await.map_err(ended)?;
                for names in list.chunks(Auditor::page_size()) {
                    let left: Vec<_> = names.iter().filter(|it| !book.has(it)).cloned().collect();
                    let accounts = auditor.named(left).await.map_err(ended)?;
                    look(&auditor, &accounts, book, &mut watch, console).await?;
                }
            }
            None => {
                let mut pages = auditor.pages();
                while let Some(page) = pages.next().await.map_err(ended)? {
                    watch.total = page.total;
                    // A page may show again what the last one showed, when accounts are made meanwhile.
                    let left: Vec<_> = page.accounts.into_iter().filter(|it| !book.has(&it.user)).collect();
                    look(&auditor, &left, book, &mut watch, console).await?;
                }
            }
        }
        Ok(())
    };
    match stops.unless_stopped(work).await {
        Ok(done) => done,
        Err(Stopped) => Err(Failure::interrupted(
            "You stopped it. Nothing was changed.",
            "Run the same command to go on.",
        )),
    }
}

async fn look(
    auditor: &Auditor,
    accounts: &[Listed],
    book: &mut Book,
    watch: &mut Watch,
    console: &mut Console,
) -> Result<(), Failure> {
    if accounts.is_empty() {
        return Ok(());
    }
    let seen = auditor.look(accounts).await.map_err(ended)?;
    pin_mut!(seen);
    while let Some(seen) = seen.next().await {
        let (listed, glance) = seen.map_err(ended)?;
        book.add(&Row::of(listed, glance))?;
        watch.saw(book.rows(), console);
    }
    book.flush()
}

/// Says how far the audit is.
struct Watch {
    progress: Progress,
    /// How many accounts were in the book before.
    before: u64,
    total: Option<u64>,
    begun: Instant,
    last: Instant,
}

impl Watch {
    fn begin(before: u64) -> Self {
        Self {
            progress: Progress::begin("looking at accounts"),
            before,
            total: None,
            begun: Instant::now(),
            last: Instant::now(),
        }
    }

    fn saw(&mut self, rows: u64, console: &mut Console) {
        let accounts = Accounts {
            before: self.before,
            seen: rows,
            all: self.total,
            passed: self.begun.elapsed(),
        };
        if !self.progress.moves() && self.last.elapsed() >= NEWS {
            self.last = Instant::now();
            console.note(&accounts.news());
        }
        self.progress.tell(accounts.line());
    }
}

fn ended(error: AuditError) -> Failure {
    match error {
        AuditError::NoList(gap) => refused(gap),
        AuditError::SessionEnded => Failure::failed(
            "The server does not know this access token any more.",
            "Run the same command with a fresh access token: it goes on where it was.",
        ),
        AuditError::Offline => Failure::failed(
            "The server did not answer.",
            "Run the same command when it is there again: it goes on where it was.",
        ),
        AuditError::Endless => Failure::failed(
            "The server’s list of its accounts leads in circles: it has no end, and names nobody new.",
            "Run the same command again: it goes on where it was. If the list stays like that, write the accounts into a \
             file, and give it with --users, and another folder.",
        ),
    }
}
