//! The browser that the pages are tested in, and the script that looks for accessibility errors.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::venv::Venv;
use crate::workspace::Workspace;

/// Chromium as Debian and others name it.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// Debian's packages: the browser, and letters for it to draw.
const PACKAGES: [&str; 2] = ["chromium", "fonts-dejavu-core"];

/// What the tests of pages need.
pub(crate) struct Browser {
    program: PathBuf,
    axe: PathBuf,
}

impl Browser {
    /// Finds a Chromium, and installs Debian's where there is none and this may be done; installs axe-core once.
    ///
    /// # Errors
    ///
    /// Two sentences: what is missing, and the Debian package that mends it.
    pub(crate) fn ensure(workspace: &Workspace) -> Result<Self> {
        let program = match find(&folders()) {
            Some(program) => program,
            None if may_install() => {
                install()?;
                find(&folders()).context("Chromium was installed, but is not in the PATH")?
            }
            None => bail!(
                "Chromium was not found, and the tests open Lifeboat's pages in it. Install it with: apt install {}",
                PACKAGES.join(" ")
            ),
        };
        let requirements = workspace.root().join("xtask/axe/requirements.txt");
        let venv = Venv::ensure(workspace, "axe", &requirements)?;
        let axe = venv.packages()?.join("axe_playwright_python/axe.min.js");
        ensure!(axe.is_file(), "{} is not there", axe.display());
        Ok(Self { program, axe })
    }

    /// The environment in which the tests find both, and where they leave their pictures.
    pub(crate) fn environment<'a>(&self, command: &'a mut Command, pictures: &Path) -> &'a mut Command {
        command
            .env("LIFEBOAT_TEST_BROWSER", &self.program)
            .env("LIFEBOAT_TEST_AXE", &self.axe)
            .env("LIFEBOAT_TEST_PICTURES", pictures)
    }
}

fn folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect()
}

fn find(folders: &[PathBuf]) -> Option<PathBuf> {
    let places = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |it| it.join(name)));
    places.into_iter().find(|it| it.is_file())
}

/// True for root on a Debian.
fn may_install() -> bool {
    rustix::process::getuid().is_root() && folders().iter().any(|it| it.join("apt-get").is_file())
}

fn install() -> Result<()> {
    eprintln!("Installing {} (once)", PACKAGES.join(" and "));
    for arguments in [
        &["update", "-qq"][..],
        &[
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            PACKAGES[0],
            PACKAGES[1],
        ],
    ] {
        let output = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()?;
        ensure!(
            output.status.success(),
            "apt-get could not install {}: {}",
            PACKAGES.join(" and "),
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
        assert_eq!(find(&folders), None);
        fs::write(one.path().join("google-chrome"), "").unwrap();
        assert_eq!(find(&folders), Some(one.path().join("google-chrome")));
        fs::write(two.path().join("chromium"), "").unwrap();
        assert_eq!(find(&folders), Some(two.path().join("chromium")));
    }

    #[test]
    fn a_folder_is_no_program() {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("chromium")).unwrap();
        assert_eq!(find(&[folder.path().to_owned()]), None);
    }
}
