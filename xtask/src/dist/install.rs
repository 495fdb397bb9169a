//! Installs the Debian package into a folder with nothing else in it, and runs the program with that folder as the whole file
//! system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::stage::{COMPLETIONS, MANUALS, PAPERS, PROGRAM};
use super::{Dist, archive, output, papers, told};

/// Tries everything that was made.
pub(super) fn check(dist: &Dist, made: &[PathBuf]) -> Result<()> {
    ensure!(
        rustix::process::getuid().is_root(),
        "only root can install into a folder and make it the whole file system. Run the command as root, or leave out --check"
    );
    let sums = Command::new("sha256sum")
        .args(["--check", "--quiet", archive::SUMS])
        .current_dir(&dist.folder)
        .status()?;
    ensure!(sums.success(), "the sums do not fit");
    let ends = |end: &str| made.iter().find(|it| it.to_string_lossy().ends_with(end));
    let package = ends(".deb").context("there is no package")?;
    let root = dist.folder.join("root");
    installed(package, &root)?;
    runs(&root)?;
    manuals(&root)?;
    completions(&root)?;
    papers::check(&root.join(PAPERS))?;
    removed(&root)?;
    fs::remove_dir_all(&root)?;
    unpacked(dist, ends(".tar.gz").context("there is no archive")?)?;
    println!("checked: installed, run, read and removed");
    Ok(())
}

/// With a data base of its own. What the package depends on is not there; the libraries that it names are put beside it.
fn installed(package: &Path, root: &Path) -> Result<()> {
    for folder in [
        "var/lib/dpkg/info",
        "var/lib/dpkg/updates",
        "var/lib/dpkg/triggers",
        "tmp",
    ] {
        fs::create_dir_all(root.join(folder))?;
    }
    fs::write(root.join("var/lib/dpkg/status"), "")?;
    output(dpkg(root).args(["--force-depends", "--install"]).arg(package))?;
    let installed = told(dpkg(root).args(["--status", "lifeboat"]))?;
    ensure!(
        installed.contains("Status: install ok installed"),
        "it is not installed:\n{installed}"
    );
    let libraries = told(Command::new("ldd").arg(root.join(PROGRAM)))?;
    for library in libraries.split_whitespace().filter(|it| it.starts_with('/')) {
        let place = root.join(library.trim_start_matches('/'));
        fs::create_dir_all(place.parent().context("a library at the top")?)?;
        fs::copy(library, place)?;
    }
    Ok(())
}

fn dpkg(root: &Path) -> Command {
    let mut dpkg = Command::new("dpkg");
    dpkg.arg("--root").arg(root).arg("--log=/dev/null");
    // A folder that is the whole file system has no PATH of its own.
    dpkg.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    dpkg
}

fn runs(root: &Path) -> Result<()> {
    let run = |arguments: &[&str]| {
        let mut chroot = Command::new("chroot");
        chroot.arg(root).arg(format!("/{PROGRAM}")).args(arguments);
        told(
            chroot
                .env_clear()
                .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
                .env("HOME", "/tmp"),
        )
    };
    ensure!(
        run(&["--version"])?.starts_with("lifeboat "),
        "it does not know its version"
    );
    ensure!(run(&["check", "--help"])?.contains("Examples:"), "it has no help");
    ensure!(run(&["util", "schema"])?.contains("StatusFile"), "it has no schema");
    Ok(())
}

/// Every page is shown, without a complaint.
fn manuals(root: &Path) -> Result<()> {
    let mut count = 0;
    for page in fs::read_dir(root.join(MANUALS))? {
        let page = page?.path();
        let mut man = Command::new("man");
        man.args(["--warnings", "--local-file"])
            .arg(&page)
            .env("MANPAGER", "cat")
            .env("MANWIDTH", "80");
        let shown = told(man.env("LC_ALL", "C.UTF-8"))?;
        ensure!(
            shown.contains("SYNOPSIS") && shown.contains("lifeboat"),
            "{} is empty",
            page.display()
        );
        count += 1;
    }
    ensure!(count > 10, "only {count} manual pages");
    Ok(())
}

fn completions(root: &Path) -> Result<()> {
    for (_, place) in COMPLETIONS {
        ensure!(fs::metadata(root.join(place))?.len() > 1000, "{place} is empty");
    }
    let (_, bash) = COMPLETIONS[0];
    output(Command::new("bash").args(["--norc", "-n"]).arg(root.join(bash)))?;
    Ok(())
}

/// Nothing of it stays.
fn removed(root: &Path) -> Result<()> {
    output(dpkg(root).args(["--purge", "lifeboat"]))?;
    for place in [PROGRAM, MANUALS, PAPERS] {
        ensure!(!root.join(place).exists(), "{place} was left behind");
    }
    Ok(())
}

fn unpacked(dist: &Dist, tar: &Path) -> Result<()> {
    let folder = dist.folder.join("unpacked");
    fs::create_dir_all(&folder)?;
    output(
        Command::new("tar")
            .arg("--extract")
            .arg("--file")
            .arg(tar)
            .arg("--directory")
            .arg(&folder),
    )?;
    let top = folder.join(format!("lifeboat-{}-{}", dist.version, dist.target));
    let version = told(Command::new(top.join("lifeboat")).arg("--version"))?;
    ensure!(version.trim() == format!("lifeboat {}", dist.version), "{version}");
    papers::check(&top)?;
    fs::remove_dir_all(folder)?;
    Ok(())
}
