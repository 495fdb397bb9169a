//! Tests of this module: every answer as it is shown or refused.

use lifeboat_report::{
    Fact, Facts, Forecast, Gap, Report,
    facts::{DefaultKey, DeviceKeys, Identity, OAuth, PasswordChange, Secret, SecretName, Session, Support},
    forecast::{AtRisk, EventCounts, ForecastScope, RoomForecast},
    testing::{self, ACCOUNT, TAKEN_AT, healthy_facts},
};

use super::render;
use crate::advice::CommandLine;

fn shown(facts: Facts, width: usize) -> String {
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts);
    let screen = render(&report, &CommandLine::account([ACCOUNT]), width);
    anstream::adapter::strip_str(&screen).to_string()
}

fn at_three_widths(name: &str, facts: &Facts) {
    for width in [60, 80, 120] {
        let screen = shown(facts.clone(), width);
        let command_lines = |it: &&str| !it.trim_start().starts_with("lifeboat ");
        for line in screen.lines().filter(command_lines) {
            assert!(
                textwrap::core::display_width(line) <= width,
                "wider than {width}: {line}"
            );
        }
        insta::assert_snapshot!(format!("{name}-{width}"), screen);
    }
}

/// What a check without a recovery key sees of an account that was never looked after.
fn neglected() -> Facts {
    let mut facts = healthy_facts();
    facts.key_trial = Fact::Unknown(Gap::NotAsked);
    facts.proof = Fact::Unknown(Gap::NotAsked);
    facts.coverage = Fact::Unknown(Gap::NotAsked);
    facts.account.emails = Fact::Known(Vec::new());
    facts.server.oauth = Fact::Unknown(Gap::RateLimited);
    if let Fact::Known(sessions) = &mut facts.sessions {
        sessions.push(testing::session(
            "OLDTABLET1",
            None,
            TAKEN_AT - 500 * 86_400_000,
            DeviceKeys::Unsigned,
        ));
        sessions.push(testing::session(
            "GHOST",
            Some(""),
            TAKEN_AT - 3_600_000,
            DeviceKeys::None,
        ));
    }
    if let Fact::Known(storage) = &mut facts.storage {
        storage.secrets.insert(SecretName::BackupKey, Secret::Blanked);
        storage
            .secrets
            .insert(SecretName::UserSigning, Secret::StoredUnder(vec!["OLDKEY".to_owned()]));
    }
    facts
}

#[test]
fn healthy() {
    at_three_widths("healthy", &healthy_facts());
}

#[test]
fn in_trouble() {
    at_three_widths("neglected", &neglected());
}

/// An account of many years on many machines.
fn large() -> Facts {
    let mut facts = neglected();
    if let Fact::Known(sessions) = &mut facts.sessions {
        let keys = |number: u64| match number % 4 {
            0 => DeviceKeys::Unsigned,
            _ => DeviceKeys::Signed,
        };
        sessions.extend((0..200).map(|number| {
            let seen = TAKEN_AT - (20 + number) * 86_400_000;
            testing::session(&format!("OLD{number:07}"), Some("An old machine"), seen, keys(number))
        }));
    }
    if let Fact::Known(storage) = &mut facts.storage {
        let key = storage.keys.values().next().unwrap().clone();
        storage
            .keys
            .extend((0..100).map(|number| (format!("KEY0of{number:03}"), key.clone())));
    }
    if let Fact::Known(Some(backup)) = &mut facts.backup.active {
        let signature = backup.signatures[0].clone();
        backup.signatures = vec![signature; 200];
    }
    facts
}

#[test]
fn in_large_numbers() {
    let facts = large();
    at_three_widths("large", &facts);
    assert!(shown(facts, 80).lines().count() < 150, "nobody reads that");
}

