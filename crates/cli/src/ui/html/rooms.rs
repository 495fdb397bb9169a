//! The rooms that lose messages, as bars.

use lifeboat_report::{Forecast, forecast::EventCounts};
use maud::{Markup, html};

use super::{blocks, icon};
use crate::ui::screen::forecast::{ROOMS, losing, rest_of, room_name, row};

/// Renders them, those that lose most first; nothing where none does.
pub(super) fn table(forecast: &Forecast) -> Markup {
    let losing = losing(forecast);
    if losing.is_empty() {
        return html! {};
    }
    let rest = rest_of(&losing);
    let mut rooms: Vec<(String, &EventCounts, Option<u64>)> = losing
        .iter()
        .take(ROOMS)
        .map(|it| (room_name(it), &it.events, it.newest_at_risk_at))
        .collect();
    rooms.extend(
        rest.as_ref()
            .map(|(name, events, newest)| (name.clone(), events, *newest)),
    );
    let most = rooms.iter().map(|(_, events, _)| events.at_risk).max().unwrap_or(0);
    let rows: Vec<Vec<Markup>> = rooms
        .into_iter()
        .map(|(name, events, newest)| {
            let [name, lost, of, newest, cause] = row(&name, events, newest);
            vec![
                html! { bdi { (name) } },
                html! { div.lost { span { (lost) " of " (of) } (bar(events.at_risk, most)) } },
                html! { span.whole { (newest) } },
                html! { (cause) },
            ]
        })
        .collect();
    let headings = ["Room", "Lost", "Newest", "Cause"];
    html! {
        h3 { "Rooms that would lose messages" }
        (blocks::table("Rooms, those that would lose most first", &headings, &rows))
    }
}

/// A bar as long as the number of lost messages, compared with the room that loses most. It stands below the number.
fn bar(lost: u64, most: u64) -> Markup {
    let percent = (lost.saturating_mul(100)).div_ceil(most.max(1)).max(1);
    let width = format!("{percent}%");
    html! {
        svg.bar width="100%" height="10" aria-hidden="true" focusable="false" {
            rect.ground width="100%" height="10" {}
            rect.risk width=(width) height="10" {}
            rect fill=(icon::HATCH) width=(width) height="10" {}
        }
    }
}
