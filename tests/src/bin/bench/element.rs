//! The engine of Element Web: `@matrix-org/matrix-sdk-crypto-wasm` under node.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use lifeboat_tests::large_backup::LargeBackup;
use serde::Deserialize;

/// The program and the lock file of its one dependency.
const FILES: [&str; 3] = ["package.json", "package-lock.json", "restore.mjs"];

#[derive(Deserialize)]
struct Restored {
    entries: u64,
    imported: u64,
    seconds: f64,
}

/// Restores `backup`, and returns how long it took from the listing in memory; `None`: there is no node.
pub(crate) fn restore(backup: &LargeBackup) -> Result<Option<Duration>> {
    if !is_there("node") || !is_there("npm") {
        return Ok(None);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../target/element-engine");
    install(&root.join("element-engine"), &folder)?;
    let files = tempfile::tempdir()?;
    let (listing, key) = (files.path().join("listing.json"), files.path().join("key"));
    fs::write(&listing, &backup.listing)?;
    fs::write(
        &key,
        BASE64_STANDARD_NO_PAD.encode(backup.generator.backup_key_bytes()?),
    )?;
    let output = Command::new("node")
        .current_dir(&folder)
        .arg("restore.mjs")
        .args([&listing, &key])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "Element's engine failed");
    let Restored {
        entries,
        imported,
        seconds,
    } = serde_json::from_slice(&output.stdout)?;
    ensure!(
        (entries, imported) == (backup.size.entries, backup.size.entries),
        "Element's engine imported {imported} of {entries} entries"
    );
    Ok(Some(Duration::from_secs_f64(seconds)))
}

fn is_there(program: &str) -> bool {
    let asked = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

/// Installs the engine outside of the sources, unless it is there.
fn install(source: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for file in FILES {
        let copied = fs::copy(source.join(file), folder.join(file));
        copied.with_context(|| source.join(file).display().to_string())?;
    }
    // What npm writes when it has installed the lock file.
    if folder.join("node_modules/.package-lock.json").exists() {
        return Ok(());
    }
    let status = Command::new("npm")
        .current_dir(folder)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "npm could not install Element's engine");
    Ok(())
}
