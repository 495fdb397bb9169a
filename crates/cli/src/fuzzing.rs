//! Parsers that read what others wrote, for `fuzz/` alone.

use std::path::Path;

use crate::config;

/// Understands a configuration file as every command does. What is refused is refused in two sentences.
///
/// # Panics
///
/// When a refusal lacks one of its sentences.
pub fn config_file(text: &str) {
    if let Err(failure) = config::parse(text, Path::new("config.toml")) {
        assert!(
            !failure.wrong.is_empty() && !failure.hint.is_empty(),
            "a refusal without words"
        );
    }
}
