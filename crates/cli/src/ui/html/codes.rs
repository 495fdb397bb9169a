//! What the codes of the findings mean: the page explains itself, wherever it lies and with nothing beside it.
//!
//! The words are those of the documentation's page of findings.

use lifeboat_report::{Code, Fate, Finding, Report};
use maud::{Markup, html};

use super::{blocks, steps};
use crate::{
    advice::{Advice, CommandLine, Help, help_with},
    ui::clean::clean_sentence,
};

/// Names the place in the page that explains a code.
pub(super) fn place(code: Code) -> String {
    format!("code-{code}")
}

/// Renders it, each code once, in the order of the findings; nothing where nothing was found.
pub(super) fn section(report: &Report, advice: &[Advice], account: &CommandLine) -> Markup {
    let mut codes: Vec<Code> = Vec::new();
    for finding in &report.findings {
        if !codes.contains(&finding.code) {
            codes.push(finding.code);
        }
    }
    if codes.is_empty() {
        return html! {};
    }
    let content = html! {
        div.codes {
            @for code in codes {
                div id=(place(code)) { (explained(code, report, advice, account)) }
            }
        }
    };
    blocks::section("codes", "What these codes mean", &content)
}

fn explained(code: Code, report: &Report, advice: &[Advice], account: &CommandLine) -> Markup {
    let findings: Vec<&Finding> = report.findings.iter().filter(|it| it.code == code).collect();
    // What helps where it weighs most: the same as above, for the most serious one comes first.
    let help = findings.first().and_then(|it| help_with(it, report, advice, account));
    html! {
        h3 { code { (code) } }
        @for it in &findings {
            p { b { (it.severity.word()) ", " (when(it)) ": " } (clean_sentence(it.meaning())) }
        }
        @match &help {
            Some(Help::Step(place)) => {
                @if let Some(step) = advice.get(*place) {
                    p { b { "What helps, " a href={ "#step-" (place + 1) } { "step " (place + 1) } ": " } (step.what) }
                }
            }
            Some(Help::Aside(aside)) => {
                p { b { "What helps: " } (aside.what) }
                (steps::ways(aside))
            }
            None => {}
        }
    }
}

fn when(finding: &Finding) -> &'static str {
    match finding.fates.as_slice() {
        [Fate::SessionsEnded] => "if every session is signed out",
        [Fate::SessionsKept] => "if your sessions are kept",
        _ => "either way",
    }
}
