//! The screen of a history proof: the answer, then every loss, then all rooms side by side.

#[cfg(test)]
mod tests;

use lifeboat_report::{
    HistoryProof, grouped,
    history::{IdentityStanding, Loss, RoomProof},
};

use super::{
    clean::{clean, clean_id},
    page::Page,
    style::Tone,
    table::Table,
    time,
};

/// As many rooms are named; the rest are counted.
const ROOMS: usize = 12;

/// Renders a proof for a terminal of `width` columns.
pub(crate) fn render(proof: &HistoryProof, width: usize) -> String {
    let mut page = Page::new(width);
    let whose = format!(
        "{}, as of {}, compared with the check of {}",
        clean_id(&proof.account),
        time::moment(proof.after_at),
        time::moment(proof.before_at)
    );
    page.paragraph(" ", &whose);
    page.gap();
    answer(&mut page, proof);
    if proof.lost > 0 {
        page.heading("What was lost");
        page.table(&losses(proof));
    }
    if !proof.rooms.is_empty() {
        page.heading("Readable messages, before and now");
        page.table(&rooms(proof));
    }
    page.finish()
}

fn answer(page: &mut Page, proof: &HistoryProof) {
    let (word, tone) = match (proof.lost, proof.identity) {
        (1.., _) => ("SOMETHING IS LOST", Tone::Bad),
        (0, IdentityStanding::Changed) => ("YOUR IDENTITY CHANGED", Tone::Bad),
        (0, _) if proof.holds() => ("EVERYTHING IS THERE", Tone::Good),
        (0, _) => ("NOT PROVEN", Tone::Weak),
    };
    page.line(&format!(" {}", tone.paint(word)));
    let (before, lost) = (proof.before().readable, proof.lost);
    let sum = match (before, lost) {
        (0, _) => "No message could be read before, so none can be missed.".to_owned(),
        (_, 0) if proof.complete => format!(
            "{} of {} that were readable before are readable now.",
            grouped(before),
            messages(before)
        ),
        (_, 0) => format!(
            "Of {} that were readable before, none was found unreadable, but not all were looked at.",
            messages(before)
        ),
        _ => format!(
            "{} of {} that were readable before cannot be read any more.",
            grouped(lost),
            messages(before)
        ),
    };
    page.aside(1, &sum, Tone::Plain);
    if proof.complete && proof.after().readable > before {
        let more = proof.after().readable - before;
        page.aside(
            1,
            &format!("Besides, {} more can be read than was expected.", grouped(more)),
            Tone::Plain,
        );
    }
    let identity = match proof.identity {
        IdentityStanding::Same => "Your identity is unchanged.",
        IdentityStanding::Changed => {
            "Your identity is another one than before: people who had verified you will be warned."
        }
        IdentityStanding::Unknown => "Whether your identity is the same is not known.",
    };
    page.aside(1, identity, Tone::Plain);
    for room in proof.rooms.iter().filter(|it| !it.after.complete).take(ROOMS) {
        let why = room.after.gap.map_or("it was not read to its end", |gap| gap.words());
        page.aside(
            1,
            &format!("{} was not looked at completely: {why}.", name(room)),
            Tone::Plain,
        );
    }
    if !proof.forecast_complete {
        let partial = "The earlier check had not looked at everything; what it left out is not part of this proof.";
        page.aside(1, partial, Tone::Plain);
    }
}

fn losses(proof: &HistoryProof) -> Table {
    let mut table = Table::new(["Room", "Lost", "Of", "Newest", "Cause"]);
    let all: Vec<Loss<'_>> = proof.losses().collect();
    for loss in all.iter().take(ROOMS) {
        let cause = loss.cause.map_or("not on the server any more", |it| it.words());
        table.row([
            name(loss.room),
            grouped(loss.lost),
            grouped(loss.room.before.readable),
            loss.room.after.newest_unreadable_at.map(time::day).unwrap_or_default(),
            cause.to_owned(),
        ]);
    }
    if let rest @ [_, ..] = &all[all.len().min(ROOMS)..] {
        let sum = |number: fn(&Loss<'_>) -> u64| grouped(rest.iter().map(number).sum());
        table.row([
            more_rooms(rest.len()),
            sum(|it| it.lost),
            sum(|it| it.room.before.readable),
            String::new(),
            String::new(),
        ]);
    }
    table
}

fn rooms(proof: &HistoryProof) -> Table {
    let mut table = Table::new(["Room", "Before", "Now", "Of"]);
    let row = |name: String, rooms: &[&RoomProof]| {
        let sum = |number: fn(&RoomProof) -> u64| grouped(rooms.iter().map(|it| number(it)).sum());
        [
            name,
            sum(|it| it.before.readable),
            sum(|it| it.after.readable),
            sum(|it| it.before.total),
        ]
    };
    let all: Vec<&RoomProof> = proof.rooms.iter().filter(|it| it.before.total > 0).collect();
    for room in all.iter().take(ROOMS) {
        table.row(row(name(room), &[room]));
    }
    let rest = &all[all.len().min(ROOMS)..];
    if !rest.is_empty() {
        table.row(row(more_rooms(rest.len()), rest));
    }
    if all.len() > 1 {
        table.row(row("All".to_owned(), &all));
    }
    table
}

fn more_rooms(count: usize) -> String {
    match count {
        1 => "…1 more room".to_owned(),
        count => format!("…{count} more rooms"),
    }
}

fn name(room: &RoomProof) -> String {
    let name = room.name.as_deref().map(|it| clean(it, 30)).filter(|it| !it.is_empty());
    name.unwrap_or_else(|| clean_id(&room.room_id))
}

fn messages(count: u64) -> String {
    format!("{} {}", grouped(count), if count == 1 { "message" } else { "messages" })
}
