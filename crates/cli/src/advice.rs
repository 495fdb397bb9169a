//! What to do about the findings: in Lifeboat by command lines that exist, in Element by the way to click.
//!
//! Each finding has one [`Remedy`]; remedies stand in the order from the least to the most destructive, and each is
//! advised once however many findings ask for it.

mod command_line;
mod mend;
mod remedy;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeSet;

use lifeboat_report::{Code, Finding, Report, Severity};

pub(crate) use command_line::CommandLine;
pub(crate) use remedy::Remedy;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    /// Which remedy this is.
    pub(crate) remedy: Remedy,
    /// What to do and why, in one to three sentences.
    pub(crate) what: String,
    /// The command line that does it or prepares it.
    pub(crate) command: Option<CommandLine>,
    /// Where to click in Element.
    pub(crate) in_element: Option<&'static str>,
}

/// Advises what to do, the least destructive first: for every finding that is more than a note.
pub(crate) fn advise(report: &Report, account: &CommandLine) -> Vec<Advice> {
    let serious = report.findings.iter().filter(|it| it.severity > Severity::Note);
    let remedies: BTreeSet<Remedy> = serious.filter_map(|it| remedy::of(it, &report.facts)).collect();
    let covered = |it: &Remedy| it.covered_by().iter().any(|other| remedies.contains(other));
    remedies
        .iter()
        .filter(|it| !covered(it))
        .map(|it| words::advice(*it, report, account))
        .collect()
}

/// What helps against one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Help {
    /// One of the steps that [`advise`] gave, by its place among them.
    Step(usize),
    /// Something that is only worth mentioning beside the finding.
    Aside(Advice),
}

/// Returns what helps against `finding`: one of `steps`, or something for itself; nothing when nothing can be done.
pub(crate) fn help_with(finding: &Finding, report: &Report, steps: &[Advice], account: &CommandLine) -> Option<Help> {
    let remedy = remedy::of(finding, &report.facts)?;
    let helps = |it: &Advice| it.remedy == remedy || remedy.covered_by().contains(&it.remedy);
    Some(match steps.iter().position(helps) {
        Some(place) => Help::Step(place),
        None => Help::Aside(words::advice(remedy, report, account)),
    })
}

/// Lists the sessions a finding with this code is about, by name.
pub(crate) fn sessions_of(report: &Report, code: Code) -> impl Iterator<Item = &lifeboat_report::facts::Session> {
    let found = report.findings.iter().find(|it| it.code == code);
    found.into_iter().flat_map(|it| &it.evidence.sessions)
}
