//! A kept session whose store another program holds: it is said, and nothing of it is lost.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::{AccountSpec, TestAccount, Way};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::server::python;

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

#[tokio::test]
async fn a_store_that_another_program_holds_is_not_lost() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let kept = check(&account, None)?.run().await?;
    ensure!([10, 11].contains(&kept.code()?), "{kept}");
    let holder = Holder::of(&data_of(&kept))?;
    let refused = check(&account, Some(kept))?.run().await?;
    ensure!(refused.code()? == 1 && refused.stderr.contains("hint:"), "{refused}");
    drop(holder);
    let again = check(&account, Some(refused))?.run().await?;
    ensure!([10, 11].contains(&again.code()?), "{again}");
    let url = &account.homeserver.base_url;
    let left = again.then(["leave", account.user_id.as_str(), "--homeserver", url])?;
    let left = left.run().await?;
    ensure!(left.code()? == 0, "{left}");
    Ok(())
}
