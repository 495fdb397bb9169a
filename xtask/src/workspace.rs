//! Where the checkout and the target folder in use are.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The checkout, as Cargo sees it from the current folder.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    metadata: Value,
}

impl Workspace {
    /// Asks `cargo metadata`, which knows about `CARGO_TARGET_DIR` and every configuration file.
    pub(crate) fn find() -> Result<Self> {
        let metadata = metadata(&["--no-deps"])?;
        let path = |field: &str| -> Result<PathBuf> {
            let text = metadata[field].as_str();
            Ok(PathBuf::from(
                text.with_context(|| format!("cargo metadata has no field `{field}`"))?,
            ))
        };
        Ok(Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
            metadata,
        })
    }

    /// The folder with the top level `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The target folder in use; absolute.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The output of `cargo metadata` with all dependencies on these kinds of machine, given as target triples.
    pub(crate) fn graph(targets: &[String]) -> Result<Value> {
        let targets = targets.iter().flat_map(|it| ["--filter-platform", it]);
        metadata(&["--locked"].into_iter().chain(targets).collect::<Vec<_>>())
    }

    /// Each package that is linked into the program, with its version, on this kind of machine.
    pub(crate) fn linked() -> Result<String> {
        let edges = "--edges=normal,no-proc-macro";
        let output = told(&[
            "tree",
            "--locked",
            "--package=lifeboat",
            edges,
            "--prefix=none",
            "--format={p}",
        ])?;
        Ok(String::from_utf8(output)?)
    }

    /// The output of `cargo metadata --no-deps`.
    pub(crate) fn metadata(&self) -> &Value {
        &self.metadata
    }
}

fn metadata(arguments: &[&str]) -> Result<Value> {
    let output = told(&[&["metadata", "--format-version=1"], arguments].concat())?;
    Ok(serde_json::from_slice(&output)?)
}

fn told(arguments: &[&str]) -> Result<Vec<u8>> {
    let output = cargo().args(arguments).output().context("cargo does not start")?;
    ensure!(
        output.status.success(),
        "cargo {} failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(output.stdout)
}

/// The Cargo that runs this program, or the one on the path.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
