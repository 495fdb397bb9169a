//! Which files there must be, and how they are named and begun.

use super::{Finding, Source};

const REQUIRED: [&str; 9] = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "Cargo.lock",
    "deny.toml",
    "typos.toml",
    ".ci/run",
];

/// Checks all files together.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for required in REQUIRED {
        if sources.iter().all(|source| source.path != required) {
            findings.push(Source::new(required, "").finding(1, "required-file", "the file is missing"));
        }
    }
    for source in sources {
        if source.path.ends_with("/mod.rs") {
            findings.push(source.finding(1, "mod-rs", "name the file after the module, `foo.rs` beside `foo/`"));
        }
        let in_src = source.path.contains("/src/") && source.is_rust();
        if in_src && !source.text.trim_start().starts_with("//!") {
            findings.push(source.finding(
                1,
                "module-doc",
                "begin the file with a `//!` sentence on what it is for",
            ));
        }
        let member = source.path.ends_with("/Cargo.toml") && source.text.contains("[package]");
        if member && !source.text.contains("[lints]\nworkspace = true") {
            findings.push(source.finding(
                1,
                "lints",
                "a package takes the lints of the workspace: [lints] workspace = true",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    /// The findings about one file among all the required ones.
    fn found(path: &str, text: &str) -> Vec<String> {
        let mut sources: Vec<Source> = REQUIRED.iter().map(|path| Source::new(path, "")).collect();
        sources.push(Source::new(path, text));
        places(check(&sources))
    }

    #[test]
    fn a_missing_file_is_found() {
        let without: Vec<Source> = REQUIRED[1..].iter().map(|path| Source::new(path, "")).collect();
        assert_eq!(places(check(&without)), ["CHANGELOG.md:1: required-file"]);
    }

    #[test]
    fn mod_rs_is_found() {
        assert_eq!(
            found("crates/a/src/b/mod.rs", "//! B."),
            ["crates/a/src/b/mod.rs:1: mod-rs"]
        );
        assert_eq!(found("crates/a/src/b.rs", "//! B."), [""; 0]);
    }

    #[test]
    fn a_module_without_a_sentence_is_found() {
        assert_eq!(
            found("crates/a/src/b.rs", "use c;\n//! B."),
            ["crates/a/src/b.rs:1: module-doc"]
        );
        assert_eq!(found("crates/a/tests/b.rs", "use c;"), [""; 0]);
    }

    #[test]
    fn a_package_with_lints_of_its_own_is_found() {
        assert_eq!(
            found("crates/a/Cargo.toml", "[package]\n"),
            ["crates/a/Cargo.toml:1: lints"]
        );
        assert_eq!(
            found("crates/a/Cargo.toml", "[package]\n\n[lints]\nworkspace = true\n"),
            [""; 0]
        );
    }
}
