//! Two reports of one account, side by side.

use lifeboat_report::{Comparison, Figures, Finding, Severity, Trend, grouped};

use super::{
    clean::{clean_id, clean_sentence},
    page::Page,
    screen::verdicts::FATES,
    style::Tone,
    table::Table,
    time,
};

/// What one line compares.
pub(crate) struct Line {
    /// What is compared.
    pub(crate) what: &'static str,
    /// What it was.
    pub(crate) before: String,
    /// What it is.
    pub(crate) after: String,
    /// In which direction it went.
    pub(crate) trend: Trend,
}

/// Compares verdicts and numbers.
pub(crate) fn lines(comparison: &Comparison<'_>) -> Vec<Line> {
    let (was, is) = comparison.figures();
    let verdicts = FATES.map(|(fate, what)| Line {
        what,
        before: comparison.before.verdict.of(fate).word().to_uppercase(),
        after: comparison.after.verdict.of(fate).word().to_uppercase(),
        trend: comparison.verdict(fate),
    });
    let number = |what, of: fn(&Figures) -> Option<u64>, trend: Option<Trend>| {
        let (before, after) = (of(&was), of(&is));
        Line {
            what,
            before: words(before),
            after: words(after),
            trend: trend.unwrap_or_else(|| Trend::neutral(before, after)),
        }
    };
    let numbers = [
        number("Encrypted messages", |it| it.messages, None),
        number("Covered by the key backup", |it| it.covered, None),
        number("Would be lost", |it| it.at_risk, Some(comparison.at_risk())),
        number("Keys in the key backup", |it| it.entries, None),
        number("Other sessions", |it| it.sessions, None),
        number(
            "Not verified of them",
            |it| it.unverified,
            Some(comparison.unverified()),
        ),
    ];
    verdicts.into_iter().chain(numbers).collect()
}

/// Findings with a heading each: those that are gone, new, and still there; empty ones are left out.
pub(crate) fn changes(comparison: &Comparison<'_>) -> Vec<(&'static str, Vec<String>)> {
    let say = |it: &&Finding| sentence(it, None);
    let stayed = comparison.stayed.iter().map(|(was, it)| sentence(it, Some(*was)));
    let all = [
        ("No longer", comparison.gone.iter().map(say).collect()),
        ("New", comparison.new.iter().map(say).collect()),
        ("Still", stayed.collect::<Vec<_>>()),
    ];
    all.into_iter().filter(|(_, sentences)| !sentences.is_empty()).collect()
}

/// `caution, was blocker · 12 of 36 … (coverage-at-risk)`
fn sentence(finding: &Finding, was: Option<Severity>) -> String {
    let was = was
        .filter(|it| *it != finding.severity)
        .map(|it| format!(", was {it}"))
        .unwrap_or_default();
    let text = clean_sentence(&finding.to_string());
    format!("{}{was} · {text} ({})", finding.severity, finding.code)
}

/// Renders the comparison for a terminal of `width` columns.
pub(crate) fn render(comparison: &Comparison<'_>, width: usize) -> String {
    let (before, after) = (comparison.before, comparison.after);
    let mut page = Page::new(width);
    page.paragraph(
        " ",
        &format!(
            "{}, before ({}) and after ({})",
            clean_id(&after.account),
            time::moment(before.taken_at),
            time::moment(after.taken_at)
        ),
    );
    page.gap();
    let mut table = Table::new(["", "Before", "After", ""]);
    for line in lines(comparison) {
        table.row([
            line.what.to_owned(),
            line.before,
            line.after,
            line.trend.word().to_owned(),
        ]);
    }
    page.table(&table);
    for (heading, sentences) in changes(comparison) {
        page.heading(heading);
        for it in sentences {
            page.paragraph("   ", &it);
        }
    }
    page.gap();
    page.aside(1, "Details: lifeboat report FILE, for either of them.", Tone::Faint);
    page.finish()
}

fn words(number: Option<u64>) -> String {
    number.map_or_else(|| "not known".to_owned(), grouped)
}
