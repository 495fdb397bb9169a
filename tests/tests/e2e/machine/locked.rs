//! A kept session whose store another program holds: it is said, and nothing of it is lost.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use lifeboat_tests::account::TestAccount;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::server::python;

use super::{ground::Ground, work::Work};
use crate::live::devices;

/// Holds every database below a folder until its input ends.
const HOLD: &str = "
import pathlib, sqlite3, sys
held = []
for path in pathlib.Path(sys.argv[1]).rglob('*.sqlite3'):
    database = sqlite3.connect(path, isolation_level=None)
    database.execute('BEGIN EXCLUSIVE')
    held.append(database)
print(len(held), flush=True)
sys.stdin.read()
";

/// A program that holds databases; they are free again when it is dropped.
struct Holder(Child);

impl Holder {
    fn of(folder: &Path) -> Result<Self> {
        let mut child = Command::new(python()?)
            .args(["-c", HOLD])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        ensure!(
            line.trim().parse::<u32>()? > 0,
            "there is no database in {}",
            folder.display()
        );
        Ok(Self(child))
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // Its end frees the databases; it may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn check(account: &TestAccount, earlier: Option<Outcome>) -> Result<Lifeboat> {
    let url = &account.homeserver.base_url;
    let words = [
        "check",
        account.user_id.as_str(),
        "--homeserver",
        url,
        "--quick",
        "--keep-session",
    ];
    match earlier {
        Some(earlier) => earlier.then(words),
        None => Lifeboat::new(words)?.secret("--password-file", &account.password),
    }
}

fn data_of(outcome: &Outcome) -> PathBuf {
    outcome.home().join("data")
}

/// What opens the session that is kept, whatever else it is given.
const OPENING: [Work; 11] = [
    Work::Check,
    Work::TryKey,
    Work::ArkSave,
    Work::ExportKeys,
    Work::Rescue,
    Work::Repair,
    Work::ArkRestore,
    Work::Verify,
    Work::Prove,
    Work::Reset,
    Work::Leave,
];

/// Does it in a home of its own where the kept session is the one below `data`: it says what is wrong, and leaves nothing.
async fn refused(ground: &Ground, work: Work, data: &Path) -> Result<()> {
    let told = || format!("{work:?} where the store is held");
    let url = &ground.account.homeserver.base_url;
    let command = ground.command(work, url, &ground.output(work), None)?;
    let outcome = command.env("XDG_DATA_HOME", data).run().await.with_context(told)?;
    ensure!(outcome.code()? == 1, "{}: {outcome}", told());
    outcome.ensure_two_sentences().with_context(told)?;
    ensure!(outcome.says("Close what else uses"), "{}: {outcome}", told());
    ground.nothing_is_there(work)
}

#[tokio::test]
async fn a_store_that_another_program_holds_is_not_lost() -> Result<()> {
    let ground = Ground::lay().await?;
    let account = &ground.account;
    ground.prepare(Work::Prove).await?;
    let kept = check(account, None)?.run().await?;
    ensure!([10, 11].contains(&kept.code()?), "{kept}");
    let before = devices(account).await?;
    let data = data_of(&kept);
    let holder = Holder::of(&data)?;
    // All at once: each of them waits for the store for a while.
    try_join_all(OPENING.map(|work| refused(&ground, work, &data))).await?;
    drop(holder);
    let after = devices(account).await?;
    ensure!(after == before, "{after:?} after {before:?}");
    let again = check(account, Some(kept))?.run().await?;
    ensure!([10, 11].contains(&again.code()?), "{again}");
    let after = devices(account).await?;
    ensure!(
        after == before,
        "{after:?} after {before:?}: it signed in anew\n{again}"
    );
    let url = &account.homeserver.base_url;
    let left = again.then(["leave", account.user_id.as_str(), "--homeserver", url])?;
    let left = left.run().await?;
    ensure!(left.code()? == 0, "{left}");
    Ok(())
}
