//! Habits of a single file.

use super::{Finding, Source};

/// Checks one file.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = whitespace(source);
    if let Some(code) = &source.code {
        for word in ["#[allow(", "#![allow("] {
            for line in code.lines_with(word) {
                let sentence = "write #[expect(lint, reason = \"…\")], which says why and goes when it is not needed";
                findings.push(source.finding(line, "allow", sentence));
            }
        }
        for line in code.lines_with("#[ignore") {
            findings.push(source.finding(line, "ignored-test", "a test runs or it goes"));
        }
    }
    findings
}

fn whitespace(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    // A snapshot is what a program printed, blanks and all, and a seed is what a parser is fed with.
    if source.path.ends_with(".snap") || source.path.starts_with("fuzz/seeds/") {
        return findings;
    }
    let mut report = |line, sentence| findings.push(source.finding(line, "whitespace", sentence));
    for (number, line) in (1..).zip(source.text.split('\n')) {
        if line.ends_with('\r') {
            report(number, "the line ends like on Windows");
        } else if line.ends_with([' ', '\t']) {
            report(number, "the line ends with blanks");
        }
    }
    let lines = source.text.lines().count();
    if !source.text.is_empty() && !source.text.ends_with('\n') {
        report(lines, "the file does not end with a newline");
    } else if source.text.ends_with("\n\n") {
        report(lines, "the file ends with an empty line");
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        places(check(&Source::new(path, text)))
    }

    #[test]
    fn blanks_at_the_end_are_found_except_in_snapshots() {
        assert_eq!(found("a.md", "a \n"), ["a.md:1: whitespace"]);
        assert_eq!(found("a.snap", "a \n"), [""; 0]);
        assert_eq!(found("fuzz/seeds/ark/small", "a"), [""; 0]);
    }

    #[test]
    fn allowed_lints_are_found() {
        assert_eq!(found("a.rs", "\n#[allow(dead_code)]\nfn a() {}\n"), ["a.rs:2: allow"]);
        assert_eq!(found("a.rs", "#![allow(dead_code)]\n"), ["a.rs:1: allow"]);
        assert_eq!(
            found("a.rs", "// #[allow(dead_code)]\n#[expect(dead_code, reason = \"x\")]\n"),
            [""; 0]
        );
    }

    #[test]
    fn ignored_tests_are_found() {
        assert_eq!(
            found("a.rs", "#[test]\n#[ignore]\nfn a() {}\n"),
            ["a.rs:2: ignored-test"]
        );
        assert_eq!(
            found("a.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}\n"),
            ["a.rs:2: ignored-test"]
        );
    }

    #[test]
    fn stray_blanks_are_found() {
        assert_eq!(
            found("a.md", "a \nb\t\nc\r\nd\n"),
            [1, 2, 3].map(|line| format!("a.md:{line}: whitespace"))
        );
        assert_eq!(found("a.md", "a"), ["a.md:1: whitespace"]);
        assert_eq!(found("a.md", "a\n\n"), ["a.md:2: whitespace"]);
        assert_eq!(found("a.md", "a\n\nb\n"), [""; 0]);
        assert_eq!(found("a.md", ""), [""; 0]);
    }
}
