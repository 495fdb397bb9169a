//! The two verdicts, side by side.

use lifeboat_report::{Report, Verdict};
use maud::{Markup, html};

use super::{blocks, icon};
use crate::ui::screen::verdicts::{FATES, reason};

/// Renders them.
pub(super) fn section(report: &Report) -> Markup {
    let cards = html! {
        div.verdicts {
            @for (fate, when) in FATES {
                @let verdict = report.verdict.of(fate);
                div class={ "card " (tone(verdict)) } {
                    h3 { (when) }
                    p.verdict { (icon::verdict(verdict)) (verdict.word()) }
                    p { (reason(report, fate)) }
                }
            }
        }
    };
    blocks::section("answer", "The answer", &cards)
}

/// The class that gives a verdict its colours.
pub(super) fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Clear => "good",
        Verdict::Caution => "weak",
        Verdict::Blocked => "bad",
    }
}
