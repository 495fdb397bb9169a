//! Decides what a password reset would cost, from facts that others gathered.
//!
//! The way of the data: probes fill [`Facts`]; [`Situation::of`] reduces them to a small closed space; [`judge()`]
//! turns a situation and a [`Fate`] into judgements; [`Report`] holds both fates side by side, each judgement with its
//! evidence as a [`Finding`]; [`StatusFile`] is its exported form. Nothing here does I/O, reads a clock or an
//! environment, or is random.
//!
//! ```
//! use lifeboat_report::{StatusFile, StatusFileError, Verdict};
//!
//! let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/golden/status.json"));
//! let report = StatusFile::parse(text)?.rejudge();
//! assert_eq!(report.verdict.ended, Verdict::Blocked);
//! assert_eq!(report.findings[0].code.as_str(), "coverage-unknown");
//! # Ok::<(), StatusFileError>(())
//! ```

mod chain;
mod clearance;
mod code;
mod compare;
mod evidence;
mod fact;
pub mod facts;
mod fate;
mod finding;
pub mod forecast;
mod gaps;
pub mod history;
mod judge;
mod light;
mod meaning;
mod plan;
mod report;
mod route;
mod rules;
mod sentence;
mod severity;
pub mod situation;
mod status_file;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod verdict;
mod words;

pub use chain::{Chain, Link};
pub use clearance::{Clearance, Ground, HOLDS_FOR, Lapse, Uncleared, Waivers};
pub use code::Code;
pub use compare::{Comparison, Figures, Trend};
pub use evidence::{Evidence, IdentityKey};
pub use fact::{Fact, Gap};
pub use facts::Facts;
pub use fate::Fate;
pub use finding::Finding;
pub use forecast::Forecast;
pub use gaps::{FactGap, FactName};
pub use history::HistoryProof;
pub use judge::{Judgement, judge};
pub use light::Light;
pub use plan::{Aboard, ArkFirst, Choices, EarlierForecast, OneByOne, Plan, RecoveryKey, Step, Undo};
pub use report::Report;
pub use route::{Closed, Offer, Route, Standing};
pub use severity::Severity;
pub use situation::Situation;
#[cfg(feature = "schema")]
pub use status_file::status_file_schema;
pub use status_file::{Generator, StatusFile, StatusFileError, StatusFinding};
pub use verdict::{Verdict, Verdicts};
pub use words::{grouped, plain};
