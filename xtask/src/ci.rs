//! What continuous integration runs, in the order in which mistakes are cheap to find: `cargo xtask ci`.

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::venv::Venv;
use crate::workspace::{Workspace, cargo};
use crate::{docs, test, tidy};

/// A step: its title and what it does.
type Step = (&'static str, fn(&Workspace) -> Result<()>);

const STEPS: [Step; 9] = [
    ("format", format),
    ("tidy", tidy),
    ("spelling", spelling),
    ("clippy", clippy),
    ("documentation", docs::check),
    ("tests", tests),
    ("demo", demo),
    ("packages", packages),
    ("fuzzing", fuzzing),
];

/// Runs every step and stops at the first that fails.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let start = Instant::now();
    for (number, (title, step)) in (1..).zip(STEPS) {
        println!("=== {number}/{} {title}", STEPS.len());
        let start = Instant::now();
        step(workspace).with_context(|| format!("step {title} failed"))?;
        println!("=== {title} done in {:.1} s", start.elapsed().as_secs_f64());
    }
    println!("=== all done in {:.1} s", start.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

fn format(workspace: &Workspace) -> Result<()> {
    succeed(workspace, cargo().args(["fmt", "--all", "--", "--check"]))
}

fn tidy(workspace: &Workspace) -> Result<()> {
    ensure!(tidy::run(workspace)? == ExitCode::SUCCESS, "see the findings above");
    Ok(())
}

fn spelling(workspace: &Workspace) -> Result<()> {
    let requirements = workspace.root().join("xtask/typos/requirements.txt");
    let venv = Venv::ensure(workspace, "typos", &requirements)?;
    // Given as an argument, so that a missing file is an error and not the default configuration.
    succeed(
        workspace,
        Command::new(venv.program("typos")).args(["--config", "typos.toml"]),
    )
}

fn clippy(workspace: &Workspace) -> Result<()> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ];
    succeed(workspace, cargo().args(arguments))
}

fn tests(workspace: &Workspace) -> Result<()> {
    ensure!(test::run(workspace, &[])? == ExitCode::SUCCESS, "see above");
    Ok(())
}

/// The other command that the README begins with.
fn demo(workspace: &Workspace) -> Result<()> {
    succeed(workspace, cargo().args(["xtask", "demo"]))
}

/// Packs what the tests have built, and as root installs the package, runs it and removes it. What is handed out is built
/// in another way, which takes too long for here.
fn packages(workspace: &Workspace) -> Result<()> {
    let mut dist = cargo();
    dist.args(["xtask", "dist", "--profile", "dev"]);
    if rustix::process::getuid().is_root() {
        dist.arg("--check");
    } else {
        println!("the packages are made and not installed: only root can do that");
    }
    succeed(workspace, &mut dist)
}

/// Runs the targets by another process: the tests have replaced the file of this program, which stands in for the compiler.
fn fuzzing(workspace: &Workspace) -> Result<()> {
    succeed(workspace, cargo().args(["xtask", "fuzz"]))
}

fn succeed(workspace: &Workspace, command: &mut Command) -> Result<()> {
    let name = command.get_program().display().to_string();
    let status = command.current_dir(workspace.root()).stdin(Stdio::null()).status();
    let status = status.with_context(|| format!("{name} does not start"))?;
    ensure!(status.success(), "{name} ended with {status}");
    Ok(())
}
