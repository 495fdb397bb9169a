//! The words of every step: what is asked, why, and where the answer is found.

mod ends;
mod entry;
mod mend;
mod reset;
#[cfg(test)]
mod tests;

use super::{Choice, Step, Trip};
use crate::ui::{page::Page, style::Tone};

/// What one step shows and asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Screen {
    /// The explanation.
    pub(super) text: String,
    /// The question after it.
    pub(super) ask: Ask,
}

/// How a step asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// For one of these answers.
    Choice {
        /// The question.
        question: String,
        /// The answers; the first one is what most people want.
        options: Vec<(Choice, String)>,
    },
    /// For a line.
    Line(String),
    /// Not at all: the step does something.
    Nothing,
}

/// How many parts the conversation has.
const PARTS: u8 = 6;

/// Returns what `step` shows and asks on a terminal of `width` columns.
pub(super) fn of(step: &Step, trip: &Trip, width: usize) -> Screen {
    let mut words = Words::new(width);
    let ask = match step {
        Step::TakeUp => entry::take_up(&mut words, trip),
        Step::Account => entry::account(&mut words),
        Step::Server => entry::server(&mut words, trip),
        Step::Entrance => entry::entrance(&mut words, trip),
        Step::RecoveryKey => entry::recovery_key(&mut words),
        Step::Check => mend::check(&mut words),
        Step::Findings => mend::findings(&mut words, trip),
        Step::Offer(fix) => mend::offer(&mut words, fix, trip),
        Step::Fate => reset::fate(&mut words, trip),
        Step::Route => reset::route(&mut words, trip),
        Step::Accept => reset::accept(&mut words, trip),
        Step::Reset => reset::begin(&mut words, trip),
        Step::Unfinished => reset::unfinished(&mut words, trip),
        Step::Apps => ends::apps(&mut words, trip),
        Step::Leaving(back) => ends::leaving(&mut words, back, trip),
        Step::Discover | Step::SignIn(_) | Step::Details | Step::Mend(_) | Step::Resume | Step::End(_) => Ask::Nothing,
    };
    Screen {
        text: words.finish(),
        ask,
    }
}

/// A screen in the making.
struct Words {
    page: Page,
}

impl Words {
    fn new(width: usize) -> Self {
        Self { page: Page::new(width) }
    }

    /// Begins a part: `2 of 6 · Signing in`.
    fn part(&mut self, number: u8, title: &str) {
        self.page.line("");
        self.page.line(&format!(
            " {}",
            Tone::Strong.paint(&format!("{number} of {PARTS} · {title}"))
        ));
        self.page.gap();
    }

    /// Begins without a part.
    fn title(&mut self, title: &str) {
        self.page.line("");
        self.page.line(&format!(" {}", Tone::Strong.paint(title)));
        self.page.gap();
    }

    /// Adds a paragraph, with an empty line after it.
    fn say(&mut self, text: &str) {
        self.page.paragraph(" ", text);
        self.page.gap();
    }

    /// Adds one of several points, without an empty line after it.
    fn point(&mut self, begin: &str, text: &str) {
        self.page.paragraph(&format!("   {begin} "), text);
    }

    /// Adds a command line to copy.
    fn command(&mut self, command: &str) {
        self.page.command(3, command);
        self.page.gap();
    }

    fn gap(&mut self) {
        self.page.gap();
    }

    fn finish(self) -> String {
        self.page.finish()
    }
}

/// Asks for one of `options`.
fn choice<const N: usize>(question: &str, options: [(Choice, &str); N]) -> Ask {
    Ask::Choice {
        question: question.to_owned(),
        options: options.into_iter().map(|(it, words)| (it, words.to_owned())).collect(),
    }
}

/// `1 message`, `1 204 messages`
fn messages(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} message{plural}", lifeboat_report::grouped(count))
}
