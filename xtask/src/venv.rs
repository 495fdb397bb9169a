//! Virtual environments under the target folder, made from requirement files with hashes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::python;
use crate::workspace::Workspace;

/// Written last into a virtual environment: the requirements and the Python it was made with.
const STAMP: &str = "lifeboat-stamp";

/// A virtual environment that holds exactly what its requirement file names.
pub(crate) struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// Makes `target/venv/NAME` from `requirements`, or reuses it when neither these nor its Python have changed.
    pub(crate) fn ensure(workspace: &Workspace, name: &str, requirements: &Path) -> Result<Self> {
        let parent = workspace.target().join("venv");
        fs::create_dir_all(&parent)?;
        // Several commands may start at once; one installs, the others wait and reuse.
        let lock = File::create(parent.join(format!("{name}.lock")))?;
        lock.lock()?;
        let venv = Self {
            folder: parent.join(name),
        };
        let wanted =
            fs::read_to_string(requirements).with_context(|| format!("{} cannot be read", requirements.display()))?;
        if venv.stamp_is(&wanted) {
            return Ok(venv);
        }
        venv.install(name, requirements)?;
        fs::write(venv.folder.join(STAMP), venv.stamp(&wanted)?)?;
        Ok(venv)
    }

    /// A program installed in this environment.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// The folder of an installed Python package; `None` when it is not there.
    pub(crate) fn package(&self, name: &str) -> Result<Option<PathBuf>> {
        let mut libraries = fs::read_dir(self.folder.join("lib"))?;
        let place = |library: fs::DirEntry| library.path().join("site-packages").join(name);
        Ok(libraries.find_map(|it| it.ok().map(place).filter(|it| it.is_dir())))
    }

    /// The folder of its packages.
    pub(crate) fn packages(&self) -> Result<PathBuf> {
        let script = "import sysconfig; print(sysconfig.get_path('purelib'))";
        let output = Command::new(self.program("python"))
            .args(["-I", "-c", script])
            .output()?;
        ensure!(
            output.status.success(),
            "the Python of {} does not run",
            self.folder.display()
        );
        Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
    }

    fn install(&self, name: &str, requirements: &Path) -> Result<()> {
        let python = python::find()?;
        eprintln!("Installing {name} into {} (once)", self.folder.display());
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        run(Command::new(&python).args(["-m", "venv"]).arg(&self.folder))
            .with_context(|| format!("{} could not make a virtual environment", python.display()))?;
        run(Command::new(self.program("python"))
            .args(["-m", "pip", "install", "--quiet", "--no-input"])
            .args(["--disable-pip-version-check", "--require-hashes"])
            // The files name everything that is needed.
            .args(["--no-deps", "--only-binary", ":all:", "--requirement"])
            .arg(requirements))
        .with_context(|| format!("pip could not install {name}"))
    }

    fn stamp(&self, requirements: &str) -> Result<String> {
        let output = Command::new(self.program("python"))
            .args(["-I", "-c", "import sys; print(sys.version)"])
            .output()?;
        ensure!(
            output.status.success(),
            "the Python of {} does not run",
            self.folder.display()
        );
        let version = String::from_utf8_lossy(&output.stdout);
        Ok(format!("{version}{requirements}"))
    }

    fn stamp_is(&self, requirements: &str) -> bool {
        let found = fs::read_to_string(self.folder.join(STAMP)).ok();
        found.is_some() && found == self.stamp(requirements).ok()
    }
}

/// Runs a command that has nothing to say unless it fails.
fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    ensure!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(())
}
