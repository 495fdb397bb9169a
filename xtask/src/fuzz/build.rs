//! Builds the targets with instruments in our own crates.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};

use crate::workspace::{Workspace, cargo};

/// Set for the compiler that Cargo starts through this program: the folder whose crates get instruments.
const INSTRUMENTED: &str = "LIFEBOAT_INSTRUMENTED";

/// Counters at every branch and the operands of every comparison, as `cargo fuzz` asks of the compiler.
const INSTRUMENTS: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Coverflow-checks=yes",
];

/// The packages that are fuzzed. Another level of optimisation than usual keeps what is built here apart from what the
/// tests use, which has the same place otherwise.
const OURS: [&str; 6] = [
    "lifeboat",
    "lifeboat-backup",
    "lifeboat-preflight",
    "lifeboat-report",
    "lifeboat-rescue",
    "lifeboat-reset",
];

/// Builds every target.
pub(super) fn targets(workspace: &Workspace) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--package", "lifeboat-fuzz", "--features", "fuzz", "--bins"]);
    build.args(["--locked", "--quiet"]);
    for package in OURS {
        let level = format!("profile.dev.package.{package}.opt-level=1");
        build.args(["--config", &level]);
    }
    let ourselves = env::current_exe().context("the path of this program")?;
    build
        .env("RUSTC_WRAPPER", ourselves)
        .env(INSTRUMENTED, workspace.root())
        .current_dir(workspace.root())
        .stdin(Stdio::null());
    let status = build.status().context("cargo does not start")?;
    ensure!(
        status.success(),
        "the targets do not build. Where no C++ compiler was found: apt install g++"
    );
    Ok(())
}

/// Stands in for the compiler when Cargo was told so; `None`: this is no such call.
pub(crate) fn instrument() -> Option<ExitCode> {
    let folder = env::var_os(INSTRUMENTED)?;
    let mut arguments = env::args_os().skip(1);
    let compiler = arguments.next()?;
    let arguments: Vec<OsString> = arguments.collect();
    let manifest = env::var_os("CARGO_MANIFEST_DIR");
    let ours = manifest.is_some_and(|it| Path::new(&it).starts_with(&folder));
    let builds = arguments.iter().any(|it| it == "--crate-name");
    let for_this_machine = arguments.iter().any(|it| it == OsStr::new("build_script_build"));
    let mut compile = Command::new(compiler);
    compile.args(&arguments);
    if ours && builds && !for_this_machine {
        compile.args(INSTRUMENTS);
    }
    let status = compile.status().ok()?;
    let code = status.code().and_then(|it| u8::try_from(it).ok());
    Some(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
