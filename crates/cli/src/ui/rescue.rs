//! What a rescue has brought.

use std::path::PathBuf;

use lifeboat_preflight::{Checked, KeyAtRisk};
use lifeboat_report::{
    Fact, Report,
    facts::Session,
    grouped,
};
use lifeboat_rescue::{Comparison, Gathered, KeyFileContent};
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
            json!({"arrived": it.arrived, "missing": it.missing.len(), "not_seen": it.unseen,
                "sessions": sessions.collect::<Vec<_>>()})
        });
        json!({
            "account": self.account,
            "clear": self.is_clear(),
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
    let given = gathered
        .from
        .iter()
        .find(|(device, _)| device.as_str() == session.device_id);
    given.map_or(0, |(_, count)| *count)
}

/// Renders it for a terminal of `width` columns. `account` is how its command lines name the account.
pub(crate) fn render(rescued: &Result, account: &CommandLine, width: usize) -> String {
    let mut page = Page::new(width);
    page.paragraph(" ", &missing(&rescued.before));
    if let Some(uploaded) = &rescued.uploaded {
        page.paragraph(" ", &from_files(rescued, uploaded));
    }
    if let Some(gathered) = &rescued.gathered {
        page.paragraph(" ", &from_sessions(rescued, gathered));
        page.heading("Sessions");
        page.table(&table(rescued, gathered));
    }
    if !rescued.after.at_risk.is_empty() {
        page.heading("Still missing");
        page.table(&still_missing(&rescued.after.at_risk));
    }
    page.gap();
    let report = Report::of(rescued.account.clone(), time::now(), rescued.after.facts.clone())
        .with_forecast(rescued.after.forecast.clone());
    screen::verdicts(&mut page, &report);
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
    let asked = gathered.arrived + gathered.missing.len() as u64;
    let unseen = match gathered.unseen {
        0 => String::new(),
        count => format!(" {} belong to rooms that this account has forgotten.", grouped(count)),
    };
    let givers = sessions(&rescued.after).filter(|it| gave(gathered, it) > 0).count();
    match (gathered.arrived, givers) {
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

fn table(rescued: &Result, gathered: &Gathered) -> Table {
    let mut table = Table::new(["Name", "Id", "Last seen", "Gave", "Holds the backup key"]);
    let now = time::now();
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
    let mut rooms: Vec<(String, u64, u64, &'static str)> = Vec::new();
    for key in keys {
        let name = key
            .room_name
            .as_deref()
            .map_or_else(|| clean_id(key.room_id.as_str()), |it| clean(it, 40));
        match rooms
            .iter_mut()
            .find(|(there, _, _, cause)| *there == name && *cause == key.cause.words())
        {
            Some((_, count, messages, _)) => (*count, *messages) = (*count + 1, *messages + key.messages),
            None => rooms.push((name, 1, key.messages, key.cause.words())),
        }
    }
    rooms.sort_by_key(|(name, _, messages, _)| (std::cmp::Reverse(*messages), name.clone()));
    let rest = rooms.split_off(rooms.len().min(ROOMS));
    let mut table = Table::new(["Room", "Room keys", "Messages", "Cause"]);
    for (name, count, messages, cause) in rooms {
        table.row([name, grouped(count), grouped(messages), cause.to_owned()]);
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
