//! Feeds the parsers with what nobody would write: `cargo xtask fuzz`.
//!
//! The targets are those of `cargo fuzz`, and `cargo fuzz run --features fuzz` takes them, too; that builds everything anew
//! with instruments, the SDK included. Here only our own crates get instruments, so that it takes a minute or two.

mod build;
mod target;

use std::collections::VecDeque;
use std::fs;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use self::target::{Target, Told};
use crate::interrupt::Interrupt;
use crate::workspace::Workspace;

pub(crate) use self::build::instrument;

/// What `cargo xtask fuzz` takes.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The targets, such as `ark`; all when none is named.
    targets: Vec<String>,
    /// How long each of them runs.
    #[arg(long, default_value_t = SMOKE, value_name = "N")]
    seconds: u32,
}

/// How long each target runs in continuous integration, in seconds.
const SMOKE: u32 = 20;

/// Runs targets, as many at once as there are cores, and ends with a table.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<ExitCode> {
    let names = chosen(workspace, &arguments.targets)?;
    let interrupt = Interrupt::listen()?;
    build::targets(workspace)?;
    let waiting = Mutex::new(VecDeque::from(names));
    let told = Mutex::new(Vec::new());
    let next = || waiting.lock().ok().and_then(|mut it| it.pop_front());
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(name) = next() {
                    let ran = Target::of(workspace, &name).run(arguments.seconds, &interrupt);
                    if let Ok(mut told) = told.lock() {
                        told.push((name, ran));
                    }
                }
            });
        }
    });
    let mut told = told.into_inner().ok().context("a target was lost")?;
    told.sort_by(|one, other| one.0.cmp(&other.0));
    table(told)
}

/// The names of the targets that are wanted, those of the files in `fuzz/fuzz_targets`.
fn chosen(workspace: &Workspace, wanted: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for file in fs::read_dir(workspace.root().join("fuzz/fuzz_targets"))? {
        let name = file?.file_name().to_string_lossy().into_owned();
        all.extend(name.strip_suffix(".rs").map(str::to_owned));
    }
    all.sort();
    ensure!(!all.is_empty(), "there are no targets");
    if let Some(unknown) = wanted.iter().find(|it| !all.contains(it)) {
        bail!("there is no target {unknown}. They are: {}", all.join(", "));
    }
    Ok(if wanted.is_empty() { all } else { wanted.to_vec() })
}

fn table(told: Vec<(String, Result<Told>)>) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    println!("{:<16} {:>12} {:>9} {:>8}", "target", "executions", "per s", "places");
    for (name, told) in told {
        match told {
            Ok(Told {
                executions,
                per_second,
                places,
            }) => {
                println!("{name:<16} {executions:>12} {per_second:>9} {places:>8}");
            }
            Err(error) => {
                println!("{name:<16} {error:#}");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}
