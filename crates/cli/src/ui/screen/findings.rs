//! The findings: what is the case, what it means, which step helps.

use lifeboat_report::{Code, Fate, Finding, Report, Severity};

use super::show_ways;
use crate::{
    advice::{Advice, CommandLine, advise_about, remedy_for},
    ui::{clean::clean_sentence, page::Page, style::Tone},
};

/// Where the sentences begin.
const COLUMN: usize = 11;

/// Adds all of them, the most serious first.
pub(super) fn show(page: &mut Page, report: &Report, advice: &[Advice], account: &CommandLine) {
    if report.findings.is_empty() {
        return;
    }
    page.heading("What was found");
    let mut shown: Vec<Code> = Vec::new();
    for finding in &report.findings {
        // A code that weighs differently under the other fate stands further down once more: it is said here.
        if shown.contains(&finding.code) {
            continue;
        }
        shown.push(finding.code);
        let word = finding.severity.word().to_uppercase();
        let begin = format!(" {}{}", Tone::from(finding.severity).paint(&word), " ".repeat(COLUMN - 1 - word.len()));
        page.paragraph(&begin, &clean_sentence(&finding.to_string()));
        page.aside(COLUMN, &clean_sentence(finding.meaning()), Tone::Plain);
        remedy(page, finding, report, advice, account);
        page.aside(COLUMN, &when(finding, report), Tone::Faint);
    }
}

/// Points to the step that helps; a note's own remedy has no step and is said here.
fn remedy(page: &mut Page, finding: &Finding, report: &Report, advice: &[Advice], account: &CommandLine) {
    let step = remedy_for(finding, report).and_then(|remedy| advice.iter().position(|it| it.remedy == remedy));
    if let Some(step) = step {
        page.aside(COLUMN, &format!("→ step {}", step + 1), Tone::Strong);
    } else if let Some(step) = advise_about(finding, report, account) {
        page.paragraph(&format!("{:COLUMN$}→ ", ""), &step.what);
        show_ways(page, COLUMN + 2, &step);
    }
}

/// `coverage-unknown · caution if your sessions are kept`
fn when(finding: &Finding, report: &Report) -> String {
    let only = match finding.fates.as_slice() {
        [Fate::SessionsEnded] => Some(("if every session is signed out", "if your sessions are kept")),
        [Fate::SessionsKept] => Some(("if your sessions are kept", "if every session is signed out")),
        _ => None,
    };
    let Some((here, there)) = only else { return finding.code.to_string() };
    let other = report.findings.iter().find(|it| it.code == finding.code && it.fates != finding.fates);
    let elsewhere: Option<Severity> = other.map(|it| it.severity);
    match elsewhere {
        Some(severity) => format!("{} · {severity} {there}", finding.code),
        None => format!("{} · only {here}", finding.code),
    }
}
