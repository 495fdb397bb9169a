//! The files of the checkout.

use std::path::Path;
use std::process::Command;
use std::{fs, str};

use anyhow::{Context, Result, ensure};

use super::Finding;
use super::code::Code;

/// A text file that is tracked, or would be after `git add`.
pub(super) struct Source {
    /// Relative to the top folder, with slashes.
    pub(super) path: String,
    pub(super) text: String,
    /// What remains of a Rust file without comments and the contents of strings; `None` for other files.
    pub(super) code: Option<Code>,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code: path.ends_with(".rs").then(|| Code::new(text)),
        }
    }

    pub(super) fn is_rust(&self) -> bool {
        self.code.is_some()
    }

    /// The package folder, such as `crates/report`, `tests` or `xtask`.
    pub(super) fn package(&self) -> &str {
        let depth = if self.path.starts_with("crates/") { 2 } else { 1 };
        let end = self
            .path
            .match_indices('/')
            .nth(depth - 1)
            .map_or(0, |(place, _)| place);
        &self.path[..end]
    }

    /// True for a file of a program or library, not of its tests, benches or examples.
    pub(super) fn is_shipped(&self) -> bool {
        let inside = self.path.strip_prefix(self.package()).unwrap_or_default();
        self.is_rust() && inside.starts_with("/src/") && !inside.ends_with("tests.rs") && !inside.contains("/tests/")
    }

    pub(super) fn finding(&self, line: usize, rule: &'static str, sentence: impl Into<String>) -> Finding {
        Finding {
            path: self.path.clone(),
            line,
            rule,
            sentence: sentence.into(),
        }
    }
}

/// Reads every file that git tracks or does not ignore; one that is no text is there with its name alone.
pub(super) fn read_all(root: &Path) -> Result<Vec<Source>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--deduplicate",
        ])
        .current_dir(root)
        .output()
        .context("git does not start")?;
    ensure!(
        output.status.success(),
        "git cannot list the files: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let mut sources = Vec::new();
    for path in str::from_utf8(&output.stdout)?.split_terminator('\0') {
        let full = root.join(path);
        // A file that was removed but not yet committed is still listed, and so are links.
        if fs::symlink_metadata(&full).is_ok_and(|metadata| metadata.is_file()) {
            // A picture has nothing to read, but pages link to it.
            let text = String::from_utf8(fs::read(&full)?).unwrap_or_default();
            sources.push(Source::new(path, &text));
        }
    }
    ensure!(!sources.is_empty(), "git lists no file in {}", root.display());
    Ok(sources)
}

/// Reads every file in a folder that need not be a checkout, as [`read_all`] does.
pub(super) fn read_folder(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8(fs::read(&path)?).unwrap_or_default();
            let name = path.strip_prefix(root)?.to_str().context("a name that is no text")?;
            sources.push(Source::new(name, &text));
        }
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_package_it_lies_in() {
        for (path, package) in [
            ("crates/report/src/fact.rs", "crates/report"),
            ("xtask/src/main.rs", "xtask"),
            ("README.md", ""),
        ] {
            assert_eq!(Source::new(path, "").package(), package);
        }
    }

    #[test]
    fn tests_and_benches_are_not_shipped() {
        for (path, shipped) in [
            ("crates/report/src/fact.rs", true),
            ("crates/report/src/fact/tests.rs", false),
            ("crates/report/tests/laws.rs", false),
            ("crates/backup/benches/open.rs", false),
            ("crates/report/src/readme.md", false),
        ] {
            assert_eq!(Source::new(path, "").is_shipped(), shipped, "{path}");
        }
    }
}
