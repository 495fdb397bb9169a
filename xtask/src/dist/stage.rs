//! The program and what belongs to it, in the places of a Debian system.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Dist, output, papers};
use crate::workspace::Workspace;

/// Shells, and where each looks for completions.
pub(super) const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/lifeboat"),
    ("zsh", "usr/share/zsh/vendor-completions/_lifeboat"),
    ("fish", "usr/share/fish/vendor_completions.d/lifeboat.fish"),
];
pub(super) const PROGRAM: &str = "usr/bin/lifeboat";
pub(super) const MANUALS: &str = "usr/share/man/man1";
pub(super) const PAPERS: &str = "usr/share/doc/lifeboat";

/// A folder with everything that is installed.
pub(super) struct Stage {
    root: PathBuf,
}

impl Stage {
    /// Strips the program, and has it write its completions and manual pages.
    pub(super) fn fill(workspace: &Workspace, dist: &Dist, program: &Path) -> Result<Self> {
        let stage = Self {
            root: dist.folder.join("stage"),
        };
        let stripped = stage.place(PROGRAM)?;
        output(
            Command::new("strip")
                .arg("--strip-all")
                .arg("-o")
                .arg(&stripped)
                .arg(program),
        )?;
        fs::set_permissions(&stripped, Permissions::from_mode(0o755))?;
        for (shell, place) in COMPLETIONS {
            let script = output(Command::new(&stripped).args(["--no-config", "util", "completions", shell]))?;
            fs::write(stage.place(place)?, script)?;
        }
        let manuals = stage.root.join(MANUALS);
        fs::create_dir_all(&manuals)?;
        output(
            Command::new(&stripped)
                .args(["--no-config", "--quiet", "util", "man", "--all"])
                .arg(&manuals),
        )?;
        for page in fs::read_dir(&manuals)? {
            // Lifeboat writes for its owner alone; a package is for everybody.
            fs::set_permissions(page?.path(), Permissions::from_mode(0o644))?;
        }
        papers::put(workspace.root(), &stage.root.join(PAPERS))?;
        // Where Debian looks for them; the other papers link to CHANGELOG.md.
        for (name, place) in [("CHANGELOG.md", "changelog"), ("LICENSE", "copyright")] {
            fs::copy(workspace.root().join(name), stage.place(&format!("{PAPERS}/{place}"))?)?;
        }
        compress(&manuals)?;
        gzip(&stage.root.join(PAPERS).join("changelog"))?;
        Ok(stage)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn program(&self) -> PathBuf {
        self.root.join(PROGRAM)
    }

    /// The whole path of a file in it; its folder is made.
    pub(super) fn place(&self, path: &str) -> Result<PathBuf> {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().context("a file at the top")?)?;
        Ok(path)
    }

    /// All files in it, with their paths below it, sorted.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(&self.root)?.to_owned());
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

fn compress(folder: &Path) -> Result<()> {
    for file in fs::read_dir(folder)? {
        gzip(&file?.path())?;
    }
    Ok(())
}

/// Without a name and a time in it, so that the same text gives the same bytes.
fn gzip(file: &Path) -> Result<()> {
    output(Command::new("gzip").args(["--best", "--no-name"]).arg(file))?;
    Ok(())
}
