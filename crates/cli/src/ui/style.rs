//! Colour and weight. Nothing depends on them: the words say the same.

use anstyle::{AnsiColor, Style};
use lifeboat_report::{Severity, Verdict};

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As the rest.
    Plain,
    /// Headings and commands.
    Strong,
    /// Less important.
    Faint,
    /// All is well.
    Good,
    /// Look here.
    Weak,
    /// Look here first.
    Bad,
}

impl Tone {
    /// Wraps `text` in the terminal's codes; [`super::console::Console`] takes them out again where they are unwanted.
    pub(crate) fn paint(self, text: &str) -> String {
        let style = match self {
            Self::Plain => return text.to_owned(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Weak => AnsiColor::Yellow.on_default().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        };
        format!("{style}{text}{style:#}")
    }
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clear => Self::Good,
            Verdict::Caution => Self::Weak,
            Verdict::Blocked => Self::Bad,
        }
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Strong,
            Severity::Caution => Self::Weak,
            Severity::Blocker => Self::Bad,
        }
    }
}
