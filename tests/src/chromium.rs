//! A real Chromium without a window, spoken to over a pipe with the DevTools protocol.
//!
//! The protocol's own pipe (`--remote-debugging-pipe`: JSON texts with a NUL after each) needs no port, no web socket and
//! no library.

mod pipe;
mod tab;
mod thumbnail;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;

use self::pipe::Pipe;
pub use self::tab::{Look, Scheme, Tab};
pub use self::thumbnail::Thumbnail;

/// Names the browser.
pub const BROWSER_VARIABLE: &str = "LIFEBOAT_TEST_BROWSER";
/// Names the script of axe-core.
pub const AXE_VARIABLE: &str = "LIFEBOAT_TEST_AXE";
/// Names the folder for pictures.
pub const PICTURES_VARIABLE: &str = "LIFEBOAT_TEST_PICTURES";

/// Nothing of its own on the network, no profile of anybody's.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
];

/// Puts the pipe where Chromium looks for it, descriptors 3 and 4.
const PLUMBING: &str = r#"exec 3<&0 4<&0 </dev/null >/dev/null 2>&1; exec "$@""#;

/// A running browser; it ends with this value.
#[derive(Debug)]
pub struct Chromium {
    child: Child,
    pipe: Option<Pipe>,
    // Removed after the browser has ended.
    _profile: TempDir,
}

impl Chromium {
    /// Starts one with an empty profile. No browser is a failure, never a reason to skip a test.
    pub fn start() -> Result<Self> {
        let program = path_of(BROWSER_VARIABLE)?;
        let profile = tempfile::Builder::new().prefix("lifeboat-chromium-").tempdir()?;
        let (ours, theirs) = pipe::pair()?;
        let child = Command::new("/bin/sh")
            .args(["-c", PLUMBING, "sh"])
            .arg(&program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        Ok(Self {
            child,
            pipe: Some(ours),
            _profile: profile,
        })
    }

    /// Opens a file from disk in a new tab, and waits until it is loaded.
    pub fn open(&mut self, file: &Path) -> Result<Tab<'_>> {
        let pipe = self.pipe.as_mut().context("the browser has ended")?;
        Tab::open(pipe, file)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // It ends by itself when nobody holds the other end; whoever does not listen is ended.
        drop(self.pipe.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the script of axe-core.
pub fn axe() -> Result<String> {
    let path = path_of(AXE_VARIABLE)?;
    std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
}

/// Keeps a picture for people to look at, where there is a place for it.
pub fn keep_picture(name: &str, content: &[u8]) -> Result<()> {
    if let Some(folder) = std::env::var_os(PICTURES_VARIABLE).map(PathBuf::from) {
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(name), content)?;
    }
    Ok(())
}

fn path_of(variable: &str) -> Result<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .context("no browser to test with: run the end-to-end tests with `cargo xtask test`")
}
