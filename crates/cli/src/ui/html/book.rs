//! The book's page of findings, taken apart: the page of a report carries its words, for where there is no book.

use lifeboat_report::Code;
use maud::{Markup, html};

/// As the book has it; a test of the advice makes it of the program's own words.
const FINDINGS: &str = include_str!("../../../../../docs/findings.md");

/// What stands before what helps.
const HELPS: &str = "What helps:";

/// What the book says of one code, line by line.
pub(super) struct Section<'a> {
    /// What it means: a severity, for which fates, and a sentence.
    pub(super) meanings: Vec<&'a str>,
    /// What helps against it.
    pub(super) helps: Vec<&'a str>,
}

/// Returns what the book says of `code`.
pub(super) fn section(code: Code) -> Section<'static> {
    of(FINDINGS, code)
}

/// Goes by lines: a checkout may end them in either way.
fn of(book: &str, code: Code) -> Section<'_> {
    let from = book
        .lines()
        .skip_while(|it| it.strip_prefix("## ") != Some(code.as_str()));
    let mut lines = from.skip(1).take_while(|it| !it.starts_with("## "));
    Section {
        meanings: lines
            .by_ref()
            .take_while(|it| !it.starts_with(HELPS))
            .filter_map(point)
            .collect(),
        helps: lines.filter_map(point).collect(),
    }
}

fn point(line: &str) -> Option<&str> {
    line.strip_prefix("- ")
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
    fn lines_may_end_in_either_way() {
        let unix = FINDINGS.replace("\r\n", "\n");
        let windows = unix.replace('\n', "\r\n");
        for code in Code::ALL {
            let (unix, windows) = (of(&unix, *code), of(&windows, *code));
            assert!(!unix.meanings.is_empty(), "{code}");
            assert_eq!((unix.meanings, unix.helps), (windows.meanings, windows.helps), "{code}");
        }
    }

    #[test]
    fn every_code_has_a_meaning_and_something_that_helps() {
        for code in Code::ALL {
            let section = section(*code);
            assert!(!section.meanings.is_empty() && !section.helps.is_empty(), "{code}");
        }
    }
}
