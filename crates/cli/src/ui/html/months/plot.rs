//! Draws the bars.
//!
//! Widths are shares of whatever width there is and heights are pixels, so that letters and patterns keep their shape
//! on a telephone and on paper.

use lifeboat_report::grouped;
use maud::{Markup, html};

use super::{super::icon, Bar, Covered};

/// Above the highest bar, for its number.
const HEAD: f64 = 18.0;
/// The highest bar.
const HEIGHT: f64 = 116.0;
/// Below the bars, for the years.
const FOOT: f64 = 20.0;
/// A month in which a single message would be lost is seen all the same.
const LEAST: f64 = 3.0;
/// As many words fit below the bars of a telephone.
const TICKS: usize = 5;

/// Renders the bars; one of `most` messages is as high as there is room.
pub(super) fn plot(bars: &[Bar], most: u64, covered: Covered, description: &str) -> Markup {
    let step = 100.0 / share(bars.len() as u64);
    let base = HEAD + HEIGHT;
    html! {
        svg.plot width="100%" height=(HEAD + HEIGHT + FOOT) role="img" aria-label=(description) {
            line.grid x1="0" x2="100%" y1=(HEAD) y2=(HEAD) {}
            line.grid x1="0" x2="100%" y1=(HEAD + HEIGHT / 2.0) y2=(HEAD + HEIGHT / 2.0) {}
            text.most x="0" y=(HEAD - 5.0) { (grouped(most)) }
            @for (number, bar) in bars.iter().enumerate() {
                (stack(bar, share(number as u64) * step, step, most, covered))
            }
            line.axis x1="0" x2="100%" y1=(base) y2=(base) {}
            @for (number, word) in ticks(bars) {
                @let at = share(number as u64) * step;
                line.axis x1=(percent(at)) x2=(percent(at)) y1=(base) y2=(base + 4.0) {}
                text x=(percent(at)) y=(base + 16.0) text-anchor=(anchor(at)) { (word) }
            }
        }
    }
}

fn stack(bar: &Bar, at: f64, step: f64, most: u64, covered: Covered) -> Markup {
    let height = |count: u64| share(count) / share(most) * HEIGHT;
    let risk = if bar.at_risk > 0 {
        height(bar.at_risk).max(LEAST)
    } else {
        0.0
    };
    // The whole stack keeps its height where a small risk is drawn larger than it is.
    let rest = (height(bar.all()) - risk).max(0.0);
    let (x, width) = (percent(at + step * 0.08), percent(step * 0.84));
    let base = HEAD + HEIGHT;
    html! {
        @if bar.all() > 0 {
            g {
                title {
                    (bar.name) ": " (grouped(bar.covered)) " " (covered.words()) ", " (grouped(bar.at_risk))
                    " would be lost"
                }
                @if bar.covered > 0 {
                    rect class=(covered.class()) x=(x) y=(pixels(base - rest)) width=(width) height=(pixels(rest)) {}
                }
                @if bar.at_risk > 0 {
                    rect.risk x=(x) y=(pixels(base - rest - risk)) width=(width) height=(pixels(risk)) {}
                    rect fill=(icon::HATCH) x=(x) y=(pixels(base - rest - risk)) width=(width)
                        height=(pixels(risk)) {}
                }
            }
        }
    }
}

/// The words below the bars, each with the number of its bar: years where there are several, months otherwise.
fn ticks(bars: &[Bar]) -> Vec<(usize, String)> {
    let years: Vec<(usize, String)> = bars
        .iter()
        .enumerate()
        .filter_map(|(number, it)| Some((number, it.year?.to_string())))
        .collect();
    let all = if years.len() > 2 {
        years
    } else {
        bars.iter().map(|it| it.name.clone()).enumerate().collect()
    };
    let every = all.len().div_ceil(TICKS).max(1);
    all.into_iter().step_by(every).collect()
}

/// Words at the edges stay inside the picture.
fn anchor(at: f64) -> &'static str {
    match at {
        ..12.0 => "start",
        88.0.. => "end",
        _ => "middle",
    }
}

/// Numbers of messages are far below the number from which on a float is not exact.
fn share(number: u64) -> f64 {
    number as f64
}

fn percent(number: f64) -> String {
    format!("{number:.3}%")
}

fn pixels(number: f64) -> String {
    format!("{number:.1}")
}
