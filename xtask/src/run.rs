//! Runs the programs of the `tests` package beside a homeserver: `cargo xtask demo` and `cargo xtask bench`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, ensure};

use crate::homeserver::{Profile, Purpose};
use crate::interrupt::Interrupt;
use crate::workspace::{Workspace, cargo};
use crate::{child, servers};

/// A check on a healthy account and on one in trouble, in front of your eyes.
pub(crate) fn demo(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    run(workspace, Purpose::Demo, "demo", &[], arguments)
}

/// The figures of the performance page, measured on this machine.
pub(crate) fn bench(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    run(workspace, Purpose::Bench, "bench", &["--release"], arguments)
}

fn run(workspace: &Workspace, purpose: Purpose, name: &str, flags: &[&str], arguments: &[String]) -> Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    let chosen = ["--package", "lifeboat-tests", "--bin", name];
    // Both before the server starts, so that compiler errors come first and the server does not wait.
    let program = servers::build_program(
        workspace,
        &[&["--package", "lifeboat", "--bin", "lifeboat"], flags].concat(),
    )?;
    let mut build = cargo();
    build
        .arg("build")
        .args(chosen)
        .args(flags)
        .current_dir(workspace.root());
    ensure!(build.status()?.success(), "the program {name} does not build");
    let status = servers::during(workspace, purpose, &[Profile::Default], &interrupt, |list| {
        let mut command = cargo();
        command
            .args(["run", "--quiet"])
            .args(chosen)
            .args(flags)
            .current_dir(workspace.root());
        command.arg("--").args(arguments);
        child::run(
            servers::environment(&mut command, list, Path::new(&program)),
            &interrupt,
            |line| {
                println!("{line}");
            },
        )
    })?;
    Ok(ExitCode::from(u8::from(!status.success())))
}
