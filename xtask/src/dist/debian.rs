//! The Debian package, made by `dpkg-deb`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::stage::{PROGRAM, Stage};
use super::{Dist, output, told};

/// Packs the stage.
pub(super) fn package(dist: &Dist, stage: &Stage) -> Result<PathBuf> {
    let architecture = told(Command::new("dpkg").arg("--print-architecture"))?
        .trim()
        .to_owned();
    let depends = depends(dist, stage)?;
    let control = control(&dist.version, &architecture, &depends, installed_size(stage)?);
    let place = stage.place("DEBIAN/control")?;
    fs::write(&place, control)?;
    folders_for_everybody(stage.root())?;
    let package = dist
        .folder
        .join(format!("lifeboat_{}-1_{architecture}.deb", dist.version));
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.args(["--root-owner-group", "-Zxz", "--build"])
        .arg(stage.root())
        .arg(&package)
        .env("SOURCE_DATE_EPOCH", &dist.epoch);
    output(&mut dpkg)?;
    fs::remove_dir_all(stage.root().join("DEBIAN"))?;
    Ok(package)
}

/// Which packages hold the libraries that the program names, in the versions that it needs.
fn depends(dist: &Dist, stage: &Stage) -> Result<String> {
    // `dpkg-shlibdeps` wants to stand in a source package.
    let source = dist.folder.join("source");
    fs::create_dir_all(source.join("debian"))?;
    fs::write(
        source.join("debian/control"),
        "Source: lifeboat\n\nPackage: lifeboat\nArchitecture: any\n",
    )?;
    let mut shlibdeps = Command::new("dpkg-shlibdeps");
    shlibdeps
        .arg("-O")
        .arg("-e")
        .arg(stage.root().join(PROGRAM))
        .current_dir(&source);
    let told = told(&mut shlibdeps)?;
    fs::remove_dir_all(source)?;
    let depends = told.trim().strip_prefix("shlibs:Depends=");
    Ok(depends
        .context("dpkg-shlibdeps does not say what the program needs")?
        .to_owned())
}

/// In KiB, as `dpkg` counts.
fn installed_size(stage: &Stage) -> Result<u64> {
    let mut size = 0;
    for file in stage.files()? {
        size += fs::metadata(stage.root().join(file))?.len().div_ceil(1024);
    }
    Ok(size)
}

fn control(version: &str, architecture: &str, depends: &str, size: u64) -> String {
    format!(
        "\
Package: lifeboat
Version: {version}-1
Architecture: {architecture}
Maintainer: The Lifeboat authors <lifeboat@lifeboat.invalid>
Installed-Size: {size}
Depends: {depends}
Recommends: ca-certificates
Section: net
Priority: optional
Description: session-safety assistant for Matrix accounts
 A password reset can end every session of a Matrix account, and with them the
 only copies of the keys that make its history readable. Lifeboat finds out
 before whether anything would be lost, saves what can be saved, guides the
 reset, and proves afterwards that the history is back.
"
    )
}

/// A build may run with a mask that keeps others out; a package is for everybody.
fn folders_for_everybody(folder: &Path) -> Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            folders_for_everybody(&path)?;
        } else if !path.ends_with(PROGRAM) {
            fs::set_permissions(&path, Permissions::from_mode(0o644))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_file_has_what_debian_asks_for() {
        let control = control("1.2.3", "amd64", "libc6 (>= 2.34)", 4711);
        for field in [
            "Package",
            "Version",
            "Architecture",
            "Maintainer",
            "Installed-Size",
            "Depends",
            "Description",
        ] {
            let begin = format!("{field}: ");
            assert!(control.lines().any(|it| it.starts_with(&begin)), "{field}");
        }
        // Lines that go on begin with a blank, none is empty, and the last one ends.
        assert!(control.ends_with(".\n") && !control.contains("\n\n"));
        assert!(control.lines().all(|it| it.len() <= 80));
    }
}
