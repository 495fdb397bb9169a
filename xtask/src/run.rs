//! Runs the programs of the `tests` package beside a homeserver: `cargo xtask demo` and `cargo xtask bench`.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::homeserver::{Profile, Purpose};
use crate::interrupt::Interrupt;
use crate::workspace::Workspace;
use crate::{child, servers};

/// Checks of accounts as they should be and in trouble, and a whole reset by e-mail, in front of your eyes.
pub(crate) fn demo(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    // The same selection as that of the tests: whoever ran one command does not wait for the other.
    let interrupt = Interrupt::listen()?;
    // Before the server starts, so that compiler errors come first and the server does not wait.
    let lifeboat = servers::build_program(workspace, &["--workspace", "--bins", "--tests"])?;
    let demo = Path::new(&lifeboat).with_file_name("demo");
    run(
        workspace,
        Purpose::Demo,
        &interrupt,
        [&demo, Path::new(&lifeboat)],
        arguments,
    )
}

/// Measures the program as it is handed out, and not an ordinary release build.
const PACKAGED: &str = "--packaged";

/// The figures of the performance page, measured on this machine.
pub(crate) fn bench(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    let (packaged, arguments): (Vec<_>, Vec<_>) = arguments.iter().cloned().partition(|it| it == PACKAGED);
    let [bench, lifeboat] = if packaged.is_empty() {
        let lifeboat = servers::build_program(workspace, &["--workspace", "--bins", "--release"])?;
        [Path::new(&lifeboat).with_file_name("bench"), lifeboat.into()]
    } else {
        let bench = servers::build_bench(workspace)?;
        [bench.into(), servers::build_packaged_program(workspace)?.into()]
    };
    run(workspace, Purpose::Bench, &interrupt, [&bench, &lifeboat], &arguments)
}

fn run(
    workspace: &Workspace,
    purpose: Purpose,
    interrupt: &Interrupt,
    [program, lifeboat]: [&Path; 2],
    arguments: &[String],
) -> Result<ExitCode> {
    let status = servers::during(workspace, purpose, &[Profile::Default], interrupt, |list| {
        let mut command = Command::new(program);
        command.current_dir(workspace.root()).args(arguments);
        let command = servers::environment(&mut command, list, lifeboat);
        child::run(command, interrupt, |line| println!("{line}"))
    })?;
    Ok(ExitCode::from(u8::from(!status.success())))
}
