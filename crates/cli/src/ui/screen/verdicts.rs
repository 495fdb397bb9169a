//! The two verdicts, each with its weightiest reason.

use lifeboat_report::{Fate, Report, Verdict};
use textwrap::core::display_width;

use crate::ui::{clean::clean_sentence, page::Page, style::Tone};

/// The more dangerous reset first: it is what a reset does unless somebody chooses otherwise.
pub(crate) const FATES: [(Fate, &str); 2] = [
    (Fate::SessionsEnded, "If every session is signed out"),
    (Fate::SessionsKept, "If your sessions are kept"),
];
/// Fewer columns than this are not worth a second column of text.
const NARROWEST_REASON: usize = 34;

/// Adds both.
pub(crate) fn show(page: &mut Page, report: &Report) {
    for (fate, when) in FATES {
        let verdict = report.verdict.of(fate);
        let word = verdict.word().to_uppercase();
        let begin = format!(
            " {when:<30}   {}{}",
            Tone::from(verdict).paint(&word),
            " ".repeat(10 - word.len())
        );
        let column = display_width(&begin);
        let reason = reason(report, fate);
        if page.width().saturating_sub(column) >= NARROWEST_REASON {
            page.paragraph(&begin, &reason);
        } else {
            page.line(&begin);
            page.aside(3, &reason, Tone::Plain);
        }
    }
}

/// Says in a sentence or two why the verdict is what it is.
pub(crate) fn reason(report: &Report, fate: Fate) -> String {
    if report.verdict.of(fate) == Verdict::Clear {
        return "Nothing speaks against it, and everything that had to be known is known.".to_owned();
    }
    // Findings come most serious first.
    let mut reasons = report.findings.iter().filter(|it| it.fates.contains(&fate));
    let worst = reasons.next();
    let as_serious = reasons
        .filter(|it| worst.is_some_and(|worst| worst.severity == it.severity))
        .count();
    let first = worst.map(|it| clean_sentence(&it.to_string())).unwrap_or_default();
    match as_serious {
        0 => first,
        1 => format!("{first} And one more reason."),
        more => format!("{first} And {more} more reasons."),
    }
}