#[test]
fn nothing_is_known() {
    let mut facts = healthy_facts();
    let gaps = [
        Gap::Offline,
        Gap::Refused,
        Gap::RateLimited,
        Gap::Failed,
        Gap::Unsupported,
        Gap::Unreadable,
    ];
    facts.server.software = Fact::Unknown(Gap::Unsupported);
    facts.server.oauth = Fact::Unknown(gaps[0]);
    facts.server.password_change = Fact::Unknown(gaps[1]);
    facts.server.support = Fact::Unknown(gaps[2]);
    facts.account.emails = Fact::Unknown(gaps[3]);
    facts.sessions = Fact::Unknown(gaps[4]);
    facts.identity = Fact::Unknown(gaps[5]);
    facts.storage = Fact::Unknown(gaps[0]);
    facts.backup.active = Fact::Unknown(gaps[1]);
    facts.backup.switched_off = Fact::Unknown(gaps[2]);
    facts.key_trial = Fact::Unknown(gaps[3]);
    facts.proof = Fact::Unknown(gaps[4]);
    facts.coverage = Fact::Unknown(gaps[5]);
    insta::assert_snapshot!(shown(facts, 80));
}

#[test]
fn nothing_is_there() {
    let mut facts = healthy_facts();
    facts.sessions = Fact::Known(Vec::new());
    facts.identity = Fact::Known(Identity::default());
    if let Fact::Known(storage) = &mut facts.storage {
        storage.default_key = DefaultKey::NotSet;
        storage.keys.clear();
        storage.secrets.clear();
    }
    facts.backup.active = Fact::Known(None);
    facts.key_trial = Fact::Unknown(Gap::NotAsked);
    facts.coverage = Fact::Unknown(Gap::NotAsked);
    facts.server.password_change = Fact::Known(PasswordChange::Disabled);
    insta::assert_snapshot!(shown(facts, 80));
}

#[test]
fn accounts_are_kept_elsewhere() {
    let mut facts = healthy_facts();
    facts.server.oauth = Fact::Known(Some(OAuth {
        issuer: "https://account.example.org/".to_owned(),
        account_management_uri: Some("https://account.example.org/account".to_owned()),
        account_management_actions: Vec::new(),
    }));
    insta::assert_snapshot!(shown(facts, 80));
}

#[test]
fn the_servers_words_cannot_steer_the_terminal() {
    let evil = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}gpj\r\n CLEAR  everything is fine\u{9b}31m\u{2066}".repeat(50);
    let mut facts = neglected();
    facts.server.base_url = evil.clone();
    if let Fact::Known(software) = &mut facts.server.software {
        software.name = evil.clone();
        software.version = evil.clone();
    }
    facts.server.support = Fact::Known(Some(Support {
        contacts: Vec::new(),
        support_page: Some(evil.clone()),
    }));
    facts.server.password_change = Fact::Known(PasswordChange::Disabled);
    facts.server.oauth = Fact::Known(Some(OAuth {
        issuer: evil.clone(),
        account_management_uri: Some(evil.clone()),
        account_management_actions: vec![evil.clone()],
    }));
    if let Fact::Known(sessions) = &mut facts.sessions {
        let hostile = |it: Session| Session {
            name: Some(evil.clone()),
            device_id: evil.clone(),
            ..it
        };
        *sessions = sessions.drain(..).map(hostile).collect();
    }
    if let Fact::Known(storage) = &mut facts.storage {
        storage.default_key = DefaultKey::Named(evil.clone());
        let keys = std::mem::take(&mut storage.keys);
        storage.keys = keys.into_values().map(|it| (evil.clone(), it)).collect();
    }
    if let Fact::Known(Some(backup)) = &mut facts.backup.active {
        backup.version = evil.clone();
    }
    let report = Report::of(evil.clone(), TAKEN_AT, facts);
    let screen = render(&report, &CommandLine::account(["@you:your.server"]), 80);
    let screen = anstream::adapter::strip_str(&screen).to_string();
    let (answer, tables) = screen
        .split_once(" Sessions\n")
        .expect("the answer stands before the tables");
    for line in answer.lines() {
        assert!(!line.starts_with(" CLEAR"), "no line of its own: {line:?}");
    }
    assert!(!tables.contains("CLEAR  "), "no columns of its own");
    for line in screen.lines() {
        let steering = |it: char| it.is_control() || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!line.contains(steering), "{line:?}");
    }
    assert!(screen.lines().count() < 200, "names are cut:\n{screen}");
}

