//! What a rescue has brought.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::PathBuf};

use lifeboat_preflight::{Checked, KeyAtRisk};
use lifeboat_report::{Fact, Report, facts::Session, grouped};
use lifeboat_rescue::{Arrival, Comparison, Gathered, KeyFileContent};
use serde_json::{Value, json};

use super::{
    clean::{clean, clean_id},
    page::Page,
    screen,
    style::Tone,
    table::Table,
    time,
};
use crate::{advice::CommandLine, key_files::Opened};

/// As many rooms are named; the rest are counted.
const ROOMS: usize = 12;

/// What a rescue has brought, so far.
#[derive(Debug)]
pub(crate) struct Result {
    account: String,
    /// What was found first.
    pub(crate) before: Checked,
    /// What was found last.
    pub(crate) after: Checked,
    /// Where the ark is.
    pub(crate) ark: Option<PathBuf>,
    files: Vec<(PathBuf, KeyFileContent)>,
    /// What the key files were worth.
    pub(crate) uploaded: Option<Comparison>,
    /// What sessions gave.
    pub(crate) gathered: Option<Gathered>,
}

impl Result {
    /// Begins with what was found first.
    pub(crate) fn begin(account: String, before: Checked, files: &Opened) -> Self {
        Self {
            account,
            after: before.clone(),
            before,
            ark: None,
            files: files.files.clone(),
            uploaded: None,
            gathered: None,
        }
    }

    /// Tells whether nothing is at risk any more, and everything was looked at.
    pub(crate) fn is_clear(&self) -> bool {
        let complete = self.after.forecast.as_ref().is_some_and(|it| it.complete);
        complete && messages(&self.after) == 0
    }

    /// Judges, as of `now`, what was found last.
    pub(crate) fn report(&self, now: u64) -> Report {
        Report::of(self.account.clone(), now, self.after.facts.clone()).with_forecast(self.after.forecast.clone())
    }

    /// Returns it for programs.
    pub(crate) fn document(&self) -> Value {
        let at_risk = |checked: &Checked| json!({"messages": messages(checked), "room_keys": checked.at_risk.len()});
        let files = self
            .files
            .iter()
            .map(|(file, content)| json!({"file": file.display().to_string(), "room_keys": content.keys, "odd": content.odd}));
        let uploaded = self.uploaded.map(|it| {
            json!({"new": it.new, "better": it.better, "instead_of_damaged": it.instead_of_damaged,
                "already_there": it.already_there})
        });
        let gathered = self.gathered.as_ref().map(|it| {
            let sessions = sessions(&self.after).map(|session| {
                json!({"device_id": session.device_id, "name": session.name, "last_seen_at": session.last_seen_at,
                    "gave": gave(it, session), "backup_key": session.backup_key})
            });
            let arrivals = it.arrived.iter().map(|arrival| {
                json!({"room_id": arrival.key.room_id, "session_id": arrival.key.session_id, "from": arrival.from})
            });
            json!({"arrived": it.arrived.len(), "missing": it.missing.len(), "not_seen": it.unseen,
                "sessions": sessions.collect::<Vec<_>>(), "arrivals": arrivals.collect::<Vec<_>>()})
        });
        json!({
            "account": self.account,
            "clear": self.is_clear(),
            "ark": self.ark.as_ref().map(|it| it.display().to_string()),
            "at_risk_before": at_risk(&self.before),
            "at_risk_after": at_risk(&self.after),
            "key_files": files.collect::<Vec<_>>(),
            "uploaded_from_key_files": uploaded,
            "gathered_from_sessions": gathered,
            "still_missing": self.after.at_risk.iter().map(key).collect::<Vec<_>>(),
        })
    }
}

fn key(key: &KeyAtRisk) -> Value {
    json!({"room_id": key.room_id, "session_id": key.session_id, "first_index": key.first_index,
        "messages": key.messages, "cause": key.cause})
}

fn messages(checked: &Checked) -> u64 {
    checked.forecast.as_ref().map_or(0, |it| it.events.at_risk)
}

/// The other sessions, the one last seen first.
fn sessions(checked: &Checked) -> impl Iterator<Item = &Session> {
    let mut all: Vec<&Session> = match &checked.facts.sessions {
        Fact::Known(all) => all.iter().filter(|it| it.may_hold_room_keys()).collect(),
        Fact::Unknown(_) => Vec::new(),
    };
    all.sort_by_key(|it| (std::cmp::Reverse(it.last_seen_at), it.device_id.as_str()));
    all.into_iter()
}

fn gave(gathered: &Gathered, session: &Session) -> u64 {
    let from = gathered.from();
    let given = from.iter().find(|(device, _)| device.as_str() == session.device_id);
    given.map_or(0, |(_, count)| *count)
}

/// Renders it, as of `now`, for a terminal of `width` columns. `account` is how its command lines name the account.
pub(crate) fn render(rescued: &Result, account: &CommandLine, now: u64, width: usize) -> String {
    let mut page = Page::new(width);
    page.paragraph(" ", &missing(&rescued.before));
    if let Some(uploaded) = &rescued.uploaded {
        page.paragraph(" ", &from_files(rescued, uploaded));
    }
    if let Some(gathered) = &rescued.gathered {
        page.paragraph(" ", &from_sessions(rescued, gathered));
        page.heading("Sessions");
        page.table(&table(rescued, gathered, now));
        if !gathered.arrived.is_empty() {
            page.heading("What arrived");
            page.table(&arrived(rescued, &gathered.arrived));
        }
    }
    if !rescued.after.at_risk.is_empty() {
        page.heading("Still missing");
        page.table(&still_missing(&rescued.after.at_risk));
    }
    page.gap();
    if let Some(ark) = &rescued.ark {
        page.paragraph(" ", &format!("The account as it was before is in {}.", ark.display()));
    }
    screen::verdicts::show(&mut page, &rescued.report(now));
    page.gap();
    page.paragraph(" ", "To see everything again:");
    page.command(3, &account.command("check", []).to_string());
    page.finish()
}

