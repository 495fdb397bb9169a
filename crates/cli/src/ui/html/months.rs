//! The history, month by month, as stacked bars.

mod bars;
mod plot;

use lifeboat_report::{Forecast, grouped};
use maud::{Markup, html};

use self::bars::{Bar, bars};
use super::{blocks, icon};

/// The class of what would be lost.
const RISK: &str = "risk";
/// More months than this are not named one by one in the picture's description.
const NAMED: usize = 3;

/// What became of the messages that the key backup covers, the same for all of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Covered {
    /// A tested key opens the backup.
    Readable,
    /// No key was tested.
    Untested,
    /// Nothing opens the backup.
    Closed,
}

impl Covered {
    fn of(forecast: &Forecast) -> Self {
        match forecast.events.readable {
            None => Self::Untested,
            Some(0) if forecast.events.covered > 0 => Self::Closed,
            Some(_) => Self::Readable,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Readable => "stay readable",
            Self::Untested => "covered by the key backup; no key was tested",
            Self::Closed => "covered by the key backup, which nothing you have opens",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Readable => "readable",
            Self::Untested => "untested",
            Self::Closed => "closed",
        }
    }
}

/// Renders the picture, and the same numbers as a table to open; nothing where there is no message.
pub(super) fn figure(forecast: &Forecast, now: u64) -> Markup {
    scaled(forecast, now, most(forecast, now))
}

/// Returns how many messages the month with the most has.
pub(super) fn most(forecast: &Forecast, now: u64) -> u64 {
    bars(forecast, now).iter().map(Bar::all).max().unwrap_or(0)
}

/// Renders the same with bars that can be compared with those of another picture of this scale.
pub(super) fn scaled(forecast: &Forecast, now: u64, most: u64) -> Markup {
    let bars = bars(forecast, now);
    if bars.iter().all(|it| it.all() == 0) {
        return html! {};
    }
    let covered = Covered::of(forecast);
    html! {
        figure.months {
            figcaption {
                "Encrypted messages per month. "
                span.key { (swatch(covered.class())) (covered.words()) }
                " "
                span.key { (swatch(RISK)) "would be lost" }
            }
            (plot::plot(&bars, most.max(1), covered, &description(&bars)))
            details {
                summary { "The same in numbers" }
                (numbers(&bars, covered))
            }
        }
    }
}

fn swatch(class: &str) -> Markup {
    html! {
        svg.swatch width="14" height="14" aria-hidden="true" focusable="false" {
            rect class=(class) width="14" height="14" {}
            @if class == RISK { rect fill=(icon::HATCH) width="14" height="14" {} }
        }
    }
}

/// What somebody is told who cannot see the picture.
fn description(bars: &[Bar]) -> String {
    let (first, last) = (bars.first(), bars.last());
    let span = first
        .zip(last)
        .map(|(first, last)| format!("from {} to {}", first.name, last.name));
    let losing: Vec<&Bar> = bars.iter().filter(|it| it.at_risk > 0).collect();
    let lost = match losing.len() {
        0 => "None would be lost.".to_owned(),
        1..=NAMED => {
            let named: Vec<String> = losing
                .iter()
                .map(|it| format!("{} in {}", grouped(it.at_risk), it.name))
                .collect();
            format!("Would be lost: {}.", named.join(", "))
        }
        many => format!("In {many} of {} months some would be lost.", bars.len()),
    };
    format!(
        "Stacked bars of encrypted messages per month, {}. {lost}",
        span.unwrap_or_default()
    )
}

fn numbers(bars: &[Bar], covered: Covered) -> Markup {
    let there = bars.iter().filter(|it| it.all() > 0);
    let rows: Vec<Vec<Markup>> = there
        .map(|it| {
            vec![
                html! { (it.name) },
                html! { (grouped(it.covered)) },
                html! { (grouped(it.at_risk)) },
            ]
        })
        .collect();
    let heading = match covered {
        Covered::Readable => "Stay readable",
        Covered::Untested | Covered::Closed => "Covered",
    };
    blocks::table(
        "Encrypted messages per month",
        &["Month", heading, "Would be lost"],
        &rows,
    )
}
