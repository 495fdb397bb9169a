//! What some packages must not touch: `report` and `backup` the world, all but the program the terminal.

use super::{Finding, Source};

/// The folder of the only package that prints, asks and ends the process.
const PROGRAM: &str = "crates/cli";

/// Modules of `std` and names that reach outside, for `crates/report`; `crates/backup` may use threads.
const WORLD: [&str; 4] = ["env", "fs", "net", "process"];
const CLOCK: [&str; 2] = ["Instant", "SystemTime"];
const OUTPUT: [&str; 9] = [
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "dbg!",
    "process::exit",
    "process::abort",
    "io::stdout",
    "io::stderr",
];

/// Checks one file. What is compiled for tests only is free.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let Some(code) = source.code.as_ref().filter(|_| source.is_shipped()) else {
        return Vec::new();
    };
    let package = source.package();
    let mut findings = Vec::new();
    if ["crates/report", "crates/backup"].contains(&package) {
        for (line, module) in code.shipped_std_modules() {
            if WORLD.contains(&module) || (module == "thread" && package == "crates/report") {
                let sentence = format!("std::{module} reaches outside, and {package} is pure: pass the value in");
                findings.push(source.finding(line, "pure", sentence));
            }
        }
        for name in CLOCK {
            for line in code.shipped_lines_with(name) {
                let sentence = format!("{name} is a clock, and {package} has none: pass the time in");
                findings.push(source.finding(line, "pure", sentence));
            }
        }
    }
    if package.starts_with("crates/") && package != PROGRAM {
        for name in OUTPUT {
            for line in code.shipped_lines_with(name) {
                let sentence = format!("`{name}` belongs into {PROGRAM}: return a value or ask through a trait");
                findings.push(source.finding(line, "output", sentence));
            }
        }
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
    fn the_world_is_found_in_pure_packages() {
        for text in [
            "use std::fs;",
            "use std::{collections::BTreeMap, env};",
            "fn a() { std::net::TcpStream::connect(x); }",
            "std::process::id()",
            "use std::time::{Duration, Instant};",
            "std::time::SystemTime::now()",
        ] {
            assert_eq!(
                found("crates/report/src/a.rs", text),
                ["crates/report/src/a.rs:1: pure"],
                "{text}"
            );
            assert_eq!(
                found("crates/backup/src/a.rs", text),
                ["crates/backup/src/a.rs:1: pure"],
                "{text}"
            );
            assert_eq!(found("crates/preflight/src/a.rs", text), [""; 0], "{text}");
        }
    }

    #[test]
    fn threads_are_for_the_engine_only() {
        let text = "use std::thread;";
        assert_eq!(found("crates/report/src/a.rs", text).len(), 1);
        assert_eq!(found("crates/backup/src/a.rs", text).len(), 0);
    }

    #[test]
    fn harmless_parts_of_std_are_not_found() {
        let text = "use std::time::Duration; use std::{fmt, str::FromStr}; // std::fs\nlet a = \"std::fs\";";
        assert_eq!(found("crates/report/src/a.rs", text), [""; 0]);
    }

    #[test]
    fn output_is_found_outside_the_program() {
        for text in ["println!()", "std::process::exit(1)", "std::io::stdout()", "dbg!(x)"] {
            assert_eq!(
                found("crates/preflight/src/a.rs", text),
                ["crates/preflight/src/a.rs:1: output"]
            );
            assert_eq!(found("crates/cli/src/a.rs", text), [""; 0]);
            assert_eq!(found("xtask/src/a.rs", text), [""; 0]);
        }
    }

    #[test]
    fn tests_are_free() {
        let text = "#[cfg(test)]\nmod tests { use std::fs; fn a() { println!(); } }";
        assert_eq!(found("crates/report/src/a.rs", text), [""; 0]);
        assert_eq!(found("crates/report/tests/a.rs", "use std::fs;"), [""; 0]);
    }
}
