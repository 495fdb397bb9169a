//! What Lifeboat tells about its own doings, on stderr with `-v` or in a file.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind},
    path::Path,
    sync::Mutex,
};

use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// How much goes into a file where nothing else is said.
const IN_FILE: u8 = 2;

/// Begins to tell, the more the higher `verbosity` is, on stderr or in a new file.
pub(crate) fn begin(verbosity: u8, file: Option<&Path>) -> Result<(), Failure> {
    let logs = tracing_subscriber::fmt().with_ansi(false);
    let started = match file {
        Some(file) => {
            let verbosity = if verbosity == 0 { IN_FILE } else { verbosity };
            let file = create(file)?;
            logs.with_env_filter(EnvFilter::new(levels(verbosity)))
                .with_writer(Mutex::new(file))
                .try_init()
        }
        None if verbosity == 0 => return Ok(()),
        None => logs
            .with_env_filter(EnvFilter::new(levels(verbosity)))
            .with_writer(io::stderr)
            .without_time()
            .try_init(),
    };
    if started.is_err() {
        tracing::debug!("a log was begun before");
    }
    Ok(())
}

/// Which crate tells how much.
///
/// Libraries that see requests as they are on the wire stay silent at every level: their lines hold tokens.
fn levels(verbosity: u8) -> String {
    let (own, sdk) = match verbosity {
        1 => ("info", "warn"),
        2 => ("debug", "info"),
        _ => ("trace", "debug"),
    };
    let own: Vec<String> = ["lifeboat", "lifeboat_preflight", "lifeboat_rescue", "lifeboat_reset"]
        .map(|it| format!("{it}={own}"))
        .to_vec();
    // What the SDK says of failed requests holds the server's words, and these may repeat what it was told.
    format!("off,{},matrix_sdk={sdk},matrix_sdk::http_client=off", own.join(","))
}

/// Makes the file, which nobody else may read: it names rooms and sessions.
fn create(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| {
        let name = path.display();
        match error.kind() {
            ErrorKind::AlreadyExists => Failure::usage(
                format!("“{name}” is there already. Nothing was done."),
                "Give --log-file a new name: nothing is written over.",
            ),
            _ => Failure::usage(
                format!("“{name}” cannot be written: {error}. Nothing was done."),
                "Give --log-file another place.",
            ),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crate_has_its_level() {
        for (verbosity, own, sdk) in [
            (1, "info", "warn"),
            (2, "debug", "info"),
            (3, "trace", "debug"),
            (4, "trace", "debug"),
        ] {
            let told = format!(
                "off,lifeboat={own},lifeboat_preflight={own},lifeboat_rescue={own},lifeboat_reset={own},matrix_sdk={sdk},\
                 matrix_sdk::http_client=off"
            );
            assert_eq!(levels(verbosity), told);
        }
    }

    #[test]
    fn what_sees_the_wire_is_silent_at_every_level() {
        for verbosity in 1..=4 {
            let levels = levels(verbosity);
            assert!(levels.starts_with("off,"), "{levels}");
            for library in ["hyper", "reqwest", "h2", "rustls"] {
                assert!(!levels.contains(library), "{levels}");
            }
            EnvFilter::try_new(&levels).unwrap();
        }
    }
}
