//! The findings: the same as on the screen, each with the place below that explains it.

use lifeboat_report::{Report, Severity};
use maud::{Markup, html};

use super::{blocks, codes, icon, steps};
use crate::{
    advice::{Advice, CommandLine},
    ui::screen::findings::{Listed, listed},
};

/// Renders them, the most serious first.
pub(super) fn section(report: &Report, advice: &[Advice], account: &CommandLine) -> Markup {
    let listed = listed(report, advice, account);
    let content = if listed.is_empty() {
        blocks::nothing("Nothing is weak, broken or unknown.")
    } else {
        html! {
            ul.findings {
                @for it in &listed { (finding(it)) }
            }
        }
    };
    blocks::section("findings", "What was found", &content)
}

fn finding(it: &Listed<'_>) -> Markup {
    let severity = it.finding.severity;
    html! {
        li class=(tone(severity)) {
            p.severity { (icon::severity(severity)) (severity.word()) }
            div {
                p.sentence { (it.sentence) }
                p { (it.meaning) }
                @if let Some(aside) = &it.aside {
                    p { (aside.what) }
                    (steps::ways(aside))
                }
                p.code {
                    a href={ "#" (codes::place(it.finding.code)) } { (it.finding.code) }
                    (it.when)
                    @if let Some(step) = it.step {
                        " · helped by "
                        a href={ "#step-" (step) } { "step " (step) }
                    }
                }
            }
        }
    }
}

/// The class that gives a severity its colours.
fn tone(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Caution => "weak",
        Severity::Blocker => "bad",
    }
}
