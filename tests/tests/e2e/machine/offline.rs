//! Full disks under what asks no server: it says so, nothing is half there, and with room it does its work. What only removes
//! needs no room.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use lifeboat_report::{
    Generator, Report, StatusFile,
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};
use lifeboat_tests::lifeboat::Lifeboat;

use super::disk::Scarce;

/// The status file that they are given.
const BEFORE: &str = "before.json";

/// A command line and a file that is there when it has done its work, in the folder of what it reads and writes.
struct Writer {
    words: Vec<String>,
    made: PathBuf,
}

impl Writer {
    fn new(folder: &Path, words: &[&str], inputs: &[&str], option: Option<&str>, made: &str) -> Self {
        let place = |name: &str| folder.join(name).display().to_string();
        let inputs = inputs.iter().copied().map(|it| match it.starts_with("--") {
            true => it.to_owned(),
            false => place(it),
        });
        let all = words.iter().map(|it| (*it).to_owned()).chain(inputs);
        Self {
            words: all.chain(option.map(str::to_owned)).chain([place(made)]).collect(),
            made: folder.join(made),
        }
    }

    fn all(folder: &Path) -> [Self; 3] {
        let status_file = ["--status-file", BEFORE];
        [
            Self::new(folder, &["report"], &[BEFORE], Some("--html"), "page.html"),
            Self::new(
                folder,
                &["check", "--from"],
                &[BEFORE],
                Some("--status-file"),
                "again.json",
            ),
            Self::new(folder, &["util", "support-bundle"], &status_file, None, "bundle.json"),
        ]
    }
}

/// The names of what is in a folder.
fn names(folder: &Path) -> Result<BTreeSet<String>> {
    let entries = folder.read_dir()?;
    entries
        .map(|it| Ok(it?.file_name().to_string_lossy().into_owned()))
        .collect()
}

/// Runs it where there is no room: it says so, and leaves nothing.
async fn refused(words: &[String], scarce: Scarce, folder: &Path) -> Result<()> {
    let told = || format!("{words:?} without {scarce:?}");
    let before = names(folder)?;
    let outcome = Lifeboat::new(words)?.on(scarce.disk(0, folder)).run().await;
    let outcome = outcome.with_context(told)?;
    ensure!(outcome.code()? == 1, "{}: {outcome}", told());
    outcome.ensure_two_sentences().with_context(told)?;
    let after = names(folder)?;
    ensure!(after == before, "{}: {after:?} after {before:?}", told());
    Ok(())
}

/// Writes the status file of an account for the program to read.
fn write_status_file(folder: &Path) -> Result<()> {
    let generator = Generator {
        name: "lifeboat".to_owned(),
        version: "1.0.0".to_owned(),
    };
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, healthy_facts());
    let status = StatusFile::of(&report, generator);
    std::fs::write(folder.join(BEFORE), serde_json::to_vec(&status)?)?;
    Ok(())
}

#[tokio::test]
async fn what_asks_no_server_leaves_no_half_file_on_a_full_disk() -> Result<()> {
    let outputs = tempfile::tempdir()?;
    let folder = outputs.path();
    write_status_file(folder)?;
    for scarce in [Scarce::Space, Scarce::File] {
        for Writer { words, made } in Writer::all(folder) {
            refused(&words, scarce, folder).await?;
            let done = Lifeboat::new(&words)?.run().await?;
            ensure!([0, 10, 11].contains(&done.code()?), "{words:?}: {done}");
            ensure!(made.metadata()?.len() > 100, "{words:?} wrote nothing\n{done}");
            std::fs::remove_file(made)?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn of_the_manual_no_half_page_is_left_on_a_full_disk() -> Result<()> {
    for scarce in [Scarce::Space, Scarce::File] {
        let folder = tempfile::tempdir()?;
        let place = folder.path().display().to_string();
        let words = ["util", "man", "--all", place.as_str()].map(str::to_owned);
        let outcome = Lifeboat::new(&words)?.on(scarce.disk(0, folder.path())).run().await?;
        ensure!(outcome.code()? == 1, "without {scarce:?}: {outcome}");
        outcome.ensure_two_sentences()?;
        // The least that a disk has takes a short page, which may stay.
        let mut left = Vec::new();
        for name in names(folder.path())? {
            let path = folder.path().join(name);
            left.push((path.clone(), std::fs::read(&path)?));
            std::fs::remove_file(path)?;
        }
        let done = Lifeboat::new(&words)?.run().await?;
        ensure!(done.code()? == 0, "{done}");
        for (path, page) in left {
            ensure!(std::fs::read(&path)? == page, "{} was a part of a page", path.display());
        }
        let pages = names(folder.path())?;
        ensure!(pages.len() > 10 && pages.contains("lifeboat.1"), "{pages:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_kept_can_be_removed_on_a_full_disk() -> Result<()> {
    for scarce in [Scarce::Space, Scarce::File] {
        let outputs = tempfile::tempdir()?;
        let home = Lifeboat::new(["--version"])?.run().await?;
        let kept = home.home().join("state/lifeboat").join(ACCOUNT.replace(':', "%3A"));
        std::fs::create_dir_all(&kept)?;
        std::fs::write(kept.join("forecast"), "what an earlier check remembers")?;
        let forget = home.then(["util", "forget", ACCOUNT])?;
        let done = forget.on(scarce.disk(0, outputs.path())).run().await?;
        ensure!(done.code()? == 0, "without {scarce:?}: {done}");
        ensure!(!kept.exists(), "without {scarce:?} it stays: {done}");
    }
    Ok(())
}
