//! Judges a status file by the rules of this library, offline.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::{env, error::Error, fs};

use lifeboat_report::{Fate, Severity, StatusFile};

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args()
        .nth(1)
        .ok_or("give a status file, as `lifeboat check --status-file` writes it")?;
    let report = StatusFile::parse(&fs::read_to_string(file)?)?.rejudge();

    for fate in Fate::BOTH {
        println!("sessions {fate}: {}", report.verdict.of(fate));
    }
    for finding in report.findings.iter().filter(|it| it.severity > Severity::Note) {
        println!("{}: {finding}", finding.code);
        println!("    {}", finding.meaning());
    }
    Ok(())
}
