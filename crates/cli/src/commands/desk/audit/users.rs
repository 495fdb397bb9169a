//! The list of accounts that an audit is about.

use std::{collections::HashSet, fs, path::Path};

use lifeboat_preflight::ruma::OwnedUserId;
use sha2::{Digest, Sha256};

use crate::{
    failure::Failure,
    resolve::{Entry, parse_user},
};

/// Reads user ids, one in a line; empty lines and what follows a `#` are passed over, a second mention, too.
pub(super) fn read(file: &Path, entry: &Entry) -> Result<Vec<OwnedUserId>, Failure> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::usage(
            format!("The list “{name}” cannot be read: {error}."),
            "Give a text file (UTF-8) with one user id in a line.",
        )
    })?;
    let server = entry.user.server_name();
    let (mut users, mut seen) = (Vec::new(), HashSet::new());
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let user = parse_user(line).map_err(|failure| Failure {
            wrong: format!("Line {number} of “{name}”: {}", failure.wrong),
            ..failure
        })?;
        if user.server_name() != server {
            return Err(Failure::usage(
                format!("Line {number} of “{name}”: {user} is not an account of {server}."),
                "An audit is of one server: leave the others out.",
            ));
        }
        if seen.insert(user.clone()) {
            users.push(user);
        }
    }
    if users.is_empty() {
        return Err(Failure::usage(
            format!("The list “{name}” names no account."),
            "Write one user id in a line, or leave --users out to look at all accounts.",
        ));
    }
    Ok(users)
}

/// Names what an audit is about, the same for the same list.
pub(super) fn scope(list: Option<&[OwnedUserId]>) -> String {
    let Some(list) = list else { return "all".to_owned() };
    let mut hash = Sha256::new();
    for user in list {
        hash.update(user.as_str());
        hash.update("\n");
    }
    let digits: String = hash.finalize().iter().take(16).map(|it| format!("{it:02x}")).collect();
    format!("list {digits}")
}
