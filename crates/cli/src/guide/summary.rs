//! What was found, in two sentences: one for each thing that a reset can do to the sessions.

use lifeboat_report::{Fact, Facts, Fate, Finding, Report, Verdict, grouped};

use crate::ui::clean::clean_sentence;

/// Says what a reset that signs every session out would cost, and what one that keeps them would.
pub(super) fn two_sentences(report: &Report) -> [String; 2] {
    [ended(report), kept(report)]
}

fn ended(report: &Report) -> String {
    let begin = "If every session were signed out";
    match (report.verdict.of(Fate::SessionsEnded), messages(&report.facts)) {
        (Verdict::Clear, Some((_, total))) => format!(
            "{begin}, you would lose nothing: your recovery key brings all {} encrypted messages back.",
            grouped(total)
        ),
        (Verdict::Clear, None) => format!("{begin}, you would lose nothing that is known."),
        (_, Some((at_risk @ 1.., total))) => format!(
            "{begin} now, {} of your {} encrypted messages would become unreadable for good.",
            grouped(at_risk),
            grouped(total)
        ),
        (Verdict::Blocked, _) => format!(
            "{begin} now, you could lose messages. {}",
            reason(report, Fate::SessionsEnded)
        ),
        (Verdict::Caution, _) => format!(
            "{begin}, no message is known to be lost, but there is something to see to. {}",
            reason(report, Fate::SessionsEnded)
        ),
    }
}

fn kept(report: &Report) -> String {
    let begin = "If your sessions stay signed in";
    match report.verdict.of(Fate::SessionsKept) {
        Verdict::Clear => format!("{begin}, nothing changes for your messages."),
        Verdict::Caution => format!(
            "{begin}, your messages stay readable in them. {}",
            reason(report, Fate::SessionsKept)
        ),
        Verdict::Blocked => format!(
            "{begin}, something still speaks against a reset. {}",
            reason(report, Fate::SessionsKept)
        ),
    }
}

/// Messages at risk, and all of them; `None` when they were not counted.
fn messages(facts: &Facts) -> Option<(u64, u64)> {
    match &facts.coverage {
        Fact::Known(coverage) => Some((coverage.at_risk, coverage.total)),
        Fact::Unknown(_) => None,
    }
}

/// The weightiest finding; they come most serious first.
fn reason(report: &Report, fate: Fate) -> String {
    let mut findings = report.findings.iter().filter(|it| it.fates.contains(&fate));
    findings
        .next()
        .map(Finding::to_string)
        .map(|it| clean_sentence(&it))
        .unwrap_or_default()
}
