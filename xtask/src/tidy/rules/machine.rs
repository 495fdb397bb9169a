//! Traces of the machine on which a file was written.

use super::{Finding, Source};

/// Folders of one machine. In parts, or this file would find itself.
const FOLDERS: [&str; 3] = [concat!("/", "home/"), concat!("/", "root/"), concat!("/", "work/")];

/// Options that would bind a requirement file to somebody's package index.
const INDEX_OPTIONS: [&str; 5] = [
    "--index-url",
    "--extra-index-url",
    "--find-links",
    "--trusted-host",
    "-i ",
];

/// The only place from which packages may come.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks one file, comments and strings too.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(source.text.lines()) {
        for folder in FOLDERS.into_iter().filter(|folder| names(line, folder)) {
            let sentence = format!("{folder} is a folder of one machine");
            findings.push(source.finding(number, "machine-path", sentence));
        }
        if requirement_file(source) && INDEX_OPTIONS.iter().any(|option| line.trim_start().starts_with(option)) {
            let sentence = "the package index is the choice of the machine, not of the file";
            findings.push(source.finding(number, "registry", sentence));
        }
        let origin = line.strip_prefix("source = ").map(|origin| origin.trim_matches('"'));
        if source.path.ends_with("Cargo.lock") && origin.is_some_and(|origin| origin != CRATES_IO) {
            findings.push(source.finding(number, "registry", "packages come from crates.io"));
        }
    }
    findings
}

fn requirement_file(source: &Source) -> bool {
    source
        .path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with("requirements"))
}

/// True when the line names the folder from the top, not as the end of a longer path or an address.
fn names(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(place, _)| {
        let before = line[..place].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric() && !"._-~/}".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        places(check(&Source::new(path, text)))
    }

    #[test]
    fn folders_of_a_machine_are_found() {
        for folder in FOLDERS {
            assert_eq!(found("a.md", &format!("\nsee `{folder}x`")), ["a.md:2: machine-path"]);
            assert_eq!(found("a.rs", &format!("// {folder}x")), ["a.rs:1: machine-path"]);
            assert_eq!(
                found("a.md", &format!("https://example.org{folder}x and ~{folder}x")),
                [""; 0]
            );
        }
    }

    #[test]
    fn a_package_index_is_found() {
        for option in INDEX_OPTIONS {
            let line = format!("{option} https://index.example.org");
            assert_eq!(found("a/requirements.txt", &line), ["a/requirements.txt:1: registry"]);
        }
        assert_eq!(found("a/requirements.txt", "a==1 \\\n    --hash=sha256:00"), [""; 0]);
    }

    #[test]
    fn a_foreign_registry_is_found() {
        let lock = format!("source = \"{CRATES_IO}\"\nsource = \"registry+https://crates.example.org\"\n");
        assert_eq!(found("Cargo.lock", &lock), ["Cargo.lock:2: registry"]);
    }
}
