//! `lifeboat util support-bundle`.

use std::{
    env, fs,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use lifeboat_report::StatusFile;
use lifeboat_reset::{Found, Journal, flow::Password};
use serde_json::{Value, json};

use crate::{
    failure::Failure, files::Reserved, kept::Kept, redaction, resolve::parse_user, state, status, ui::console::Console,
    ui::json,
};

/// The number of the format.
const FORMAT: u64 = 1;
/// More accounts than this are not kept by anybody.
const MOST: usize = 100;

/// Writes versions, the state of what is kept here, and the status files, without names and secrets. Asks no server.
pub(super) fn run(file: PathBuf, status_files: &[PathBuf], console: &mut Console) -> Result<(), Failure> {
    let reserved = Reserved::new(file)?;
    let status_files: Vec<StatusFile> = status_files
        .iter()
        .map(|it| Ok(redacted(status::read(it)?)))
        .collect::<Result<_, Failure>>()?;
    let document = json!({
        "format": FORMAT,
        "generator": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
        "system": system(),
        "accounts": state::folder().map(|it| accounts(&it)).unwrap_or_default(),
        "status_files": status_files,
    });
    let path = reserved.write(json::document(&document)?.as_bytes())?;
    console.note(&format!(
        "Wrote {}. It holds no secret and no names; read it before you pass it on.",
        path.display()
    ));
    Ok(())
}

/// What was redacted before is not redacted once more: its marks would not be the same any longer.
fn redacted(mut status: StatusFile) -> StatusFile {
    if parse_user(&status.account).is_ok() {
        status.redact(&redaction::hash);
    }
    status
}

fn system() -> Value {
    json!({
        "os": env::consts::OS,
        "architecture": env::consts::ARCH,
        "terminal": {
            "stdin": io::stdin().is_terminal(),
            "stdout": io::stdout().is_terminal(),
            "columns": terminal_size::terminal_size().map(|(width, _)| width.0),
            "inside": set_ones(&["TMUX", "STY", "SSH_CONNECTION"]),
        },
        "proxies": set_ones(&["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"]),
    })
}

/// Which variables are set, and not to what: the address of a proxy may hold a password.
fn set_ones(names: &[&'static str]) -> Vec<&'static str> {
    let set = |name: &&&str| env::var_os(name).is_some_and(|it| !it.is_empty());
    names.iter().filter(set).copied().collect()
}

/// What is kept of each account on this machine.
fn accounts(folder: &Path) -> Vec<Value> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST);
    let mut users: Vec<String> = entries
        .filter_map(|it| it.file_name().into_string().ok())
        .map(|it| it.replace("%3A", ":"))
        .collect();
    users.sort();
    users.iter().filter_map(|it| account(it)).collect()
}

fn account(user: &str) -> Option<Value> {
    let user = parse_user(user).ok()?;
    let folder = state::folder_of(&user)?;
    let kept = Kept::of(&user).ok()?;
    Some(json!({
        "account": redaction::hash(user.as_str()),
        "kept_session": kept.is_there(),
        "guide_stopped": folder.join("guide.json").is_file(),
        "forecast_remembered": folder.join("forecast").is_file(),
        "reset": match Journal::find(&folder.join("resets")) {
            Ok(Found::Nothing) => json!(null),
            Ok(Found::Finished(_)) => json!({ "finished": true }),
            Ok(Found::Unfinished(journal)) => json!({
                "finished": false,
                "last_at": journal.last_at(),
                "password": match journal.password() {
                    Password::Unchanged => "unchanged",
                    Password::Dark => "unknown",
                    Password::Changed => "changed",
                },
            }),
            Err(error) => json!({ "unreadable": error.to_string().replace(&folder.display().to_string(), "…") }),
        },
    }))
}
