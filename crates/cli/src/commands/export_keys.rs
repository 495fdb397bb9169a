//! `lifeboat export-keys`: every room key of the backup in an encrypted key file.

use std::{fs, path::Path};

use lifeboat_preflight::{BackupAccess, OwnSession, SessionKind};
use lifeboat_rescue::{DownloadProgress, Downloaded, RoomKeys, download, read_key_file, write_key_file};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{alone::alone_if_possible, held, runtime};
use crate::{
    candidates::{self, Typed},
    exit::Exit,
    failure::Failure,
    files::Reserved,
    resolve::{Afterwards, ExportJob, Format, Source},
    secrets::{self, Purpose},
    session::{Errand, Way, hold, leave, warn_of_readers},
    signals::{Stops, Wish},
    ui::{console::Console, json, progress::Progress, prompt},
};

/// Runs it.
pub(crate) fn run(job: ExportJob, console: &mut Console) -> Result<Exit, Failure> {
    let ExportJob {
        entry,
        candidates,
        source,
        file,
        passphrase_file,
        format,
    } = job;
    let _alone = alone_if_possible(&entry.user)?;
    let reserved = Reserved::new(file.clone())?;
    let way = Way::prepare(entry, Afterwards::Remove, console)?.on(Errand::Export);
    let typed = candidates::read(&candidates.files, console)?;
    candidates::warn_of_mistakes(&typed, console);
    let passphrase = passphrase_file.as_deref().map(|file| {
        let read = secrets::read_file(file, Purpose::KeyFilePassphrase)?;
        warn_of_readers(console, read.readers, file);
        Ok::<_, Failure>(read.secret)
    });
    let passphrase = passphrase.transpose()?;
    let ask = move || {
        let answer = candidates::ask(candidates.asking)?;
        let passphrase = passphrase.map_or_else(choose_passphrase, Ok)?;
        Ok((answer, passphrase))
    };
    let runtime = runtime()?;
    let fetched = runtime.block_on(fetch(way, source, typed, ask, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let (Fetched { keys, damaged, held }, passphrase) = fetched?;
    let count = write(reserved, &keys, &passphrase)?;
    let in_file = read_back(&file, &passphrase)?;
    if in_file != count {
        return Err(Failure::failed(
            format!(
                "“{}” holds {in_file} room keys after writing {count}: it cannot be trusted.",
                file.display()
            ),
            "Remove it and export to another disk.",
        ));
    }
    match format {
        Format::Json => {
            let document = json!({"file": file.display().to_string(), "room_keys": count, "damaged": damaged,
                    "held_by_kept_session": held});
            console.show(&json::document(&document)?)?;
        }
        Format::Screen => console.show(&format!(
            "{count} room keys are in {}, read back and counted.{}{}\nElement imports it: Settings → Encryption → \
             Advanced → Import keys.\n",
            file.display(),
            match held {
                Some(held) => format!(" Lifeboat’s kept session holds {held} of them."),
                None => String::new(),
            },
            match damaged {
                0 => String::new(),
                damaged => format!(" {damaged} damaged entries of the backup are not."),
            }
        ))?,
    }
    Ok(if damaged == 0 { Exit::Done } else { Exit::Caution })
}

/// What goes into the file.
struct Fetched {
    keys: RoomKeys,
    /// How many entries of the backup give no key.
    damaged: u64,
    /// How many room keys the kept session holds, if there is one.
    held: Option<u64>,
}

async fn fetch(
    way: Way,
    source: Source,
    mut typed: Vec<Typed>,
    ask: impl FnOnce() -> Result<(Option<Typed>, SecretString), Failure> + Send + 'static,
    console: &mut Console,
) -> Result<(Fetched, SecretString), Failure> {
    let mut stops = Stops::listen()?;
    let homeserver = way.discover(&mut stops).await?;
    let (session, (answer, passphrase)) = way.sign_in(&homeserver, &mut stops, console, ask).await?;
    typed.extend(answer);
    let keys: Vec<SecretString> = typed
        .into_iter()
        .filter(Typed::is_plausible)
        .map(|it| it.text)
        .collect();
    let work = async |session: &OwnSession| {
        let progress = Progress::begin("reading what the kept session holds").with_waiting(session.caller().waiting());
        let mut all = RoomKeys::default();
        let held = held(session, source).await?;
        let count = held.as_ref().map(|it| it.len() as u64);
        held.into_iter().for_each(|it| all.take_all(it));
        if source == Source::KeptSession {
            return Ok(Fetched {
                keys: all,
                damaged: 0,
                held: count,
            });
        }
        // Two lines that do not know of each other leave pieces behind.
        drop(progress);
        let reading = DownloadProgress::default();
        let _line = Progress::begin("reading the key backup")
            .with_waiting(session.caller().waiting())
            .counting(&reading);
        let backup = BackupAccess::open(session, &homeserver, &keys).await?;
        let Downloaded { keys, damaged } = download(session, &backup, &reading).await?;
        all.take_all(keys);
        Ok(Fetched {
            keys: all,
            damaged,
            held: count,
        })
    };
    let (session, fetched) = hold(session, Errand::Export, &mut stops, console, || Wish::Stop, work).await?;
    leave(session, Errand::Export, Wish::GoOn, &mut stops, console).await?;
    Ok((fetched, passphrase))
}

/// Returns the room keys of a kept session; a session that was just made holds none.
async fn held(session: &OwnSession, source: Source) -> Result<Option<RoomKeys>, Failure> {
    if session.kind() != SessionKind::Kept {
        return match source {
            Source::Backup => Ok(None),
            Source::KeptSession => Err(Failure::failed(
                "Lifeboat has kept no session of this account on this machine.",
                "Leave --session-only out, and give your recovery key.",
            )),
        };
    }
    Ok(Some(held::held(session).await?))
}

/// Asks twice for a new passphrase. Waits on this thread.
fn choose_passphrase() -> Result<SecretString, Failure> {
    loop {
        let first = prompt::ask("A new passphrase for the key file (it is not shown)")?;
        let second = prompt::ask("The same once more")?;
        if first.expose_secret() == second.expose_secret() {
            return Ok(first);
        }
        prompt::tell("These were two different ones. Try again.");
    }
}

fn write(reserved: Reserved, keys: &RoomKeys, passphrase: &SecretString) -> Result<u64, Failure> {
    let _progress = Progress::begin("locking the file");
    let text = write_key_file(keys, passphrase)?;
    reserved.write(text.as_bytes())?;
    Ok(keys.len() as u64)
}

fn read_back(file: &Path, passphrase: &SecretString) -> Result<u64, Failure> {
    let _progress = Progress::begin("reading the file back");
    let text = fs::read(file).map_err(|error| {
        Failure::failed(
            format!("“{}” cannot be read back: {error}.", file.display()),
            "Export to another disk.",
        )
    })?;
    let mut keys = RoomKeys::default();
    read_key_file(&text, passphrase, &mut keys)?;
    Ok(keys.len() as u64)
}
