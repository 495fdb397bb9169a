//! The messages: what stays readable, month by month, and which rooms lose some.

use lifeboat_report::{Forecast, Report};
use maud::{Markup, html};

use super::{blocks, months, rooms};
use crate::ui::screen::forecast::sentences;

/// Renders them, if they were looked at.
pub(super) fn section(report: &Report) -> Markup {
    let content = match &report.forecast {
        Some(forecast) => of(forecast, report.taken_at),
        None => blocks::nothing("They were not looked at."),
    };
    blocks::section("messages", "Your messages", &content)
}

fn of(forecast: &Forecast, now: u64) -> Markup {
    html! {
        @for sentence in sentences(forecast) {
            p { (sentence) }
        }
        (months::figure(forecast, now))
        (rooms::table(forecast))
    }
}
