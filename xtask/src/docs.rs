//! Builds the documentation: `cargo xtask docs`.

mod links;

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::{fs, io};

use anyhow::{Context, Result, ensure};

use crate::venv::Venv;
use crate::workspace::{Workspace, cargo};

/// Builds the pages of every crate, private items too, and the book.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    crates(workspace)?;
    println!(
        "crates: {}",
        workspace.target().join("doc/lifeboat/index.html").display()
    );
    let book = book(workspace)?;
    println!("book:   {}", book.join("index.html").display());
    Ok(ExitCode::SUCCESS)
}

/// Builds both, and says nothing unless something is wrong.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    crates(workspace)?;
    book(workspace)?;
    Ok(())
}

/// Builds the crates' pages. A warning, say of a broken link, is an error.
fn crates(workspace: &Workspace) -> Result<()> {
    let status = cargo()
        .args([
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
            "--locked",
            "--quiet",
        ])
        .env("RUSTDOCFLAGS", "-D warnings")
        .current_dir(workspace.root())
        .status()?;
    ensure!(status.success(), "the documentation has errors");
    Ok(())
}

/// Builds the book, and looks that every link in it leads somewhere. Returns its folder.
fn book(workspace: &Workspace) -> Result<PathBuf> {
    let requirements = workspace.root().join("xtask/book/requirements.txt");
    let venv = Venv::ensure(workspace, "book", &requirements)?;
    let (source, book) = (workspace.root().join("docs"), workspace.target().join("book"));
    // Pages that are gone would stay.
    match fs::remove_dir_all(&book) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let output = Command::new(venv.program("mdbook"))
        .arg("build")
        .arg(&source)
        .arg("--dest-dir")
        .arg(&book)
        .stdin(Stdio::null())
        .output()
        .context("mdbook does not start")?;
    let told = String::from_utf8_lossy(&output.stderr);
    // It goes on where a file that is to be included is not there.
    let complains = told.lines().any(|it| it.contains("WARN") || it.contains("ERROR"));
    ensure!(output.status.success() && !complains, "the book has errors:\n{told}");
    let dead = links::dead(&book)?;
    ensure!(
        dead.is_empty(),
        "the book has links that lead nowhere:\n{}",
        dead.join("\n")
    );
    Ok(book)
}
