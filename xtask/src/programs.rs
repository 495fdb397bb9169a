//! Programs that the tests use, and the Debian packages that bring them.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, bail, ensure};

/// A program of the system.
pub(crate) struct Program {
    /// As Debian and others name it.
    pub(crate) names: &'static [&'static str],
    /// Debian's packages: the program, and what it needs besides.
    pub(crate) packages: &'static [&'static str],
}

/// What pages are opened in, with letters for it to draw.
pub(crate) const CHROMIUM: Program = Program {
    names: &["chromium", "chromium-browser", "google-chrome"],
    packages: &["chromium", "fonts-dejavu-core"],
};

/// All that the tests use: besides the browser a keyring, a bus for it, who looks into it, and two that keep a terminal with a shell.
static ALL: [Program; 6] = [
    CHROMIUM,
    Program {
        names: &["gnome-keyring-daemon"],
        packages: &["gnome-keyring"],
    },
    Program {
        names: &["dbus-run-session"],
        packages: &["dbus"],
    },
    Program {
        names: &["secret-tool"],
        packages: &["libsecret-tools"],
    },
    Program {
        names: &["tmux"],
        packages: &["tmux"],
    },
    Program {
        names: &["screen"],
        packages: &["screen"],
    },
];

impl Program {
    /// Returns where it lies; `None` where it is missing.
    pub(crate) fn find(&self) -> Option<PathBuf> {
        self.find_in(&folders())
    }

    fn find_in(&self, folders: &[PathBuf]) -> Option<PathBuf> {
        let places = self
            .names
            .iter()
            .flat_map(|name| folders.iter().map(move |it| it.join(name)));
        places.into_iter().find(|it| it.is_file())
    }
}

/// Makes sure that every program is there: as root on a Debian it installs those that are missing.
///
/// # Errors
///
/// Two sentences: what is missing, and the Debian packages that mend it.
pub(crate) fn ensure() -> Result<()> {
    let missing = missing_in(&folders());
    if missing.is_empty() {
        return Ok(());
    }
    if !may_install() {
        bail!(complaint(&missing));
    }
    install(&packages_of(&missing))?;
    let missing = missing_in(&folders());
    ensure!(
        missing.is_empty(),
        "The packages were installed, but not in the PATH: {}",
        names_of(&missing)
    );
    Ok(())
}

fn missing_in(folders: &[PathBuf]) -> Vec<&'static Program> {
    ALL.iter().filter(|it| it.find_in(folders).is_none()).collect()
}

fn complaint(missing: &[&Program]) -> String {
    format!(
        "The tests use programs that were not found: {}. Install them with: apt install {}",
        names_of(missing),
        packages_of(missing).join(" ")
    )
}

fn names_of(programs: &[&Program]) -> String {
    let names: Vec<&str> = programs.iter().filter_map(|it| it.names.first().copied()).collect();
    names.join(", ")
}

fn packages_of(programs: &[&Program]) -> Vec<&'static str> {
    programs.iter().flat_map(|it| it.packages.iter().copied()).collect()
}

fn folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect()
}

/// True for root on a Debian.
fn may_install() -> bool {
    rustix::process::getuid().is_root() && folders().iter().any(|it| it.join("apt-get").is_file())
}

fn install(packages: &[&str]) -> Result<()> {
    eprintln!("Installing {} (once)", packages.join(", "));
    let install = [&["install", "-y", "-qq", "--no-install-recommends"][..], packages].concat();
    for arguments in [vec!["update", "-qq"], install] {
        let output = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()?;
        ensure!(
            output.status.success(),
            "apt-get could not install {}: {}",
            packages.join(", "),
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn debians_name_comes_first_wherever_it_lies() {
        let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let folders = [one.path().to_owned(), two.path().to_owned()];
        assert_eq!(CHROMIUM.find_in(&folders), None);
        fs::write(one.path().join("google-chrome"), "").unwrap();
        assert_eq!(CHROMIUM.find_in(&folders), Some(one.path().join("google-chrome")));
        fs::write(two.path().join("chromium"), "").unwrap();
        assert_eq!(CHROMIUM.find_in(&folders), Some(two.path().join("chromium")));
    }

    #[test]
    fn a_folder_is_no_program() {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("chromium")).unwrap();
        assert_eq!(CHROMIUM.find_in(&[folder.path().to_owned()]), None);
    }

    #[test]
    fn what_is_missing_is_named_with_its_packages() {
        let folder = TempDir::new().unwrap();
        let folders = [folder.path().to_owned()];
        assert_eq!(missing_in(&folders).len(), ALL.len());
        for name in ["chromium", "dbus-run-session", "secret-tool"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(
            complaint(&missing_in(&folders)),
            "The tests use programs that were not found: gnome-keyring-daemon, tmux, screen. \
             Install them with: apt install gnome-keyring tmux screen"
        );
        for name in ["gnome-keyring-daemon", "tmux", "screen"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(missing_in(&folders).is_empty());
    }

    #[test]
    fn the_documents_name_all_of_the_packages() {
        let all: Vec<&Program> = ALL.iter().collect();
        let command = format!("`apt install {}`", packages_of(&all).join(" "));
        for text in [
            include_str!("../../README.md"),
            include_str!("../../docs/contributing.md"),
        ] {
            assert!(text.contains(&command), "{command}");
        }
    }
}
