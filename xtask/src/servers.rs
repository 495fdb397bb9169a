//! Homeservers for the length of one command.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::homeserver::{self, Fleet, Profile, Purpose};
use crate::interrupt::Interrupt;
use crate::workspace::{Workspace, cargo};

/// Brings up fresh servers, does the work and takes them down, whatever the outcome. The work gets the list of servers.
pub(crate) fn during<T>(
    workspace: &Workspace,
    purpose: Purpose,
    profiles: &[Profile],
    interrupt: &Interrupt,
    work: impl FnOnce(&Path) -> Result<T>,
) -> Result<T> {
    let fleet = Fleet::of(workspace, purpose);
    let hold = fleet
        .take()?
        .context("the same command is at work with this target folder. Wait until it is done")?;
    // An earlier run that was killed could not take its own down.
    homeserver::take_down(&fleet, &hold, &Profile::ALL)?;
    let outcome = homeserver::bring_up(workspace, &fleet, &hold, profiles, None, interrupt)
        .and_then(|_| work(&fleet.list_file()));
    let down = homeserver::take_down(&fleet, &hold, &Profile::ALL);
    outcome.and_then(|value| down.map(|_| value))
}

/// The environment in which tests, demo and bench find the servers and the program.
pub(crate) fn environment<'a>(command: &'a mut Command, servers: &Path, program: &Path) -> &'a mut Command {
    command
        .env("LIFEBOAT_TEST_SERVERS", servers)
        .env("LIFEBOAT_BIN", program)
}

/// Has Cargo say where it puts what it builds.
const MESSAGES: &str = "--message-format=json-render-diagnostics";

/// The program without what nobody uses: search in texts and geometry of SQLite.
const SQLITE: &str = "-USQLITE_ENABLE_FTS3 -USQLITE_ENABLE_FTS3_PARENTHESIS -USQLITE_ENABLE_FTS5 -USQLITE_ENABLE_RTREE";

/// Builds the program `lifeboat`, and whatever else `selection` names, and returns the program's path.
pub(crate) fn build_program(workspace: &Workspace, selection: &[&str]) -> Result<String> {
    built(workspace, "lifeboat", cargo().args(["build", MESSAGES]).args(selection))
}

/// Builds the benchmark in release, and returns its path. Named beside the whole workspace it has the same SDK as everything
/// else.
pub(crate) fn build_bench(workspace: &Workspace) -> Result<String> {
    let mut build = cargo();
    build.args(["build", MESSAGES, "--workspace", "--bin=bench", "--release"]);
    built(workspace, "bench", &mut build)
}

/// Builds the program as it is handed out, small, and returns its path.
pub(crate) fn build_packaged_program(workspace: &Workspace) -> Result<String> {
    let mut build = cargo();
    build.args(["rustc", MESSAGES, "--package=lifeboat", "--bin=lifeboat"]);
    build.args(["--profile=packaged", "--locked"]);
    build.env("LIBSQLITE3_FLAGS", SQLITE);
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        // The linker that Rust brings along there: one copy of functions that are the same.
        build.args(["--", "-Clink-arg=-Wl,--icf=all"]);
    }
    built(workspace, "lifeboat", &mut build)
}

fn built(workspace: &Workspace, program: &str, build: &mut Command) -> Result<String> {
    let output = build
        .current_dir(workspace.root())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(
        output.status.success(),
        "the program {program}, or something beside it, does not build"
    );
    executable(&String::from_utf8_lossy(&output.stdout), program)
        .with_context(|| format!("cargo did not say where it put the program {program}"))
}

/// Finds a program's path among the messages of `cargo build`; its tests have the same name.
fn executable(messages: &str, program: &str) -> Option<String> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == program && message["profile"]["test"] == false)
        .find_map(|message| message["executable"].as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(name: &str, test: bool, executable: Option<&str>) -> String {
        json!({"target": {"name": name}, "profile": {"test": test}, "executable": executable}).to_string()
    }

    #[test]
    fn the_program_is_found_among_cargos_messages() {
        let mut messages = [
            message("lifeboat-report", false, None),
            message("lifeboat", true, Some("/t/debug/deps/lifeboat-0")),
            message("lifeboat", false, Some("/t/debug/lifeboat")),
        ];
        assert_eq!(
            executable(&messages.join("\n"), "lifeboat").as_deref(),
            Some("/t/debug/lifeboat")
        );
        messages[2] = "not json".into();
        assert_eq!(executable(&messages.join("\n"), "lifeboat"), None);
    }
}
