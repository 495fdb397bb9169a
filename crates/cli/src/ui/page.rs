//! A screen in the making: paragraphs wrapped to the terminal's width.

use textwrap::{Options, WordSplitter};

use super::{style::Tone, table::Table};

/// Text is hard to read in wider lines; tables may use the whole terminal.
const WIDEST_TEXT: usize = 100;
/// Narrower terminals get lines of this width all the same.
const NARROWEST: usize = 40;

/// A screen in the making.
#[derive(Debug)]
pub(crate) struct Page {
    width: usize,
    text: String,
}

impl Page {
    /// Makes an empty one for a terminal of `width` columns.
    pub(crate) fn new(width: usize) -> Self {
        Self {
            width: width.max(NARROWEST),
            text: String::new(),
        }
    }

    /// Returns how many columns there are.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Adds an empty line, unless there is one.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Adds a heading, with an empty line before it.
    pub(crate) fn heading(&mut self, text: &str) {
        self.gap();
        self.hanging(" ", 1, text, Tone::Strong);
    }

    /// Adds one line as it is.
    pub(crate) fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// Adds a paragraph: `first` begins its first line, the others begin at the same column.
    pub(crate) fn paragraph(&mut self, first: &str, text: &str) {
        let column = textwrap::core::display_width(first);
        self.hanging(first, column, text, Tone::Plain);
    }

    /// Adds a paragraph in a tone, indented by `column`.
    pub(crate) fn aside(&mut self, column: usize, text: &str, tone: Tone) {
        self.hanging(&" ".repeat(column), column, text, tone);
    }

    fn hanging(&mut self, first: &str, column: usize, text: &str, tone: Tone) {
        let width = self.width.min(WIDEST_TEXT).saturating_sub(column).max(20);
        // Ids, keys and command lines are copied: they are not split.
        let options = Options::new(width)
            .word_splitter(WordSplitter::NoHyphenation)
            .break_words(false);
        for (number, line) in textwrap::wrap(text, options).iter().enumerate() {
            let begin = if number == 0 {
                first.to_owned()
            } else {
                " ".repeat(column)
            };
            let line = if line.is_empty() {
                String::new()
            } else {
                tone.paint(line)
            };
            self.line(&format!("{begin}{line}"));
        }
    }

    /// Adds a command line, which is never wrapped: it is copied.
    pub(crate) fn command(&mut self, column: usize, command: &str) {
        self.line(&format!("{}{}", " ".repeat(column), Tone::Strong.paint(command)));
    }

    /// Adds a table, indented by one column under its headings.
    pub(crate) fn table(&mut self, table: &Table) {
        for line in table.lines(self.width.saturating_sub(1)) {
            self.line(&format!(" {line}"));
        }
    }

    /// Returns the whole screen.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_hang_from_their_first_column() {
        let mut page = Page::new(40);
        page.heading("First");
        page.paragraph(
            "   1  ",
            "Open Element on the telephone that you used last, and wait until it is quiet.",
        );
        page.command(6, "lifeboat check @somebody-with-a-long-name:example.org");
        page.gap();
        page.gap();
        page.aside(3, "Then again.", Tone::Plain);
        let shown = anstream::adapter::strip_str(&page.finish()).to_string();
        insta::assert_snapshot!(shown);
    }
}
