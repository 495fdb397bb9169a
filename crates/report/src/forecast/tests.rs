//! Checks the arithmetic of the forecast and what is readable of it.

use std::collections::BTreeMap;

use super::{AtRisk, EventCounts, Forecast, RoomForecast};
use crate::facts::{Secret, SecretName};
use crate::testing::healthy_facts;
use crate::{Fact, Facts, Gap};

fn counts(covered: u64, at_risk: u64) -> EventCounts {
    let mut counts = EventCounts::default();
    (0..covered).for_each(|_| counts.count_covered());
    (0..at_risk).for_each(|number| counts.count_at_risk(AtRisk::StartsTooLate, number as u32));
    counts
}

fn forecast() -> Forecast {
    let room = |id: &str, name: &str, events| RoomForecast {
        room_id: id.to_owned(),
        name: Some(name.to_owned()),
        newest_event_id: Some(format!("$newest-{name}")),
        events,
        complete: true,
        ..RoomForecast::default()
    };
    Forecast {
        events: counts(5, 3),
        rooms: vec![
            room("!a:example.org", "Hiking", counts(2, 3)),
            room("!b:example.org", "Work", counts(3, 0)),
        ],
        senders: BTreeMap::from([("@mira:example.org".to_owned(), counts(5, 3))]),
        months: BTreeMap::from([("2026-11".to_owned(), counts(5, 3))]),
        complete: true,
        ..Forecast::default()
    }
}

fn readable(spoil: impl FnOnce(&mut Facts)) -> Option<u64> {
    let mut facts = healthy_facts();
    spoil(&mut facts);
    let mut forecast = forecast();
    forecast.settle_readable(&facts);
    assert_eq!(
        forecast.rooms[1].events.readable.is_some(),
        forecast.events.readable.is_some()
    );
    forecast.coverage().readable
}

#[test]
fn total_is_what_is_covered_and_what_is_at_risk() {
    let counts = counts(5, 3);
    assert_eq!(
        (counts.total, counts.covered, counts.at_risk, counts.starts_late_by),
        (8, 5, 3, 2)
    );
    assert_eq!(counts.main_cause(), Some(AtRisk::StartsTooLate));
    let mut twice = counts.clone();
    twice.add(&counts);
    assert_eq!((twice.total, twice.covered, twice.at_risk), (16, 10, 6));
    assert_eq!(twice.at_risk_by_cause[&AtRisk::StartsTooLate], 6);
}

#[test]
fn readable_needs_a_tested_key_that_opens_the_backup() {
    assert_eq!(readable(|_| ()), Some(5));
    assert_eq!(readable(|facts| facts.key_trial = Fact::Unknown(Gap::NotAsked)), None);
    let blanked = |facts: &mut Facts| {
        facts.key_trial = Fact::Unknown(Gap::NotAsked);
        if let Fact::Known(storage) = &mut facts.storage {
            storage.secrets.insert(SecretName::BackupKey, Secret::Missing);
        }
    };
    assert_eq!(readable(blanked), Some(0));
    let nobodys_key = |facts: &mut Facts| {
        facts.key_trial = Fact::Unknown(Gap::NotAsked);
        if let Fact::Known(storage) = &mut facts.storage {
            storage.keys.clear();
        }
    };
    assert_eq!(readable(nobodys_key), Some(0));
    let no_backup = |facts: &mut Facts| facts.backup.active = Fact::Known(None);
    assert_eq!(readable(no_backup), Some(0));
    let opens_nothing = |facts: &mut Facts| {
        if let Fact::Known(trial) = &mut facts.key_trial {
            trial.candidates[0].backup.clear();
        }
    };
    assert_eq!(readable(opens_nothing), Some(0));
    let unknown_storage = |facts: &mut Facts| {
        facts.key_trial = Fact::Unknown(Gap::NotAsked);
        facts.storage = Fact::Unknown(Gap::Offline);
    };
    assert_eq!(readable(unknown_storage), None);
}

#[test]
fn what_is_rare_is_written_where_it_was_counted() {
    let written = |counts: &EventCounts| {
        let json = serde_json::to_value(counts).unwrap();
        (json.get("starts_late_by").is_some(), json.get("not_judged").is_some())
    };
    let mut counts = EventCounts::default();
    assert_eq!(written(&counts), (false, false));
    counts.starts_late_by = 1;
    assert_eq!(written(&counts), (true, false));
    counts.not_judged = 1;
    assert_eq!(written(&counts), (true, true));
}

#[test]
fn redaction_leaves_numbers_only() {
    let mut redacted = forecast();
    redacted.redact(&|text| format!("#{}", text.len()));
    let json = serde_json::to_string(&redacted).unwrap();
    assert!(
        !json.contains("example.org") && !json.contains("Hiking") && !json.contains("$newest"),
        "{json}"
    );
    assert_eq!(redacted.events, forecast().events);
    assert_eq!(redacted.rooms[0].newest_event_id.as_deref(), Some("#14"));
    assert_eq!(redacted.senders.keys().collect::<Vec<_>>(), ["#17"]);
}

#[test]
fn names_are_left_out_on_request_and_come_back_from_json() {
    let mut plain = forecast();
    let json = serde_json::to_string(&plain).unwrap();
    assert_eq!(serde_json::from_str::<Forecast>(&json).unwrap(), plain);
    plain.forget_names();
    assert!(!serde_json::to_string(&plain).unwrap().contains("name"));
}
