//! Questions with a few answers, and how they look. Nothing depends on colour, and without it there is none.

use std::{io::ErrorKind, sync::OnceLock};

use inquire::{
    InquireError, Select,
    ui::{Attributes, Color, RenderConfig, StyleSheet, Styled},
};

use super::{stopped, tell};
use crate::{
    failure::Failure,
    ui::{clean::clean_sentence, signs::shown},
};

/// Whether menus are coloured; decided once, with the streams.
static COLOUR: OnceLock<Colour> = OnceLock::new();

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colour {
    Shown,
    None,
}

/// Decides whether menus are coloured, as what is written to stderr is.
pub(crate) fn dress(coloured: bool) {
    let colour = if coloured { Colour::Shown } else { Colour::None };
    // The first decision is the one that the streams were opened with.
    let _ = COLOUR.set(colour);
}

/// Asks for one of `options`, by the arrow keys, by its number or by words of it; returns its place among them.
///
/// Waits for a person on this thread. Ctrl-C and Escape end the waiting with [`Failure::interrupted`].
pub(crate) fn choose(question: &str, options: &[String]) -> Result<usize, Failure> {
    let numbered = (1..).zip(options);
    let numbered = numbered.map(|(number, it)| format!("{number}  {}", shown(&clean_sentence(it))));
    let score = |typed: &str, _: &String, option: &str, _: usize| fits(typed, option).then_some(0);
    let question = clean_sentence(question);
    let chosen = Select::new(&shown(&question), numbered.collect())
        .with_scorer(&score)
        .with_page_size(options.len().max(1))
        .with_help_message("arrow keys or number, then Enter; Esc stops")
        .with_render_config(look())
        .raw_prompt();
    chosen.map(|it| it.index).map_err(not_chosen)
}

/// Tells whether what is typed points to an option: the beginning of its number, or words of it in any case.
fn fits(typed: &str, option: &str) -> bool {
    let (typed, option) = (typed.trim().to_lowercase(), option.to_lowercase());
    if typed.chars().all(|it| it.is_ascii_digit()) {
        return option.starts_with(&typed);
    }
    typed.split_whitespace().all(|word| option.contains(word))
}

fn look() -> RenderConfig<'static> {
    let (here, answered, there) = if shown("▸") == "▸" {
        ("▸", "·", " ▸")
    } else {
        (">", "-", " >")
    };
    let plain = RenderConfig {
        unhighlighted_option_prefix: Styled::new("  "),
        ..RenderConfig::empty()
            .with_prompt_prefix(Styled::new(here))
            .with_answered_prompt_prefix(Styled::new(answered))
            .with_highlighted_option_prefix(Styled::new(there))
            .with_canceled_prompt_indicator(Styled::new("(stopped)"))
    };
    if COLOUR.get() != Some(&Colour::Shown) {
        return plain;
    }
    let bold = StyleSheet::new().with_attr(Attributes::BOLD);
    RenderConfig { prompt: bold, ..plain }
        .with_selected_option(Some(bold.with_fg(Color::LightCyan)))
        .with_help_message(StyleSheet::new().with_fg(Color::DarkGrey))
}

fn not_chosen(error: InquireError) -> Failure {
    match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => {
            // The line of the question has not ended.
            tell("");
            stopped()
        }
        InquireError::IO(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::UnexpectedEof) => {
            stopped()
        }
        error => Failure::usage(
            format!("There is no terminal to ask on: {error}."),
            "Give everything with flags and files; see --help.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_by_number_and_by_words() {
        let options = ["1  Yes, bring them over", "2  Skip this", "12  Leave for now"];
        let found = |typed| options.iter().filter(|it| fits(typed, it)).count();
        assert_eq!(found(""), 3);
        assert_eq!(found("2"), 1);
        assert_eq!(found("1"), 2);
        assert_eq!(found("12"), 1);
        assert_eq!(found("SKIP"), 1);
        assert_eq!(found("now leave"), 1);
        assert_eq!(found("e"), 2);
        assert_eq!(found("no such thing"), 0);
    }
}
