//! `lifeboat prove`: reads the messages of an earlier check again, and compares.

use lifeboat_preflight::{BackupConnection, FetchProgress, ForecastProgress, Homeserver, LiveSession};
use lifeboat_report::{HistoryProof, StatusFile};
use lifeboat_reset::history_proof::{self, Earlier};

use super::{alone::alone_if_possible, runtime};
use crate::{
    candidates::{self, Typed},
    exit::Exit,
    failure::Failure,
    resolve::{Afterwards, Asking, Format, Names, ProveJob},
    session::{Errand, Way, with_live_session},
    signals::{Stops, Wish},
    status,
    ui::{console::Console, history, json, progress::Progress},
};

/// Runs it.
pub(crate) fn run(job: ProveJob, console: &mut Console) -> Result<Exit, Failure> {
    let file = status::read(&job.file)?;
    Earlier::of(&file)?;
    let entry = job.entry(&file.account)?;
    let _alone = alone_if_possible(&entry.user)?;
    let way = Way::prepare(entry, Afterwards::Remove, console)?;
    let typed = candidates::read(&job.candidates.files, console)?;
    candidates::warn_of_mistakes(&typed, console);
    let runtime = runtime()?;
    let proven = runtime.block_on(prove(way, typed, job.candidates.asking, &file, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let mut proof = proven?;
    match job.format {
        Format::Json => {
            if job.names == Names::Ids {
                proof.forget_names();
            }
            console.show(&json::document(&proof)?)?;
        }
        Format::Screen => console.show(&history::render(&proof, console.width()))?,
    }
    Ok(if proof.holds() { Exit::Done } else { Exit::Incomplete })
}

async fn prove(
    way: Way,
    mut typed: Vec<Typed>,
    asking: Asking,
    file: &StatusFile,
    console: &mut Console,
) -> Result<HistoryProof, Failure> {
    let mut stops = Stops::listen()?;
    let homeserver = way.discover(&mut stops).await?;
    let ask = move || candidates::ask(asking);
    let (session, answer) = way.sign_in(&homeserver, &mut stops, console, ask).await?;
    typed.extend(answer);
    let running = ForecastProgress::default();
    let work = async |live: &LiveSession, console: &mut Console| {
        restore(live, &homeserver, typed.pop(), console).await?;
        let _progress = Progress::begin("reading history").with_history(&running);
        Ok(history_proof::prove(live.own().caller(), &Earlier::of(file)?, &running).await?)
    };
    // The first Ctrl-C ends the reading of messages: what was read until then is compared.
    let end_softly = || match running.rooms() > 0 && !running.is_stopped() {
        true => {
            running.stop();
            Wish::GoOn
        }
        false => Wish::Stop,
    };
    with_live_session(session, Errand::Check, &mut stops, console, end_softly, work).await
}

/// Brings the account's keys into the session, as far as they can be had.
async fn restore(
    live: &LiveSession,
    homeserver: &Homeserver,
    key: Option<Typed>,
    console: &mut Console,
) -> Result<(), Failure> {
    let progress = Progress::begin("opening secret storage");
    let unlocked = match key {
        Some(key) => live.open(&key.text).await?,
        None => live.holdings().await?,
    };
    match unlocked.backup {
        BackupConnection::Connected => {}
        BackupConnection::KeyNotStored if unlocked.identity.is_empty() => return Err(no_key()),
        other => {
            console.caution(
                &format!("No room key can be fetched from the key backup: {}.", why(&other)),
                "What this session can read without it is shown; `lifeboat check` says how to mend the backup.",
            );
            return Ok(());
        }
    }
    drop(progress);
    let fetching = FetchProgress::default();
    let progress = Progress::begin("fetching room keys").with_keys(&fetching);
    let fetched = live.fetch_room_keys(homeserver, &fetching).await?;
    drop(progress);
    if let Some(gap) = fetched.listing_gap {
        console.caution(
            &format!("The key backup was not read to its end: {}.", gap.words()),
            "Run the same command again; what is missing now may come then.",
        );
    }
    Ok(())
}

fn why(connection: &BackupConnection) -> &'static str {
    match connection {
        BackupConnection::Connected => "it is connected",
        BackupConnection::NoBackup => "there is none",
        BackupConnection::KeyNotStored => "its key is not in secret storage",
        BackupConnection::KeyDoesNotFit => "the key in secret storage belongs to another backup",
        BackupConnection::KeyDamaged => "its key in secret storage is damaged",
    }
}

fn no_key() -> Failure {
    Failure::usage(
        "Nothing is given that opens secret storage, and this session holds no keys yet.",
        "Give the recovery key with --recovery-key-file FILE, or type it when Lifeboat asks.",
    )
}
