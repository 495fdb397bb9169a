//! The book's page of findings, taken apart: the page of a report carries its words, for where there is no book.

use lifeboat_report::Code;
use maud::{Markup, html};

/// As the book has it; a test of the advice makes it of the program's own words.
const FINDINGS: &str = include_str!("../../../../../docs/findings.md");

/// What stands before what helps.
const HELPS: &str = "What helps:";

/// What the book says of one code, line by line.
pub(super) struct Section {
    /// What it means: a severity, for which fates, and a sentence.
    pub(super) meanings: Vec<&'static str>,
    /// What helps against it.
    pub(super) helps: Vec<&'static str>,
}

/// Returns what the book says of `code`.
pub(super) fn section(code: Code) -> Section {
    // The first part comes before all codes.
    let mut parts = FINDINGS.split("\n## ").skip(1);
    let text = parts.find_map(|it| it.strip_prefix(code.as_str())?.strip_prefix('\n'));
    let text = text.unwrap_or_default();
    let (meanings, helps) = text.split_once(HELPS).unwrap_or((text, ""));
    Section {
        meanings: points(meanings),
        helps: points(helps),
    }
}

fn points(text: &'static str) -> Vec<&'static str> {
    text.lines().filter_map(|it| it.strip_prefix("- ")).collect()
}

/// Renders a line of the book: its commands as such, and of its links the words, since no link leads out of the page.
pub(super) fn line(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (unlinked(part)) }
        }
    }
}

fn unlinked(text: &str) -> String {
    let (mut words, mut rest) = (String::new(), text);
    while let Some((before, link)) = rest.split_once('[')
        && let Some((name, place)) = link.split_once("](")
        && let Some((_, after)) = place.split_once(')')
    {
        words.push_str(before);
        words.push_str(name);
        rest = after;
    }
    words.push_str(rest);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_such_and_links_are_words() {
        assert_eq!(
            line("Where it can, `lifeboat repair @you` [mends <it>](repairs.md), [so] it is.").into_string(),
            "Where it can, <code>lifeboat repair @you</code> mends &lt;it&gt;, [so] it is."
        );
    }

    #[test]
    fn every_code_has_a_meaning_and_something_that_helps() {
        for code in Code::ALL {
            let section = section(*code);
            assert!(!section.meanings.is_empty() && !section.helps.is_empty(), "{code}");
        }
    }
}
