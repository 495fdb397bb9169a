//! The findings: what is the case, what it means, which step helps.

use lifeboat_report::{Code, Fate, Finding, Report, Severity};

use super::show_ways;
use crate::{
    advice::{Advice, CommandLine, Help, Remedy, help_with},
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
    let mut mentioned: Vec<Remedy> = Vec::new();
    for finding in &report.findings {
        // A code that weighs differently under the other fate stands further down once more: it is said here.
        if shown.contains(&finding.code) {
            continue;
        }
        if !shown.is_empty() {
            page.gap();
        }
        shown.push(finding.code);
        let word = finding.severity.word().to_uppercase();
        let begin = format!(
            " {}{}",
            Tone::from(finding.severity).paint(&word),
            " ".repeat(COLUMN - 1 - word.len())
        );
        page.paragraph(&begin, &clean_sentence(&finding.to_string()));
        page.aside(COLUMN, &clean_sentence(finding.meaning()), Tone::Plain);
        let help = help_with(finding, report, advice, account);
        let step = match &help {
            Some(Help::Step(place)) => format!("→ step {} · ", place + 1),
            Some(Help::Aside(_)) | None => String::new(),
        };
        // A note's own remedy is not worth a step: it is said here.
        if let Some(Help::Aside(advice)) = &help
            && !mentioned.contains(&advice.remedy)
        {
            mentioned.push(advice.remedy);
            page.paragraph(&format!("{:COLUMN$}→ ", ""), &advice.what);
            show_ways(page, COLUMN + 2, advice);
        }
        page.aside(COLUMN, &format!("{step}{}", when(finding, report)), Tone::Faint);
    }
}

/// `coverage-unknown · caution if your sessions are kept`
fn when(finding: &Finding, report: &Report) -> String {
    let only = match finding.fates.as_slice() {
        [Fate::SessionsEnded] => Some(("if every session is signed out", "if your sessions are kept")),
        [Fate::SessionsKept] => Some(("if your sessions are kept", "if every session is signed out")),
        _ => None,
    };
    let Some((here, there)) = only else {
        return finding.code.to_string();
    };
    let other = report
        .findings
        .iter()
        .find(|it| it.code == finding.code && it.fates != finding.fates);
    let elsewhere: Option<Severity> = other.map(|it| it.severity);
    match elsewhere {
        Some(severity) => format!("{} · {severity} {there}", finding.code),
        None => format!("{} · only {here}", finding.code),
    }
}
