//! What Lifeboat tells about its own doings on stderr, with `-v`.

use std::io;

use tracing_subscriber::EnvFilter;

/// Begins to tell, the more the higher `verbosity` is.
///
/// Libraries that see requests as they are on the wire stay silent at every level: their lines hold tokens.
pub(crate) fn begin(verbosity: u8) {
    let filter = match verbosity {
        0 => return,
        1 => "off,lifeboat=info,lifeboat_preflight=info,matrix_sdk=warn",
        2 => "off,lifeboat=debug,lifeboat_preflight=debug,matrix_sdk=info",
        _ => "off,lifeboat=trace,lifeboat_preflight=trace,matrix_sdk=debug",
    };
    let started = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(io::stderr)
        .with_ansi(false)
        .without_time()
        .try_init();
    if started.is_err() {
        tracing::debug!("a log was begun before");
    }
}
