//! What a line says while a server asks to wait.

use indicatif::{ProgressState, ProgressStyle};
use lifeboat_preflight::Waiting;

use crate::ui::signs::turning;

/// What a person reads, who would think otherwise that the work stands still.
const WORDS: &str = "the server asks to wait";

/// Returns what is to be said of a wait; nothing where there is none.
pub(super) fn said_of(waiting: &Waiting) -> &'static str {
    if waiting.is_on() { WORDS } else { "" }
}

/// The style of a line that says what is done, and beside it when the server asks to wait.
pub(super) fn telling(waiting: &Waiting) -> ProgressStyle {
    let waiting = waiting.clone();
    let show = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        // A line that cannot be drawn is drawn again in a moment.
        let _ = match said_of(&waiting) {
            "" => Ok(()),
            said => write!(out, "   {said}"),
        };
    };
    // The template is our own.
    let style = ProgressStyle::with_template("{spinner} {msg}{besides}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
    turning(style.with_key("besides", show))
}
