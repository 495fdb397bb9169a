//! Where files lie that a command has left, and who may read them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::search::{files_below, folders_below};

/// Where Lifeboat keeps things between commands, and the system's folder for temporary files. They are there before it comes.
const PLACES: [&str; 6] = ["state", "data", "cache", "config", "run", "tmp"];

/// Every file in the home is for its owner alone, in folders that are; in those places there are none but documented ones.
pub(super) fn private(home: &Path) -> Result<()> {
    for file in files_below(home)? {
        let below = file.strip_prefix(home)?;
        let kept = PLACES.iter().any(|it| below.starts_with(it));
        ensure!(!kept || is_documented(below), "{} is not documented", below.display());
        ensure_mode(&file, 0o600)?;
    }
    let made = |folder: &PathBuf| PLACES.iter().all(|it| *folder != home.join(it));
    folders_below(home)?
        .iter()
        .filter(|it| made(it))
        .try_for_each(|it| ensure_mode(it, 0o700))
}

pub(super) fn ensure_mode(path: &Path, wanted: u32) -> Result<()> {
    let mode = path.metadata()?.permissions().mode() & 0o777;
    ensure!(mode == wanted, "{} has mode {mode:o}", path.display());
    Ok(())
}

/// The table of `docs/privacy.md`: below the folder for state and the one for data, by account.
fn is_documented(path: &Path) -> bool {
    let parts: Vec<String> = path.iter().map(|it| it.to_string_lossy().into_owned()).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    matches!(
        parts.as_slice(),
        [
            "state",
            "lifeboat",
            _,
            "forecast" | "guide.json" | "lock" | "loose-session"
        ] | [
            "state",
            "lifeboat",
            _,
            "for-your-administrator",
            "letter.txt" | "status.json"
        ] | ["state", "lifeboat", _, "resets", ..]
            | ["data", "lifeboat", _, "session", ..]
    )
}

#[test]
fn what_others_may_read_and_what_nobody_expects_is_found() -> Result<()> {
    let home = tempfile::tempdir()?;
    let mode = |name: &str, mode| fs::set_permissions(home.path().join(name), fs::Permissions::from_mode(mode));
    for name in ["state", "cache", "audit"] {
        fs::create_dir(home.path().join(name))?;
    }
    fs::write(home.path().join("audit/accounts.csv"), "a row")?;
    mode("audit", 0o700)?;
    mode("audit/accounts.csv", 0o600)?;
    private(home.path())?;
    for (name, wide, right) in [("audit", 0o750, 0o700), ("audit/accounts.csv", 0o604, 0o600)] {
        mode(name, wide)?;
        ensure!(private(home.path()).is_err(), "{name} with mode {wide:o} is not found");
        mode(name, right)?;
    }
    fs::write(home.path().join("cache/more"), "what is it?")?;
    mode("cache/more", 0o600)?;
    ensure!(private(home.path()).is_err(), "a file that nobody expects is not found");
    Ok(())
}
