//! What would be lost, room by room.

use lifeboat_report::{
    Forecast, Report,
    forecast::{EventCounts, RoomForecast},
    grouped,
};

use crate::ui::{
    clean::{clean, clean_id},
    page::Page,
    style::Tone,
    table::Table,
    time,
};

/// As many rooms are named; the rest are counted.
pub(crate) const ROOMS: usize = 12;

/// Adds it, if messages were looked at.
pub(super) fn show(page: &mut Page, report: &Report) {
    let Some(forecast) = &report.forecast else { return };
    page.heading("Your messages");
    for sentence in sentences(forecast) {
        page.aside(1, &sentence, Tone::Plain);
    }
    let losing = losing(forecast);
    if !losing.is_empty() {
        page.gap();
        page.table(&rooms(&losing));
    }
}

/// Says what was found of the messages, what was left out, and what was tested.
pub(crate) fn sentences(forecast: &Forecast) -> Vec<String> {
    let partial = (!forecast.complete).then(|| partial(forecast));
    let all = [
        Some(sum(forecast)),
        not_counted(&forecast.events),
        tested(forecast),
        partial,
    ];
    all.into_iter().flatten().collect()
}

/// Returns the rooms that lose messages, those that lose most first.
pub(crate) fn losing(forecast: &Forecast) -> Vec<&RoomForecast> {
    forecast.rooms.iter().filter(|it| it.events.at_risk > 0).collect()
}

fn sum(forecast: &Forecast) -> String {
    let events = &forecast.events;
    let EventCounts {
        total,
        covered,
        readable,
        at_risk,
        ..
    } = events;
    if *total == 0 {
        return "There is no encrypted message that this account could read.".to_owned();
    }
    let (covered, total) = (grouped(*covered), messages(*total));
    let stay = match readable {
        Some(0) if events.covered > 0 => {
            return format!(
                "None of {total} stay readable: the key backup covers {covered}, but nothing you have opens it."
            );
        }
        Some(readable) => format!(
            "{} of {total} stay readable once every session is signed out",
            grouped(*readable)
        ),
        None => format!("{covered} of {total} are covered by the key backup; whether you can open it was not tested"),
    };
    if *at_risk == 0 {
        return format!("{stay}.");
    }
    let count = forecast.rooms.iter().filter(|it| it.events.at_risk > 0).count();
    let places = if count == 1 {
        "1 room".to_owned()
    } else {
        format!("{} rooms", grouped(count as u64))
    };
    let newest = forecast
        .newest_at_risk_at
        .map(|it| format!(", the newest from {}", time::day(it)))
        .unwrap_or_default();
    format!("{stay}; {} in {places} would be lost{newest}.", grouped(*at_risk))
}

/// Says which of them were decrypted as a test.
fn tested(forecast: &Forecast) -> Option<String> {
    let proof = forecast
        .event_proof
        .as_ref()
        .filter(|it| it.decrypted + it.failed > 0)?;
    let all = if proof.complete {
        "Each of them"
    } else {
        "A part of them"
    };
    let failed = match proof.failed {
        0 => String::new(),
        failed => format!(", and {} failed", grouped(failed)),
    };
    Some(format!(
        "{all} was decrypted as a test with nothing but what the key backup holds: {} worked{failed}.",
        grouped(proof.decrypted)
    ))
}

/// Messages that no way of resetting changes anything about.
fn not_counted(events: &EventCounts) -> Option<String> {
    let classes = [
        (
            events.never_yours,
            "from before you joined or never meant for this account",
        ),
        (events.redacted, "removed by their senders"),
        (events.unknown_algorithm, "in no form that clients can read"),
        (
            events.not_judged,
            "not judged, because the key backup could not be read to its end",
        ),
    ];
    let there: Vec<String> = classes
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", grouped(*count)))
        .collect();
    (!there.is_empty()).then(|| format!("Not counted: {}.", there.join("; ")))
}

fn partial(forecast: &Forecast) -> String {
    let scope = &forecast.scope;
    let mut why = Vec::new();
    if scope.stopped {
        why.push("you stopped the reading".to_owned());
    }
    why.extend(
        scope
            .since
            .map(|it| format!("only messages from {} on were looked at", time::day(it))),
    );
    if scope.chosen_rooms {
        why.push("only the rooms that you named were looked at".to_owned());
    }
    why.extend(
        scope
            .max_events
            .map(|it| format!("no more than {} were looked at", messages(it))),
    );
    why.extend(
        scope
            .listing_gap
            .map(|it| format!("the key backup was not read to its end: {}", it.words())),
    );
    let read = format!(
        "{} of {} rooms were read to their start",
        grouped(scope.rooms_complete),
        grouped(scope.rooms)
    );
    why.push(read);
    format!("This is not the whole picture: {}.", why.join("; "))
}

fn rooms(losing: &[&RoomForecast]) -> Table {
    let mut table = Table::new(["Room", "Lost", "Of", "Newest", "Cause"]);
    for room in losing.iter().take(ROOMS) {
        table.row(row(&room_name(room), &room.events, room.newest_at_risk_at));
    }
    if let Some((name, sum, newest)) = rest_of(losing) {
        table.row(row(&name, &sum, newest));
    }
    table
}

/// Sums up the rooms that are not named one by one, if there are any.
pub(crate) fn rest_of(losing: &[&RoomForecast]) -> Option<(String, EventCounts, Option<u64>)> {
    let rest = losing.get(ROOMS..).filter(|it| !it.is_empty())?;
    let mut sum = EventCounts::default();
    rest.iter().for_each(|it| sum.add(&it.events));
    let name = if rest.len() == 1 {
        "…1 more room".to_owned()
    } else {
        format!("…{} more rooms", rest.len())
    };
    Some((name, sum, rest.iter().filter_map(|it| it.newest_at_risk_at).max()))
}

/// Returns what the table says of a room.
pub(crate) fn row(name: &str, events: &EventCounts, newest: Option<u64>) -> [String; 5] {
    [
        name.to_owned(),
        grouped(events.at_risk),
        grouped(events.total),
        newest.map(time::day).unwrap_or_default(),
        events.main_cause().map(|it| it.words().to_owned()).unwrap_or_default(),
    ]
}

/// Returns a room's name, or its id where the name is not known.
pub(crate) fn room_name(room: &RoomForecast) -> String {
    let name = room.name.as_deref().map(|it| clean(it, 30)).filter(|it| !it.is_empty());
    let name = name.unwrap_or_else(|| clean_id(&room.room_id));
    if room.left { format!("{name} (left)") } else { name }
}

fn messages(count: u64) -> String {
    format!(
        "{} encrypted {}",
        grouped(count),
        if count == 1 { "message" } else { "messages" }
    )
}
