//! Runs every test of the workspace against real homeservers: `cargo xtask test`.

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::browser::Browser;
use crate::homeserver::{Profile, Purpose};
use crate::interrupt::Interrupt;
use crate::workspace::{Workspace, cargo};
use crate::{child, programs, servers};

/// How many tests run at once, as their runner reads it.
const THREADS: &str = "RUST_TEST_THREADS";
/// For each core: those against a server wait for it, for mails and for other sessions most of the time.
const AT_ONCE: usize = 2;

/// Runs the tests with the extra arguments of `cargo test`, and ends with a line `N passed, N failed`.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    let chosen = names_packages(arguments);
    // The same selection as that of the tests: another one could switch features and build the SDK a second time.
    let selection: &[&str] = if chosen {
        &["--package", "lifeboat", "--bin", "lifeboat"]
    } else {
        &["--workspace", "--bins", "--tests"]
    };
    programs::ensure()?;
    let browser = Browser::ensure(workspace)?;
    let program = servers::build_program(workspace, selection)?;
    let mut tally = Tally::default();
    let status = servers::during(workspace, Purpose::Test, &Profile::ALL, &interrupt, |list| {
        let mut command = cargo();
        command.args(["test", "--no-fail-fast"]).current_dir(workspace.root());
        if !chosen {
            command.arg("--workspace");
        }
        servers::environment(command.args(arguments), list, Path::new(&program));
        if std::env::var_os(THREADS).is_none() {
            let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
            command.env(THREADS, (cores * AT_ONCE).to_string());
        }
        browser.environment(&mut command, &workspace.target().join("pictures"));
        child::run(&command, &interrupt, |line| {
            println!("{line}");
            tally.read(line);
        })
    });
    let problem = match &status {
        Err(error) => Some(format!("{error:#}")),
        Ok(status) => tally.problem(status.success()),
    };
    if let Some(problem) = &problem {
        eprintln!("error: {problem}");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    Ok(ExitCode::from(u8::from(problem.is_some())))
}

/// True when the arguments choose packages themselves.
fn names_packages(arguments: &[String]) -> bool {
    let ours = arguments.iter().take_while(|argument| *argument != "--");
    let chooses =
        |argument: &String| argument.starts_with("-p") || argument == "--package" || argument.starts_with("--package=");
    ours.into_iter().any(chooses)
}

/// The sum over all test programs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Tally {
    /// Adds the numbers of a line `test result: ok. 3 passed; 0 failed; 0 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some(numbers) = line.strip_prefix("test result: ") else {
            return;
        };
        let count = |word: &str| -> Option<u64> {
            let before = numbers.split(';').find_map(|part| part.trim().strip_suffix(word))?;
            before.trim().rsplit(' ').next()?.parse().ok()
        };
        self.passed += count("passed").unwrap_or(0);
        self.failed += count("failed").unwrap_or(0);
        self.ignored += count("ignored").unwrap_or(0);
    }

    /// Says why the run does not count as a success, if so.
    fn problem(&self, runner_succeeded: bool) -> Option<String> {
        if self.failed > 0 {
            Some("tests failed".into())
        } else if !runner_succeeded {
            Some("the tests did not build, or one of them ended its whole program".into())
        } else if self.ignored > 0 {
            Some(format!(
                "{} tests were not run because they are marked ignored",
                self.ignored
            ))
        } else if self.passed == 0 {
            Some("ran no test".into())
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn the_numbers_of_all_test_programs_are_added() {
        let sum = tally(&[
            "running 2 tests",
            "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 5 filtered out; finished in 0.10s",
            "",
            "test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.00s",
        ]);
        assert_eq!(
            sum,
            Tally {
                passed: 5,
                failed: 1,
                ignored: 2
            }
        );
    }

    #[test]
    fn other_lines_do_not_count() {
        let sum = tally(&[
            "test a ... ok",
            " test result: ok. 2 passed; 0 failed",
            "9 passed, 0 failed",
        ]);
        assert_eq!(sum, Tally::default());
    }

    #[test]
    fn only_tests_that_ran_and_passed_are_a_success() {
        let good = Tally {
            passed: 1,
            ..Tally::default()
        };
        assert_eq!(good.problem(true), None);
        assert!(good.problem(false).is_some());
        assert_eq!(Tally::default().problem(true).as_deref(), Some("ran no test"));
        assert!(
            Tally {
                passed: 1,
                failed: 1,
                ignored: 0
            }
            .problem(false)
            .is_some()
        );
        assert!(
            Tally {
                passed: 1,
                failed: 0,
                ignored: 1
            }
            .problem(true)
            .is_some()
        );
    }

    #[test]
    fn a_chosen_package_replaces_the_workspace() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(names_packages(&words("-p lifeboat-report laws")));
        assert!(names_packages(&words("--package=lifeboat-report")));
        assert!(!names_packages(&words("laws -- -p")));
    }
}