fn missing(before: &Checked) -> String {
    match (messages(before), before.at_risk.len() as u64) {
        (0, _) => "The key backup holds the room key of every message that was looked at.".to_owned(),
        (1, _) => "The key backup lacked 1 room key, for 1 message.".to_owned(),
        (messages, keys) => format!(
            "The key backup lacked {}, for {} messages.",
            room_keys(keys),
            grouped(messages)
        ),
    }
}

fn from_files(rescued: &Result, uploaded: &Comparison) -> String {
    let odd: u64 = rescued.files.iter().map(|(_, content)| content.odd).sum();
    let held: u64 = rescued.files.iter().map(|(_, content)| content.keys).sum();
    let odd = match odd {
        0 => String::new(),
        odd => format!(" {} of their entries are no room keys.", grouped(odd)),
    };
    format!(
        "The key files hold {}: {} new, {} better than those in the backup, {} in place of damaged ones, {} already \
         there.{odd}",
        room_keys(held),
        grouped(uploaded.new),
        grouped(uploaded.better),
        grouped(uploaded.instead_of_damaged),
        grouped(uploaded.already_there)
    )
}

fn from_sessions(rescued: &Result, gathered: &Gathered) -> String {
    let arrived = gathered.arrived.len() as u64;
    let asked = arrived + gathered.missing.len() as u64;
    let unseen = match gathered.unseen {
        0 => String::new(),
        1 => " 1 belongs to a room that this account has forgotten.".to_owned(),
        count => format!(" {} belong to rooms that this account has forgotten.", grouped(count)),
    };
    let givers = sessions(&rescued.after).filter(|it| gave(gathered, it) > 0).count();
    match (arrived, givers) {
        (0, _) if asked == 1 => format!("No session gave the room key that was asked for.{unseen}"),
        (0, _) => format!(
            "No session gave any of the {} that were asked for.{unseen}",
            room_keys(asked)
        ),
        (arrived, givers) => format!(
            "{} of {} arrived, from {}, and are in the key backup now.{unseen}",
            grouped(arrived),
            room_keys(asked),
            if givers == 1 {
                "one session".to_owned()
            } else {
                format!("{givers} sessions")
            }
        ),
    }
}

fn room_keys(count: u64) -> String {
    format!("{} room key{}", grouped(count), if count == 1 { "" } else { "s" })
}

fn table(rescued: &Result, gathered: &Gathered, now: u64) -> Table {
    let mut table = Table::new(["Name", "Id", "Last seen", "Gave", "Holds the backup key"]);
    for session in sessions(&rescued.after) {
        table.row([
            clean(session.name.as_deref().unwrap_or("(no name)"), 40),
            clean_id(&session.device_id),
            session
                .last_seen_at
                .map_or_else(|| "not known".to_owned(), |at| time::ago(at, now)),
            grouped(gave(gathered, session)),
            screen::holds_backup_key(session).to_owned(),
        ]);
    }
    table
}

fn still_missing(keys: &[KeyAtRisk]) -> Table {
    by_room("Cause", keys.iter().map(|it| (it, it.cause.words().to_owned())))
}

/// Which room keys came, and from whom.
fn arrived(rescued: &Result, arrivals: &[Arrival]) -> Table {
    let giver = |it: &Arrival| {
        let device = it.from.as_ref()?.as_str();
        let session = sessions(&rescued.after).find(|it| it.device_id == device);
        let name = session.and_then(|it| it.name.as_deref()).map(|it| clean(it, 40));
        Some(name.unwrap_or_else(|| clean_id(device)))
    };
    let each = arrivals
        .iter()
        .map(|it| (&it.key, giver(it).unwrap_or_else(|| "not known".to_owned())));
    by_room("From", each)
}

/// Counts room keys and messages by room and by what `last` says.
fn by_room<'a>(last: &str, keys: impl Iterator<Item = (&'a KeyAtRisk, String)>) -> Table {
    let mut counts: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    for (key, word) in keys {
        let name = key
            .room_name
            .as_deref()
            .map_or_else(|| clean_id(key.room_id.as_str()), |it| clean(it, 40));
        let count = counts.entry((name, word)).or_default();
        *count = (count.0 + 1, count.1 + key.messages);
    }
    let mut rooms: Vec<_> = counts
        .into_iter()
        .map(|((name, word), (keys, messages))| (name, keys, messages, word))
        .collect();
    rooms.sort_by_key(|(.., messages, _)| std::cmp::Reverse(*messages));
    let rest = rooms.split_off(rooms.len().min(ROOMS));
    let mut table = Table::new(["Room", "Room keys", "Messages", last]);
    for (name, count, messages, word) in rooms {
        table.row([name, grouped(count), grouped(messages), word]);
    }
    if !rest.is_empty() {
        let (keys, messages) = rest.iter().fold((0, 0), |sum, it| (sum.0 + it.1, sum.1 + it.2));
        let more = format!("…{} more", grouped(rest.len() as u64));
        table.row([
            Tone::Faint.paint(&more),
            grouped(keys),
            grouped(messages),
            String::new(),
        ]);
    }
    table
}
