//! Writes an ark of an account.

use std::io::{self, BufWriter, Write};

use futures_util::{StreamExt, TryStreamExt, stream, try_join};
use lifeboat_report::{Gap, StatusFile};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{About, ArkError, ArkProgress, PartName, entries::EntryCount, fetch::Ask, write::ArkWriter};
use crate::{
    Homeserver, OwnSession,
    proof::stream::{self as body, Next},
};

/// What an ark holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArkSummary {
    /// The versions of the key backup, the oldest first.
    pub versions: Vec<ArkVersion>,
}

/// One version of the key backup in an ark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArkVersion {
    /// Its name.
    pub version: String,
    /// How many entries it has.
    pub entries: u64,
}

/// How many versions are asked for at most. Nobody has as many; a hostile server could name a version of 10^9.
const MOST_VERSIONS: u64 = 1000;
/// How many pieces wait for the compression at most.
const WAITING_PIECES: usize = 8;

/// Writes an ark of the session's account to `out`; `status` is what a check just found. Changes nothing on the server.
///
/// All versions of the key backup that the server still has go in; a server that does not number them (the
/// specification does not demand it) shows the newest alone. Entries are never all in memory.
///
/// `out` is flushed, and syncing it is the caller's. When this fails or is dropped, what was written so far has no end
/// mark and does not verify.
pub async fn save(
    session: &OwnSession,
    homeserver: &Homeserver,
    out: impl Write + Send + 'static,
    status: &StatusFile,
    progress: &ArkProgress,
) -> Result<ArkSummary, ArkError> {
    let (caller, user) = (session.caller(), session.user_id());
    let ask = Ask { caller, homeserver };
    let (newest, devices, keys, account_data) = try_join!(
        ask.newest_version(),
        ask.devices(),
        ask.keys(user),
        ask.account_data(user)
    )?;
    let about = About {
        account: user.to_string(),
        homeserver: homeserver.base_url().to_string(),
        taken_at: status.taken_at,
        program: status.generator.name.clone(),
        version: status.generator.version.clone(),
        newest_backup: newest.as_ref().map(|(version, _)| version.clone()),
    };
    let json = |it: serde_json::Result<Vec<u8>>| it.map_err(|error| ArkError::Write(error.into()));
    let mut hold = Hold::open(out);
    hold.whole(PartName::About, json(serde_json::to_vec(&about))?).await?;
    hold.whole(PartName::Status, json(serde_json::to_vec(status))?).await?;
    hold.whole(PartName::Devices, devices).await?;
    hold.whole(PartName::Keys, keys).await?;
    hold.whole(PartName::AccountData, account_data).await?;
    let given = all_versions(ask, newest).await?;
    let mut counts = given.iter().map(|(_, answer)| count(answer));
    if let Some(all) = counts.try_fold(0_u64, |sum, it| sum.checked_add(it?)) {
        progress.expect(all);
    }
    let mut versions = Vec::new();
    for (version, answer) in given {
        hold.whole(PartName::BackupVersion(version.clone()), answer).await?;
        let entries = save_entries(ask, &mut hold, &version, progress).await?;
        versions.push(ArkVersion { version, entries });
    }
    hold.close().await?;
    Ok(ArkSummary { versions })
}

/// Asks for the versions before the newest; Synapse counts them from 1 for each account.
async fn all_versions(ask: Ask<'_>, newest: Option<(String, Vec<u8>)>) -> Result<Vec<(String, Vec<u8>)>, ArkError> {
    let Some(newest) = newest else {
        return Ok(Vec::new());
    };
    let number = newest.0.parse::<u64>().unwrap_or(1);
    if number > MOST_VERSIONS {
        return Err(ArkError::TooManyVersions { newest: number });
    }
    let older = stream::iter(1..number)
        .map(|it| ask.version(it.to_string()))
        .buffered(4)
        .try_filter_map(async |it| Ok(it));
    let mut versions: Vec<_> = older.try_collect().await?;
    versions.push(newest);
    Ok(versions)
}

