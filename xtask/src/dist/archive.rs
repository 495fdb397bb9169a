//! The archive for every Linux, and the sums of everything.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::stage::{self, Stage};
use super::{Dist, output, papers};
use crate::workspace::Workspace;

/// The file with the sums.
pub(super) const SUMS: &str = "SHA256SUMS";

/// Packs a folder with the program at its top, with fixed owners, modes, order and times.
pub(super) fn tar(workspace: &Workspace, dist: &Dist, stage: &Stage) -> Result<PathBuf> {
    let name = format!("lifeboat-{}-{}", dist.version, dist.target);
    let folder = dist.folder.join(&name);
    let copy = |from: &Path, to: &str| -> Result<()> {
        let to = folder.join(to);
        fs::create_dir_all(to.parent().context("a file at the top")?)?;
        fs::copy(from, &to).with_context(|| to.display().to_string())?;
        Ok(())
    };
    copy(&stage.program(), "lifeboat")?;
    for (_, place) in stage::COMPLETIONS {
        let path = stage.root().join(place);
        let file = path.file_name().and_then(|it| it.to_str()).context("a name")?;
        let file = if file == "lifeboat" { "lifeboat.bash" } else { file };
        copy(&path, &format!("completions/{file}"))?;
    }
    for page in fs::read_dir(stage.root().join(stage::MANUALS))? {
        let page = page?;
        copy(&page.path(), &format!("man/man1/{}", page.file_name().display()))?;
    }
    papers::put(workspace.root(), &folder)?;
    copy(&workspace.root().join("LICENSE"), "LICENSE")?;
    let archive = dist.folder.join(format!("{name}.tar.gz"));
    let mut tar = Command::new("tar");
    tar.args([
        "--create",
        "--format=ustar",
        "--sort=name",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
    ])
    .arg("--mode=u+rwX,go+rX,go-w")
    .arg(format!("--mtime=@{}", dist.epoch))
    // Its own gzip writes the time.
    .arg("--use-compress-program=gzip --best --no-name")
    .arg("--file")
    .arg(&archive)
    .arg("--directory")
    .arg(&dist.folder)
    .arg(&name);
    output(&mut tar)?;
    fs::remove_dir_all(folder)?;
    Ok(archive)
}

/// Writes the SHA-256 sum of each file, as `sha256sum --check` reads it.
pub(super) fn sums(dist: &Dist, files: &[PathBuf]) -> Result<()> {
    let names = files.iter().filter_map(|it| it.file_name());
    let sums = output(Command::new("sha256sum").args(names).current_dir(&dist.folder))?;
    fs::write(dist.folder.join(SUMS), sums)?;
    File::open(dist.folder.join(SUMS))?.sync_all()?;
    Ok(())
}
