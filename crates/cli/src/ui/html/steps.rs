//! What to do, step by step: the same advice as on the screen.

use maud::{Markup, html};

use super::blocks;
use crate::advice::Advice;

/// Renders it, if there is anything to do.
pub(super) fn section(advice: &[Advice]) -> Markup {
    if advice.is_empty() {
        return html! {};
    }
    let heading = if advice.len() == 1 {
        "Do this first"
    } else {
        "Do this first, in this order"
    };
    let steps = html! {
        ol.steps {
            @for (number, step) in (1..).zip(advice) {
                li id={ "step-" (number) } {
                    p { (step.what) }
                    (ways(step))
                }
            }
        }
    };
    blocks::section("steps", heading, &steps)
}

/// The command line and the way to click.
pub(super) fn ways(step: &Advice) -> Markup {
    html! {
        @if let Some(command) = &step.command {
            p.command { code { (command.to_string()) } }
        }
        @if let Some(path) = step.in_element {
            p.path { b { "In Element: " } (path) }
        }
    }
}