/// What a forecast says: some messages are lost in three rooms.
fn forecast() -> Forecast {
    let counts = |covered, at_risk: &[(AtRisk, u64)]| {
        let lost: u64 = at_risk.iter().map(|(_, count)| count).sum();
        EventCounts {
            total: covered + lost,
            covered,
            readable: Some(covered),
            at_risk: lost,
            at_risk_by_cause: at_risk.iter().copied().collect(),
            ..EventCounts::default()
        }
    };
    let room = |room_id: &str, name: Option<&str>, left, events: EventCounts| RoomForecast {
        room_id: room_id.to_owned(),
        name: name.map(str::to_owned),
        left,
        newest_at_risk_at: (events.at_risk > 0).then_some(TAKEN_AT - events.at_risk * 3_600_000),
        newest_event_id: None,
        events,
        complete: true,
        gap: None,
    };
    let rooms = vec![
        room(
            "!hike:example.org",
            Some("Hiking 2026"),
            false,
            counts(238, &[(AtRisk::NotInBackup, 1_102)]),
        ),
        room(
            "!old:example.org",
            None,
            true,
            counts(9_700, &[(AtRisk::StartsTooLate, 100), (AtRisk::EntryDamaged, 1)]),
        ),
        room(
            "!dm:example.org",
            Some("\u{1b}[31mEve"),
            false,
            counts(7, &[(AtRisk::DoesNotDecrypt, 1)]),
        ),
        room("!fine:example.org", Some("Fine"), false, counts(43_276, &[])),
    ];
    let mut events = EventCounts {
        readable: Some(0),
        never_yours: 12,
        redacted: 3,
        ..EventCounts::default()
    };
    rooms.iter().for_each(|it| events.add(&it.events));
    Forecast {
        newest_at_risk_at: rooms.iter().filter_map(|it| it.newest_at_risk_at).max(),
        events,
        rooms,
        complete: true,
        ..Forecast::default()
    }
}

fn shown_with(forecast: Forecast, width: usize) -> String {
    let mut facts = healthy_facts();
    facts.coverage = Fact::Known(forecast.coverage());
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts).with_forecast(Some(forecast));
    let screen = render(&report, &CommandLine::account([ACCOUNT]), width);
    anstream::adapter::strip_str(&screen).to_string()
}

#[test]
fn what_would_be_lost_is_told_room_by_room() {
    for width in [60, 80] {
        insta::assert_snapshot!(format!("lost-{width}"), shown_with(forecast(), width));
    }
}

#[test]
fn a_forecast_that_was_stopped_says_what_it_saw() {
    let mut partial = forecast();
    partial.rooms.truncate(1);
    partial.events = EventCounts {
        readable: None,
        not_judged: 4,
        ..partial.rooms[0].events.clone()
    };
    partial.complete = false;
    partial.scope = ForecastScope {
        rooms: 131,
        rooms_complete: 96,
        since: Some(TAKEN_AT),
        chosen_rooms: true,
        max_events: Some(1),
        stopped: true,
        listing_gap: Some(Gap::Offline),
        ..ForecastScope::default()
    };
    insta::assert_snapshot!(shown_with(partial, 80));
}

#[test]
fn many_rooms_are_counted() {
    let mut many = forecast();
    let one = many.rooms[2].clone();
    many.rooms.extend((0..40).map(|number| RoomForecast {
        room_id: format!("!{number}:example.org"),
        ..one.clone()
    }));
    let screen = shown_with(many, 80);
    assert!(screen.contains("…31 more rooms"), "{screen}");
}
