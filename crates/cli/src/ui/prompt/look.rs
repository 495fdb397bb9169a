//! How questions look. Nothing depends on colour, and without it there is none.

use std::sync::OnceLock;

use inquire::ui::{Attributes, Color, ErrorMessageRenderConfig, RenderConfig, StyleSheet, Styled};
use textwrap::{Options, WordSplitter};

/// Whether questions are coloured; decided once, with the streams.
static COLOUR: OnceLock<Colour> = OnceLock::new();

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colour {
    Shown,
    None,
}

/// Decides whether questions are coloured, as what is written to stderr is.
pub(crate) fn dress(coloured: bool) {
    let colour = if coloured { Colour::Shown } else { Colour::None };
    // The first decision is the one that the streams were opened with.
    let _ = COLOUR.set(colour);
}

/// Returns how questions look now.
pub(super) fn now() -> RenderConfig<'static> {
    let plain = RenderConfig {
        password_mask: '•',
        ..RenderConfig::empty()
            .with_prompt_prefix(Styled::new("▸"))
            .with_answered_prompt_prefix(Styled::new("·"))
            .with_highlighted_option_prefix(Styled::new(" ▸"))
            .with_canceled_prompt_indicator(Styled::new("(stopped)"))
            .with_error_message(ErrorMessageRenderConfig::empty().with_prefix(Styled::new("!")))
    };
    let plain = RenderConfig {
        unhighlighted_option_prefix: Styled::new("  "),
        ..plain
    };
    if COLOUR.get() != Some(&Colour::Shown) {
        return plain;
    }
    let bold = StyleSheet::new().with_attr(Attributes::BOLD);
    RenderConfig { prompt: bold, ..plain }
        .with_selected_option(Some(bold.with_fg(Color::LightCyan)))
        .with_help_message(StyleSheet::new().with_fg(Color::DarkGrey))
        .with_error_message(
            ErrorMessageRenderConfig::empty()
                .with_prefix(Styled::new("!").with_fg(Color::LightYellow))
                .with_message(StyleSheet::new().with_attr(Attributes::BOLD)),
        )
}

/// What stays on the screen of a secret: that there is one, not how long it is.
pub(super) fn dots(secret: &str) -> String {
    if secret.is_empty() {
        String::new()
    } else {
        "••••••••".to_owned()
    }
}

/// Wraps at words what is said beside a question; the line editor itself breaks anywhere.
pub(super) fn wrapped(sentence: &str) -> String {
    let width = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
    let options = Options::new(width.clamp(40, 100) - 3)
        .word_splitter(WordSplitter::NoHyphenation)
        .subsequent_indent("  ");
    textwrap::fill(sentence, options)
}
