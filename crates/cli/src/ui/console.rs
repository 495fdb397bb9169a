//! The two streams: people's text and JSON on stdout, progress and hints on stderr.

use std::io::{self, ErrorKind, IsTerminal, Stderr, Stdout, Write};

use anstream::{AutoStream, ColorChoice};

use textwrap::core::display_width;

use super::{clean::clean_sentence, json, page::Page, progress, prompt, signs::shown_on, style::Tone};
use crate::{args::ColorArg, failure::Failure, resolve::Format};

/// Width of what is written to a file or a pipe.
const PLAIN_WIDTH: usize = 80;

/// The two streams.
pub(crate) struct Console {
    out: AutoStream<Stdout>,
    err: AutoStream<Stderr>,
    notes: Notes,
}

/// Whether what is not asked for is told on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notes {
    /// It is.
    Told,
    /// It is not, and nothing moves there.
    Hushed,
}

impl Console {
    /// Opens them; colour as `color` says, by itself on terminals only and not with `NO_COLOR`.
    pub(crate) fn new(color: ColorArg, notes: Notes) -> Self {
        let choice = |by_itself: ColorChoice| match color {
            ColorArg::Auto => by_itself,
            ColorArg::Always => ColorChoice::Always,
            ColorArg::Never => ColorChoice::Never,
        };
        let (out, err) = (io::stdout(), io::stderr());
        let (for_out, for_err) = (AutoStream::choice(&out), AutoStream::choice(&err));
        prompt::dress(choice(for_err) != ColorChoice::Never);
        if notes == Notes::Hushed {
            progress::hush();
        }
        Self {
            out: AutoStream::new(out, choice(for_out)),
            err: AutoStream::new(err, choice(for_err)),
            notes,
        }
    }

    /// Returns how many columns a screen on stdout has.
    pub(crate) fn width(&self) -> usize {
        let width = io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
        width.map_or(PLAIN_WIDTH, |(width, _)| usize::from(width.0))
    }

    /// Writes to stdout what the command was asked for. That nobody reads to the end (`| head`) is no failure.
    pub(crate) fn show(&mut self, text: &str) -> Result<(), Failure> {
        let text = shown_on(&io::stdout(), text);
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::failed(
                format!("The result cannot be written to standard output: {error}."),
                "Check where it is sent to.",
            )),
            _ => Ok(()),
        }
    }

    /// Writes a help text that nobody asked for to stderr.
    pub(crate) fn help(&mut self, text: &str) {
        self.tell(text.trim_end());
    }

    /// Writes to stderr what belongs to a question.
    pub(crate) fn before_question(&mut self, line: &str) {
        self.tell(&clean_sentence(line));
    }

    /// Writes one line of progress to stderr.
    pub(crate) fn note(&mut self, line: &str) {
        if self.notes == Notes::Hushed {
            return;
        }
        self.paragraph("", &clean_sentence(line));
    }

    /// Warns on stderr: what is not as it should be, and what to do.
    pub(crate) fn caution(&mut self, wrong: &str, hint: &str) {
        self.two_sentences(&Tone::Weak.paint("caution:"), wrong, hint);
    }

    /// Says on stderr why the command failed; for programs, on stdout as JSON as well.
    pub(crate) fn fail(&mut self, failure: &Failure, format: Format) {
        if format == Format::Json {
            // A second failure on the way of the first has nowhere to go.
            let _ = self.show(&json::failure(failure));
        }
        self.two_sentences(&Tone::Bad.paint("error:"), &failure.wrong, &failure.hint);
    }

    fn two_sentences(&mut self, word: &str, wrong: &str, hint: &str) {
        for (word, sentence) in [(word, wrong), (&*Tone::Strong.paint("hint:"), hint)] {
            let column = display_width(word).max(6) + 1;
            let begin = format!("{word}{}", " ".repeat(column - display_width(word)));
            let sentence = clean_sentence(sentence);
            self.paragraph(&begin, &sentence);
        }
    }

    /// Wraps it on a terminal; what goes into a file or to another program stays on one line.
    fn paragraph(&mut self, begin: &str, sentence: &str) {
        match terminal_size::terminal_size_of(io::stderr()) {
            Some((width, _)) => {
                let mut page = Page::new(usize::from(width.0));
                page.paragraph(begin, sentence);
                self.tell(page.finish().trim_end());
            }
            None => self.tell(&format!("{begin}{sentence}")),
        }
    }

    fn tell(&mut self, line: &str) {
        let line = shown_on(&io::stderr(), line);
        // When stderr is gone there is nobody left to tell.
        let _ = writeln!(self.err, "{line}");
    }
}
