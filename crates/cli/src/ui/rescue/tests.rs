//! Snapshots of what a person reads after a rescue.

use lifeboat_preflight::{
    Checked, KeyAtRisk,
    ruma::{RoomId, room_id},
};
use lifeboat_report::{
    Fact, Forecast,
    facts::BackupKeyAnswer,
    forecast::{AtRisk, EventCounts},
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};
use lifeboat_rescue::{Arrival, Comparison, Gathered, KeyFileContent};
use serde_json::json;

use super::{Result as Rescued, render};
use crate::{advice::CommandLine, key_files::Opened};

const HOUR: u64 = 3_600_000;
const TOTAL: u64 = 54_425;

fn key(room_id: &RoomId, room_name: Option<&str>, messages: u64, cause: AtRisk) -> KeyAtRisk {
    KeyAtRisk {
        room_id: room_id.to_owned(),
        room_name: room_name.map(str::to_owned),
        session_id: format!("session-{messages}"),
        first_index: 0,
        messages,
        cause,
    }
}

fn hiking(messages: u64) -> KeyAtRisk {
    let name = Some("Hiking\u{1b}[2J 2026");
    key(room_id!("!hike:example.org"), name, messages, AtRisk::NotInBackup)
}

fn nameless(messages: u64) -> KeyAtRisk {
    key(room_id!("!old:example.org"), None, messages, AtRisk::StartsTooLate)
}

/// The healthy account, but its key backup lacks these keys.
fn lacking(at_risk: Vec<KeyAtRisk>) -> Checked {
    let messages: u64 = at_risk.iter().map(|it| it.messages).sum();
    let forecast = Forecast {
        events: EventCounts {
            total: TOTAL,
            covered: TOTAL - messages,
            readable: Some(TOTAL - messages),
            at_risk: messages,
            ..EventCounts::default()
        },
        complete: true,
        ..Forecast::default()
    };
    let mut facts = healthy_facts();
    facts.coverage = Fact::Known(forecast.coverage());
    if let Fact::Known(sessions) = &mut facts.sessions {
        sessions[0].backup_key = BackupKeyAnswer::Answered;
        sessions[1].last_seen_at = None;
    }
    let mut checked = Checked::sample(facts);
    checked.forecast = Some(forecast);
    checked.at_risk = at_risk;
    checked
}

fn rescued(before: Vec<KeyAtRisk>, after: Vec<KeyAtRisk>) -> Rescued {
    let files = Opened {
        files: vec![("element-keys.txt".into(), KeyFileContent { keys: 6_021, odd: 2 })],
        ..Opened::default()
    };
    let mut rescued = Rescued::begin(ACCOUNT.to_owned(), lacking(before), &files);
    rescued.after = lacking(after);
    rescued
}

fn shown(rescued: &Rescued, width: usize) -> String {
    let account = CommandLine::account([ACCOUNT]);
    let screen = render(rescued, &account, TAKEN_AT + HOUR, width);
    anstream::adapter::strip_str(&screen).to_string()
}

/// Something came from everywhere, and something did not come.
fn in_part() -> Rescued {
    let mut rescued = rescued(vec![hiking(1_102), hiking(12), nameless(3)], vec![nameless(3)]);
    rescued.ark = Some("before.ark".into());
    rescued.uploaded = Some(Comparison {
        new: 1,
        better: 2,
        instead_of_damaged: 0,
        already_there: 6_018,
    });
    let arrival = |key, from: Option<&str>| Arrival {
        key,
        from: from.map(Into::into),
    };
    rescued.gathered = Some(Gathered {
        arrived: vec![
            arrival(hiking(1_102), Some("FIREFOXLNX")),
            arrival(hiking(12), Some("GONE")),
        ],
        missing: vec![nameless(3)],
        unseen: 1,
    });
    rescued
}

#[test]
fn a_rescue_that_brought_a_part() {
    let rescued = in_part();
    for width in [60, 100] {
        insta::assert_snapshot!(format!("part-{width}"), shown(&rescued, width));
    }
    assert!(!rescued.is_clear(), "3 messages are still at risk");
}

#[test]
fn a_rescue_of_an_account_that_lacks_nothing() {
    let rescued = rescued(Vec::new(), Vec::new());
    insta::assert_snapshot!(shown(&rescued, 100));
    assert!(rescued.is_clear());
}

#[test]
fn a_rescue_that_nobody_answered() {
    let mut rescued = rescued(vec![nameless(1)], vec![nameless(1)]);
    rescued.gathered = Some(Gathered {
        missing: vec![nameless(1)],
        ..Gathered::default()
    });
    insta::assert_snapshot!(shown(&rescued, 100));
}

/// Where there is one, the snapshots show it.
#[test]
fn several_are_spoken_of_as_several() {
    let mut rescued = in_part();
    rescued.gathered = Some(Gathered {
        arrived: Vec::new(),
        missing: vec![nameless(3), nameless(4)],
        unseen: 2,
    });
    let screen = shown(&rescued, 100);
    let told = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "No session gave any of the 2 room keys that were asked for.",
        "2 belong to rooms that this account has forgotten.",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn many_rooms_are_summed_up() {
    let missing: Vec<_> = (1..=20_u64)
        .map(|number| {
            let name = format!("Room {number}");
            key(
                room_id!("!one:example.org"),
                Some(name.as_str()),
                number,
                AtRisk::NotInBackup,
            )
        })
        .collect();
    let rescued = rescued(missing.clone(), missing);
    insta::assert_snapshot!(shown(&rescued, 100));
}

#[test]
fn programs_read_the_same() {
    let told = in_part().document();
    assert_eq!(told["clear"], json!(false));
    assert_eq!(told["at_risk_before"], json!({"messages": 1_117, "room_keys": 3}));
    assert_eq!(told["at_risk_after"], json!({"messages": 3, "room_keys": 1}));
    assert_eq!(told["gathered_from_sessions"]["arrived"], json!(2));
    assert_eq!(told["key_files"][0]["odd"], json!(2));
}
