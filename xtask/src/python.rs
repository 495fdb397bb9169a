//! Finds a Python that can run Synapse.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

/// Names tried in this order; the plain one first, because that is what the user chose.
const NAMES: [&str; 6] = [
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "/usr/bin/python3",
];

/// The oldest minor version of Python 3 that the pinned Synapse is installed with.
const OLDEST: u32 = 11;

/// What one candidate turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Candidate {
    Missing,
    TooOld(u32),
    WithoutVenv,
    Good,
}

/// Finds a Python of version 3.11 or newer that can make virtual environments.
///
/// # Errors
///
/// Two sentences: what is wrong, and the Debian package that mends it.
pub(crate) fn find() -> Result<PathBuf> {
    choose(&NAMES.map(PathBuf::from))
}

fn choose(names: &[PathBuf]) -> Result<PathBuf> {
    let mut oldest_seen = None;
    let mut venv_missing = None;
    for name in names {
        match try_candidate(name) {
            Candidate::Good => return Ok(name.clone()),
            Candidate::WithoutVenv => venv_missing = venv_missing.or(Some(name)),
            Candidate::TooOld(minor) => oldest_seen = oldest_seen.max(Some(minor)),
            Candidate::Missing => {}
        }
    }
    match (venv_missing, oldest_seen) {
        (Some(name), _) => bail!(
            "{} cannot make virtual environments, its venv module is not installed. \
             Install it with: apt install python3-venv",
            name.display()
        ),
        (None, Some(minor)) => bail!(
            "Python is too old: the homeserver needs 3.{OLDEST} or newer, and the newest found is 3.{minor}. \
             Debian has a newer one from release 12 on; install it with: apt install python3 python3-venv"
        ),
        (None, None) => bail!(
            "Python was not found, and the homeserver is a Python program. \
             Install it with: apt install python3 python3-venv"
        ),
    }
}

fn try_candidate(name: &Path) -> Candidate {
    let ask = |script: &str| {
        Command::new(name)
            .args(["-I", "-c", script])
            .output()
            .ok()
            .filter(|output| output.status.success())
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(version) = ask("import sys; print(sys.version_info[0] * 1000 + sys.version_info[1])") else {
        return Candidate::Missing;
    };
    match version.parse::<u32>().ok().and_then(|number| number.checked_sub(3000)) {
        Some(minor) if minor < OLDEST => Candidate::TooOld(minor),
        Some(_) if ask("import ensurepip, venv").is_none() => Candidate::WithoutVenv,
        Some(_) => Candidate::Good,
        None => Candidate::Missing,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;

    /// A program that answers like a Python of this version, with or without the module for environments.
    fn pretend(folder: &TempDir, name: &str, version: u32, venv: bool) -> PathBuf {
        let path = folder.path().join(name);
        let module = if venv { "exit 0" } else { "exit 1" };
        let script = format!("#!/bin/sh\ncase \"$3\" in *version_info*) echo {version};; *) {module};; esac\n");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    fn complaint(names: &[PathBuf]) -> String {
        choose(names).unwrap_err().to_string()
    }

    #[test]
    fn the_first_good_one_is_chosen() {
        let folder = TempDir::new().unwrap();
        let old = pretend(&folder, "old", 3010, true);
        let bare = pretend(&folder, "bare", 3013, false);
        let good = pretend(&folder, "good", 3011, true);
        assert_eq!(choose(&[old, bare, good.clone()]).unwrap(), good);
    }

    #[test]
    fn none_at_all_names_the_package() {
        let text = complaint(&["/nowhere/python3".into()]);
        assert!(
            text.contains("was not found") && text.ends_with("apt install python3 python3-venv"),
            "{text}"
        );
    }

    #[test]
    fn too_old_names_what_was_found() {
        let folder = TempDir::new().unwrap();
        let names = [pretend(&folder, "a", 3008, true), pretend(&folder, "b", 3010, true)];
        let text = complaint(&names);
        assert!(
            text.contains("3.11 or newer") && text.contains("3.10") && text.contains("apt install"),
            "{text}"
        );
    }

    #[test]
    fn without_venv_names_its_package() {
        let folder = TempDir::new().unwrap();
        let text = complaint(&[pretend(&folder, "a", 3012, false)]);
        assert!(
            text.contains("venv module") && text.ends_with("apt install python3-venv"),
            "{text}"
        );
    }

    #[test]
    fn python_2_and_programs_that_fail_are_none() {
        let folder = TempDir::new().unwrap();
        let text = complaint(&[pretend(&folder, "a", 2007, true), "/bin/false".into()]);
        assert!(text.contains("was not found"), "{text}");
    }
}
