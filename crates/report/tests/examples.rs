//! Runs the examples, as somebody who embeds the library would.

use std::{env, error::Error, io, path::PathBuf, process::Command};

/// An example of this package. `cargo test` builds them, unless it is told which targets to build.
fn example(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let tests = env::current_exe()?;
    let folder = tests.ancestors().nth(2).ok_or("no target folder")?.join("examples");
    let program = folder.join(name).with_extension(env::consts::EXE_EXTENSION);
    if program.is_file() {
        Ok(program)
    } else {
        Err(io::Error::new(io::ErrorKind::NotFound, program.display().to_string()).into())
    }
}

#[test]
fn a_status_file_is_judged() -> Result<(), Box<dyn Error>> {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/golden/status.json");
    let told = Command::new(example("judge")?).arg(golden).output()?;
    assert!(told.status.success(), "{told:?}");
    let text = String::from_utf8(told.stdout)?;
    assert!(
        text.starts_with("sessions kept: caution\nsessions ended: blocked\n"),
        "{text}"
    );
    assert!(text.contains("coverage-unknown: It is not known which"), "{text}");

    let missing = Command::new(example("judge")?).output()?;
    assert!(!missing.status.success());
    Ok(())
}
