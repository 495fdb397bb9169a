//! What the codes of the findings mean: the page explains itself, wherever it lies and with nothing beside it.
//!
//! The words are those of the documentation's page of findings, about any account. What helps in this one, by its own names,
//! stands among the steps.

use lifeboat_report::{Code, Report};
use maud::{Markup, html};

use super::{blocks, book};

/// Names the place in the page that explains a code.
pub(super) fn place(code: Code) -> String {
    format!("code-{code}")
}

/// Renders it, each code once, in the order of the findings; nothing where nothing was found.
pub(super) fn section(report: &Report) -> Markup {
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
        p {
            "In the words of Lifeboat’s book, for any account: kept is for a reset that keeps your sessions, ended for one \
             that signs all of them out."
        }
        div.codes {
            @for code in codes {
                div id=(place(code)) { (explained(code)) }
            }
        }
    };
    blocks::section("codes", "What these codes mean", &content)
}

/// What the book says of one code, and where.
pub(super) fn explained(code: Code) -> Markup {
    let said = book::section(code);
    html! {
        h3 { code { (code) } }
        ul {
            @for meaning in &said.meanings { li { (book::line(meaning)) } }
        }
        @if !said.helps.is_empty() {
            p { b { "What helps:" } }
            ul {
                @for help in &said.helps { li { (book::line(help)) } }
            }
        }
        p { "In the book: findings, " (code) }
    }
}
