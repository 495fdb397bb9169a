//! Reads the file, and refuses what is not meant to be in it.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;
use toml::{Table, Value};

use super::{ACCOUNT_KEYS, Config, KEYS};
use crate::{alike, args::AuthArg, failure::Failure, resolve::parse_user};

/// More is no configuration.
const LIMIT: u64 = 1 << 20;
/// Parts of the names of secrets.
const SECRETS: [&str; 5] = ["password", "passphrase", "token", "recovery", "secret"];

/// Reads `given`, or the file in the usual place if there is one; with `ignore` neither.
pub(crate) fn load(given: Option<&Path>, ignore: bool) -> Result<Config, Failure> {
    if ignore {
        return Ok(Config {
            chosen_by: vec!["--no-config".to_owned()],
            ..Config::default()
        });
    }
    let (Some(path), chosen_by) = (match given {
        Some(path) => (
            Some(path.to_owned()),
            vec!["--config".to_owned(), path.display().to_string()],
        ),
        None => (usual_place(), Vec::new()),
    }) else {
        return Ok(Config::default());
    };
    let text = match text_of(&path) {
        Ok(text) => text,
        Err(error) if given.is_none() && error.kind() == ErrorKind::NotFound => return Ok(Config::default()),
        Err(error) => {
            let reason = match error.kind() {
                ErrorKind::NotFound => "it does not exist".to_owned(),
                _ => error.to_string(),
            };
            return Err(Failure::usage(
                format!("{} cannot be read: {reason}.", named(&path)),
                "Give another file with --config, or none with --no-config.",
            ));
        }
    };
    let config = parse(&text, &path)?;
    Ok(Config { chosen_by, ..config })
}

/// Returns the place below the user's configuration folder (XDG on Unix, `AppData` on Windows).
fn usual_place() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("lifeboat/config.toml"))
}

fn text_of(path: &Path) -> std::io::Result<String> {
    if fs::metadata(path)?.len() > LIMIT {
        return Err(std::io::Error::new(ErrorKind::InvalidData, "it is longer than 1 MiB"));
    }
    fs::read_to_string(path)
}

/// Understands `text`. Files that it names lie relative to `path`.
pub(crate) fn parse(text: &str, path: &Path) -> Result<Config, Failure> {
    let table: Table = text.parse().map_err(|error| malformed(&error, text, path))?;
    check_keys(&table, &KEYS, "", path)?;
    if let Some(Value::Table(accounts)) = table.get("accounts") {
        for (user, settings) in accounts {
            parse_user(user).map_err(|failure| in_file(&failure.wrong, failure.hint, path))?;
            let Value::Table(settings) = settings else { continue };
            check_keys(settings, &ACCOUNT_KEYS, &format!(" of {user}"), path)?;
        }
    }
    let mut config: Config = toml::from_str(text).map_err(|error| malformed(&error, text, path))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let lies = |file: &mut PathBuf| *file = folder.join(&*file);
    config.ca_file.iter_mut().for_each(lies);
    for (user, account) in &mut config.accounts {
        account.ca_file.iter_mut().for_each(lies);
        if account.auth == Some(AuthArg::Token) {
            let wrong = format!("An access token is lent to one command, and not by the settings of {user}.");
            return Err(in_file(
                &wrong,
                "Give --access-token-file with that command.".to_owned(),
                path,
            ));
        }
    }
    Ok(config)
}

/// Refuses a key that is not known, with the one that was probably meant.
fn check_keys(table: &Table, known: &[&str], place: &str, path: &Path) -> Result<(), Failure> {
    let Some(key) = table.keys().find(|it| !known.contains(&it.as_str())) else {
        return Ok(());
    };
    let lower = key.to_lowercase();
    if SECRETS.iter().any(|it| lower.contains(it)) {
        return Err(in_file(
            &format!("“{key}”{place} may not be in it: it holds no secrets."),
            "Remove it. Passwords and keys are asked for, or read from a file of their own that a flag names."
                .to_owned(),
            path,
        ));
    }
    let hint = match alike::most_alike(key, known.iter().copied()) {
        Some(meant) => format!("Did you mean {meant}?"),
        None => format!("The keys are {}.", known.join(", ")),
    };
    Err(in_file(&format!("The key “{key}”{place} is not known."), hint, path))
}

fn malformed(error: &toml::de::Error, text: &str, path: &Path) -> Failure {
    let before = error.span().and_then(|it| text.get(..it.start));
    let line = before.map_or(1, |it| it.matches('\n').count() + 1);
    // Some messages end with what was expected on lines of their own.
    let words = error.message().lines().collect::<Vec<_>>().join(", ");
    in_file(
        &format!("Line {line} cannot be understood: {words}."),
        "Mend the line, or leave the file out with --no-config.".to_owned(),
        path,
    )
}

fn in_file(wrong: &str, hint: String, path: &Path) -> Failure {
    let mut letters = wrong.chars();
    let begin = letters
        .next()
        .map(|it| it.to_lowercase().to_string())
        .unwrap_or_default();
    Failure::usage(format!("{}: {begin}{}", named(path), letters.as_str()), hint)
}

fn named(path: &Path) -> String {
    format!("“{}”", path.display())
}
