//! Status files of accounts that are like many, and of one whose every word is hostile.

use anyhow::Result;
use lifeboat_report::{
    Fact, Facts, Forecast, Generator, Report, StatusFile,
    facts::{BackupKeyAnswer, DefaultKey, DeviceKeys, OAuth, Secret, SecretName, Support, SupportContact},
    forecast::{AtRisk, EventCounts, RoomForecast},
    testing::{ACCOUNT, TAKEN_AT, healthy_facts, session},
};

const DAY: u64 = 86_400_000;

/// Four years of messages in fourteen rooms, some of which lose messages; six sessions, one of them not verified.
pub(super) fn ordinary() -> StatusFile {
    let mut facts = healthy_facts();
    if let Fact::Known(sessions) = &mut facts.sessions {
        let older = [
            ("DESKTOPAPP", Some("Element Desktop on Windows"), 1, DeviceKeys::Signed),
            ("TABLET2023", Some("Galaxy Tab"), 74, DeviceKeys::Unsigned),
            ("WORKLAPTOP", Some("Safari on macOS"), 210, DeviceKeys::Signed),
        ];
        sessions.extend(older.map(|(id, name, days, keys)| session(id, name, TAKEN_AT - days * DAY, keys)));
        sessions[1].backup_key = BackupKeyAnswer::Answered;
    }
    document(facts, Some(forecast(true)))
}

/// The same account, after its keys were rescued.
pub(super) fn ordinary_later() -> StatusFile {
    let mut later = document(healthy_facts(), Some(forecast(false)));
    later.taken_at += DAY;
    later
}

/// A status file in which every text that a server, another person or another app wrote is one of `evil`, in turn.
pub(super) fn hostile(evil: &[String]) -> StatusFile {
    let mut turn = evil.iter().cycle();
    let mut words = || turn.next().cloned().unwrap_or_default();
    let mut status = ordinary();
    status.generator = Generator {
        name: words(),
        version: words(),
    };
    let facts = &mut status.facts;
    facts.server.base_url = words();
    if let Fact::Known(software) = &mut facts.server.software {
        (software.name, software.version) = (words(), words());
    }
    facts.server.spec_versions = Fact::Known(vec![words()]);
    facts.server.oauth = Fact::Known(Some(OAuth {
        issuer: words(),
        account_management_uri: Some(words()),
        account_management_actions: Vec::new(),
    }));
    facts.server.support = Fact::Known(Some(Support {
        contacts: vec![SupportContact {
            role: words(),
            matrix_id: Some(words()),
            email_address: Some(words()),
        }],
        support_page: Some(words()),
    }));
    if let Fact::Known(sessions) = &mut facts.sessions {
        for session in sessions {
            (session.name, session.device_id) = (Some(words()), words());
        }
    }
    if let Fact::Known(storage) = &mut facts.storage {
        storage.default_key = DefaultKey::Named(words());
        storage.keys = std::mem::take(&mut storage.keys)
            .into_values()
            .map(|it| (words(), it))
            .collect();
        storage
            .secrets
            .insert(SecretName::UserSigning, Secret::StoredUnder(vec![words()]));
    }
    if let Fact::Known(Some(backup)) = &mut facts.backup.active {
        backup.version = words();
    }
    if let Some(forecast) = &mut status.forecast {
        forecast.months.insert(words(), EventCounts::default());
        for room in &mut forecast.rooms {
            (room.name, room.room_id) = (Some(words()), words());
        }
    }
    status
}

fn document(mut facts: Facts, forecast: Option<Forecast>) -> StatusFile {
    if let Some(forecast) = &forecast {
        facts.coverage = Fact::Known(forecast.coverage());
    }
    let generator = Generator {
        name: "lifeboat".to_owned(),
        version: "0.1.0".to_owned(),
    };
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts).with_forecast(forecast);
    StatusFile::of(&report, generator)
}

/// The rooms that lose messages, and how many.
const LOSING: [(&str, u64); 4] = [
    ("Hiking 2026", 1_102),
    ("Book club", 61),
    ("Family", 40),
    ("Old flat", 2),
];

/// The forecast with what is lost, or after it was saved.
fn forecast(losing: bool) -> Forecast {
    let counts = |covered, lost| {
        let (covered, lost) = if losing { (covered, lost) } else { (covered + lost, 0) };
        EventCounts {
            total: covered + lost,
            covered,
            readable: Some(covered),
            at_risk: lost,
            at_risk_by_cause: (lost > 0).then_some((AtRisk::NotInBackup, lost)).into_iter().collect(),
            ..EventCounts::default()
        }
    };
    let room = |number: usize, name: &str, events: EventCounts| RoomForecast {
        room_id: format!("!room{number}:example.org"),
        name: Some(name.to_owned()),
        newest_at_risk_at: (events.at_risk > 0).then_some(TAKEN_AT - 3 * DAY),
        events,
        complete: true,
        ..RoomForecast::default()
    };
    let mut rooms: Vec<RoomForecast> = LOSING
        .iter()
        .enumerate()
        .map(|(number, (name, lost))| room(number, name, counts(2_000 + 17 * lost, *lost)))
        .collect();
    let lost: u64 = LOSING.iter().map(|(_, lost)| lost).sum();
    rooms.extend((rooms.len()..14).map(|number| room(number, "A quiet room", counts(3_000, 0))));
    let mut events = EventCounts {
        readable: Some(0),
        never_yours: 12,
        redacted: 31,
        ..EventCounts::default()
    };
    rooms.iter().for_each(|it| events.add(&it.events));
    // Of four years, November 2026 being the last month; what is lost was written in the last five.
    let month = |number: u64| format!("{}-{:02}", 2022 + number.div_ceil(12), (number + 11) % 12 + 1);
    let share = |number: u64| match number {
        43..48 => lost / 5,
        _ => 0,
    };
    let months = (0..48).map(|number| (month(number), counts(500 + (number * 377) % 900, share(number))));
    Forecast {
        newest_event_at: Some(TAKEN_AT - DAY),
        newest_at_risk_at: rooms.iter().filter_map(|it| it.newest_at_risk_at).max(),
        events,
        months: months.collect(),
        rooms,
        complete: true,
        ..Forecast::default()
    }
}

/// Writes a status file for the program to read.
pub(super) fn write(folder: &std::path::Path, name: &str, status: &StatusFile) -> Result<String> {
    let path = folder.join(name);
    std::fs::write(&path, serde_json::to_string(status)?)?;
    Ok(path.display().to_string())
}
