//! Before and after, side by side.

use lifeboat_report::{Comparison, Report, Trend};
use maud::{Markup, html};

use super::{blocks, icon, months, verdicts::tone};
use crate::ui::{
    comparison::{changes, lines},
    screen::verdicts::FATES,
    time,
};

/// Renders what changed.
pub(super) fn section(comparison: &Comparison<'_>) -> Markup {
    let months = |it: &Report| it.forecast.as_ref().map_or(0, |one| months::most(one, it.taken_at));
    let most = months(comparison.before).max(months(comparison.after));
    let content = html! {
        div.pair {
            (side("Before", comparison.before, most))
            (side("After", comparison.after, most))
        }
        (numbers(comparison))
        div.pair.found {
            @for (heading, sentences) in changes(comparison) {
                div {
                    h3 { (heading) }
                    ul.changes {
                        @for it in sentences { li { (it) } }
                    }
                }
            }
        }
    };
    blocks::section("changed", "What changed", &content)
}

fn side(heading: &str, report: &Report, most: u64) -> Markup {
    html! {
        div.side {
            h3 { (heading) " " small { (time::moment(report.taken_at)) } }
            @for (fate, when) in FATES {
                @let verdict = report.verdict.of(fate);
                p class={ "card " (tone(verdict)) } {
                    (when) " "
                    b.verdict { (icon::verdict(verdict)) (verdict.word()) }
                }
            }
            @if let Some(forecast) = &report.forecast {
                (months::scaled(forecast, report.taken_at, most))
            }
        }
    }
}

fn numbers(comparison: &Comparison<'_>) -> Markup {
    let rows: Vec<Vec<Markup>> = lines(comparison)
        .into_iter()
        .map(|line| {
            vec![
                html! { (line.what) },
                html! { (line.before) },
                html! { (line.after) },
                html! { span class={ "state " (direction(line.trend)) } { (line.trend.word()) } },
            ]
        })
        .collect();
    blocks::table(
        "Before and after in numbers",
        &["Compared", "Before", "After", "Direction"],
        &rows,
    )
}

fn direction(trend: Trend) -> &'static str {
    match trend {
        Trend::Better => "good",
        Trend::Worse => "bad",
        Trend::Same | Trend::Different => "",
    }
}
