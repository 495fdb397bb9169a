//! The exported form of a report.
//!
//! This is the one module for which the crate depends on `serde_json` besides `serde`: the number of the format has to
//! be read before anything else is asked of a file, which takes two passes over the same text, and the place of an
//! error is a line and a column of that text. `serde_json` turns text into values and back, and does no I/O here.

mod parse;
mod redact;
#[cfg(feature = "schema")]
mod schema;

use serde::{Deserialize, Serialize};

use crate::{Code, Evidence, Facts, Fate, Finding, Forecast, Report, Severity, Verdicts};

pub use parse::StatusFileError;
#[cfg(feature = "schema")]
pub use schema::status_file_schema;

/// A report of one Matrix account, in a form that outlives the program that wrote it.
///
/// The versioned twin of what was judged when it was written. Field names are a promise. A new field with a meaning of its own keeps the number of the format, and older
/// programs pass over it; a new code, a new value or a changed meaning raises it. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StatusFile {
    /// The number of the format: 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1)))]
    pub format: u64,
    /// The program that wrote the file.
    pub generator: Generator,
    /// The account's user id, or its hash in a redacted file.
    pub account: String,
    /// When the facts were gathered, in milliseconds since the Unix epoch.
    pub taken_at: u64,
    /// The answer for each fate.
    pub verdict: Verdicts,
    /// Why, the most serious first.
    pub findings: Vec<StatusFinding>,
    /// What the probes learned.
    pub facts: Facts,
    /// Which messages would become unreadable; left out when nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
}

/// The program that wrote a status file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Generator {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One judged statement about the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StatusFinding {
    /// What was found.
    pub code: Code,
    /// How much it weighs under these fates.
    pub severity: Severity,
    /// The fates under which it weighs that much.
    pub fates: Vec<Fate>,
    /// What is the case, in one English sentence.
    pub sentence: String,
    /// The numbers, ids and names behind it.
    pub evidence: Evidence,
}

impl StatusFile {
    /// The number of the format that this program writes and the newest that it reads.
    pub const FORMAT: u64 = 1;

    /// Puts `report` into its exported form.
    pub fn of(report: &Report, generator: Generator) -> Self {
        Self {
            format: Self::FORMAT,
            generator,
            account: report.account.clone(),
            taken_at: report.taken_at,
            verdict: report.verdict,
            findings: report.findings.iter().map(StatusFinding::of).collect(),
            facts: report.facts.clone(),
            forecast: report.forecast.clone(),
        }
    }

    /// Judges the file's facts again, by the rules of the running program. Its own findings and verdicts are dropped.
    pub fn rejudge(self) -> Report {
        Report::of(self.account, self.taken_at, self.facts).with_forecast(self.forecast)
    }
}

impl StatusFinding {
    fn of(finding: &Finding) -> Self {
        Self {
            code: finding.code,
            severity: finding.severity,
            fates: finding.fates.clone(),
            sentence: finding.to_string(),
            evidence: finding.evidence.clone(),
        }
    }
}
