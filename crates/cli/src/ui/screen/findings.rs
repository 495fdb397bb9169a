//! The findings: what is the case, what it means, which step helps.

use lifeboat_report::{Fate, Finding, Report, Severity};

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
    for (number, it) in listed(report, advice, account).into_iter().enumerate() {
        if number > 0 {
            page.gap();
        }
        let severity = it.finding.severity;
        let word = severity.word().to_uppercase();
        let begin = format!(
            " {}{}",
            Tone::from(severity).paint(&word),
            " ".repeat(COLUMN - 1 - word.len())
        );
        page.paragraph(&begin, &it.sentence);
        page.aside(COLUMN, &it.meaning, Tone::Plain);
        if let Some(advice) = &it.aside {
            page.paragraph(&format!("{:COLUMN$}→ ", ""), &advice.what);
            show_ways(page, COLUMN + 2, advice);
        }
        let step = it.step.map(|it| format!("→ step {it} · ")).unwrap_or_default();
        page.aside(COLUMN, &format!("{step}{}{}", it.finding.code, it.when), Tone::Faint);
    }
}

/// One finding as people see it.
pub(crate) struct Listed<'a> {
    /// The finding.
    pub(crate) finding: &'a Finding,
    /// What is the case.
    pub(crate) sentence: String,
    /// What follows.
    pub(crate) meaning: String,
    /// The step that helps, counted from 1.
    pub(crate) step: Option<usize>,
    /// A remedy that is not worth a step of its own, and was not mentioned yet.
    pub(crate) aside: Option<Advice>,
    /// What is to be said about the fates, after the code: ` · only if your sessions are kept`, or nothing.
    pub(crate) when: String,
}

/// Lists every finding once, the most serious first.
pub(crate) fn listed<'a>(report: &'a Report, advice: &[Advice], account: &CommandLine) -> Vec<Listed<'a>> {
    let mut listed: Vec<Listed<'a>> = Vec::new();
    let mut mentioned: Vec<Remedy> = Vec::new();
    for finding in &report.findings {
        // A code that weighs differently under the other fate stands further down once more: it is said here.
        if listed.iter().any(|it| it.finding.code == finding.code) {
            continue;
        }
        let (step, aside) = match help_with(finding, report, advice, account) {
            Some(Help::Step(place)) => (Some(place + 1), None),
            Some(Help::Aside(advice)) if !mentioned.contains(&advice.remedy) => {
                mentioned.push(advice.remedy);
                (None, Some(advice))
            }
            Some(Help::Aside(_)) | None => (None, None),
        };
        listed.push(Listed {
            finding,
            sentence: clean_sentence(&finding.to_string()),
            meaning: clean_sentence(finding.meaning()),
            step,
            aside,
            when: when(finding, report),
        });
    }
    listed
}

/// ` · caution if your sessions are kept`
fn when(finding: &Finding, report: &Report) -> String {
    let only = match finding.fates.as_slice() {
        [Fate::SessionsEnded] => Some(("if every session is signed out", "if your sessions are kept")),
        [Fate::SessionsKept] => Some(("if your sessions are kept", "if every session is signed out")),
        _ => None,
    };
    let Some((here, there)) = only else {
        return String::new();
    };
    let other = report
        .findings
        .iter()
        .find(|it| it.code == finding.code && it.fates != finding.fates);
    let elsewhere: Option<Severity> = other.map(|it| it.severity);
    match elsewhere {
        Some(severity) => format!(" · {severity} {there}"),
        None => format!(" · only {here}"),
    }
}