/// How many entries the server says that a version has.
fn count(version: &[u8]) -> Option<u64> {
    let version: serde_json::Value = serde_json::from_slice(version).ok()?;
    version.get("count")?.as_u64()
}

/// `GET /_matrix/client/v3/room_keys/keys`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3room_keyskeys)).
async fn save_entries(ask: Ask<'_>, hold: &mut Hold, version: &str, progress: &ArkProgress) -> Result<u64, ArkError> {
    let part = PartName::BackupEntries(version.to_owned());
    let answer = body::open(ask.caller, ask.homeserver, version).await;
    let mut answer = answer.map_err(|gap| ask.not_given(&part, gap))?;
    let flawed = |flaw| ArkError::Listing {
        version: version.to_owned(),
        flaw,
    };
    let mut count = EntryCount::begin(progress);
    hold.send(Step::Begin(part.clone())).await?;
    loop {
        match answer.next().await {
            Next::Piece(piece) => {
                count.see(&piece).map_err(flawed)?;
                hold.send(Step::Piece(piece)).await?;
            }
            Next::End => break,
            Next::Gap(gap) => return Err(ask.not_given(&part, gap)),
        }
        if progress.is_cancelled() {
            return Err(ask.not_given(&part, Gap::NotAsked));
        }
    }
    hold.send(Step::End).await?;
    count.finish().map_err(flawed)
}

/// The ark being written, on a thread of its own: disks and compression take their time.
struct Hold {
    steps: Option<mpsc::Sender<Step>>,
    writing: JoinHandle<io::Result<()>>,
}

enum Step {
    Begin(PartName),
    Piece(Vec<u8>),
    End,
    Whole(PartName, Vec<u8>),
    Close,
}

impl Hold {
    fn open(out: impl Write + Send + 'static) -> Self {
        let (steps, taken) = mpsc::channel(WAITING_PIECES);
        Self {
            steps: Some(steps),
            writing: tokio::task::spawn_blocking(move || write(out, taken)),
        }
    }

    async fn whole(&mut self, name: PartName, content: Vec<u8>) -> Result<(), ArkError> {
        self.send(Step::Whole(name, content)).await
    }

    async fn send(&mut self, step: Step) -> Result<(), ArkError> {
        let sent = match &self.steps {
            Some(steps) => steps.send(step).await.is_ok(),
            None => false,
        };
        // Nobody takes it any more: the writing has failed, and says why.
        if sent { Ok(()) } else { self.written().await }
    }

    async fn close(mut self) -> Result<(), ArkError> {
        self.send(Step::Close).await?;
        self.written().await
    }

    async fn written(&mut self) -> Result<(), ArkError> {
        self.steps = None;
        let ended = (&mut self.writing).await;
        let ended = ended.unwrap_or_else(|_| Err(io::Error::other("the thread that writes was lost")));
        ended.map_err(ArkError::Write)
    }
}

/// Carries the steps out. Without the last one there is no end mark.
fn write(out: impl Write, mut steps: mpsc::Receiver<Step>) -> io::Result<()> {
    let mut ark = ArkWriter::begin(BufWriter::new(out))?;
    while let Some(step) = steps.blocking_recv() {
        match step {
            Step::Whole(name, content) => ark.whole_part(&name, &content)?,
            Step::Begin(name) => {
                let mut part = ark.part(&name)?;
                loop {
                    match steps.blocking_recv() {
                        Some(Step::Piece(piece)) => part.write(&piece)?,
                        Some(Step::End) => break part.finish()?,
                        _ => return Err(io::Error::other("the part was not ended")),
                    }
                }
            }
            Step::Close => return ark.finish(),
            Step::Piece(_) | Step::End => return Err(io::Error::other("no part was begun")),
        }
    }
    Err(io::Error::other("the ark was not ended"))
}
