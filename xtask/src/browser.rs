//! The browser that the pages are tested in, and the script that looks for accessibility errors.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::programs::CHROMIUM;
use crate::venv::Venv;
use crate::workspace::Workspace;

/// What the tests of pages need.
pub(crate) struct Browser {
    program: PathBuf,
    axe: PathBuf,
}

impl Browser {
    /// Finds the Chromium of this machine, and installs axe-core once.
    pub(crate) fn ensure(workspace: &Workspace) -> Result<Self> {
        let program = CHROMIUM.find().context("Chromium is not in the PATH")?;
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
