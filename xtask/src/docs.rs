//! Builds the documentation: `cargo xtask docs`.

use std::io::ErrorKind;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Result, ensure};

use crate::workspace::{Workspace, cargo};

/// Builds the pages of every crate, private items too, and the book.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    crates(workspace)?;
    println!(
        "crates: {}",
        workspace.target().join("doc/lifeboat/index.html").display()
    );
    match book(workspace)? {
        Book::Built => println!("book:   {}", workspace.target().join("book/index.html").display()),
        Book::None => println!("book:   there is none, docs/book.toml does not exist"),
        Book::NoProgram => println!("book:   not built, mdbook is not installed: cargo install mdbook"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the crates' pages. A warning, say of a broken link, is an error.
pub(crate) fn crates(workspace: &Workspace) -> Result<()> {
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

/// What became of the book.
enum Book {
    Built,
    None,
    NoProgram,
}

fn book(workspace: &Workspace) -> Result<Book> {
    let source = workspace.root().join("docs");
    if !source.join("book.toml").exists() {
        return Ok(Book::None);
    }
    let mut command = Command::new("mdbook");
    command
        .arg("build")
        .arg(&source)
        .arg("--dest-dir")
        .arg(workspace.target().join("book"));
    match command.stdin(Stdio::null()).status() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Book::NoProgram),
        Err(error) => Err(error.into()),
        Ok(status) => {
            ensure!(status.success(), "the book has errors");
            Ok(Book::Built)
        }
    }
}
