//! The exported form: there and back, older, newer and hostile.

use serde_json::{Value, json};

use super::golden::assert_golden;
use super::spoiled::cases;
use crate::facts::DeviceKeys;
use crate::testing::{ACCOUNT, TAKEN_AT, healthy_facts};
use crate::{Fact, Facts, Forecast, Generator, Report, StatusFile, StatusFileError};

fn file(facts: Facts) -> StatusFile {
    let generator = Generator {
        name: "lifeboat".into(),
        version: "0.1.0".into(),
    };
    StatusFile::of(&Report::of(ACCOUNT.into(), TAKEN_AT, facts), generator)
}

fn json_of(facts: Facts) -> Value {
    serde_json::to_value(file(facts)).unwrap()
}

#[test]
fn every_file_comes_back_as_it_was() {
    for case in cases() {
        let file = file(case.facts);
        for text in [
            serde_json::to_string(&file).unwrap(),
            serde_json::to_string_pretty(&file).unwrap(),
        ] {
            assert_eq!(StatusFile::parse(&text).as_ref(), Ok(&file), "{}", case.name);
        }
    }
}

#[test]
fn a_file_judged_again_gives_the_same_report() {
    for case in cases() {
        let report = Report::of(ACCOUNT.into(), TAKEN_AT, case.facts);
        let file = StatusFile::of(
            &report,
            Generator {
                name: String::new(),
                version: String::new(),
            },
        );
        assert_eq!(file.rejudge(), report, "{}", case.name);
    }
}

#[test]
fn the_messages_behind_the_verdict_stay_with_it() {
    let forecast = Forecast {
        newest_event_at: Some(TAKEN_AT),
        complete: true,
        ..Forecast::default()
    };
    let bare = Report::of(ACCOUNT.into(), TAKEN_AT, healthy_facts());
    let report = bare.clone().with_forecast(Some(forecast.clone()));
    assert_eq!(report.forecast, Some(forecast));
    assert_eq!((report.verdict, &report.findings), (bare.verdict, &bare.findings));
    let generator = Generator {
        name: String::new(),
        version: String::new(),
    };
    assert_eq!(StatusFile::of(&report, generator).rejudge(), report);
}

#[test]
fn what_a_file_says_of_itself_is_not_believed() {
    let mut healthy = json_of(healthy_facts());
    let mut spoiled = json_of(cases().into_iter().find(|it| it.name == "no backup").unwrap().facts);
    spoiled["verdict"] = healthy["verdict"].take();
    spoiled["findings"] = healthy["findings"].take();
    let report = StatusFile::parse(&spoiled.to_string()).unwrap().rejudge();
    assert_eq!(report.verdict.ended, crate::Verdict::Blocked);
}

#[test]
fn the_written_form_is_the_one_kept() {
    let mut facts = healthy_facts();
    facts.coverage = Fact::Unknown(crate::Gap::NotAsked);
    if let Fact::Known(sessions) = &mut facts.sessions {
        sessions[1].keys = Fact::Known(DeviceKeys::Unsigned);
    }
    let text = serde_json::to_string_pretty(&file(facts)).unwrap();
    assert_golden("status.json", &format!("{text}\n"));
}

#[test]
fn a_kept_file_can_still_be_read() {
    let file = StatusFile::parse(include_str!("golden/status.json")).unwrap();
    let codes: Vec<&str> = file.rejudge().findings.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["coverage-unknown", "coverage-unknown", "session-not-signed"]);
}

#[test]
fn unknown_fields_are_passed_over() {
    let mut json = json_of(healthy_facts());
    json["outlook"] = json!({"events": {"total": 1}, "rooms": [[[[]]]]});
    json["facts"]["weather"] = json!("rain");
    json["facts"]["server"]["colour"] = json!(null);
    json["facts"]["sessions"]["known"][0]["mood"] = json!([1, 2, 3]);
    assert_eq!(StatusFile::parse(&json.to_string()), Ok(file(healthy_facts())));
}

#[test]
fn a_missing_field_that_may_be_empty_is_empty() {
    let mut json = json_of(healthy_facts());
    json["facts"]["sessions"]["known"][0]
        .as_object_mut()
        .unwrap()
        .remove("name");
    let file = StatusFile::parse(&json.to_string()).unwrap();
    assert_eq!(file.facts.sessions.known().unwrap()[0].name, None);
}

/// Older programs did not ask for the Admin API: nothing is concluded from that, and no verdict depends on it.
#[test]
fn a_file_that_says_nothing_of_the_admin_api_does_not_know_of_it() {
    let mut json = json_of(healthy_facts());
    let server = json["facts"]["server"].as_object_mut().unwrap();
    assert!(server.remove("admin_api").is_some());
    let file = StatusFile::parse(&json.to_string()).unwrap();
    assert_eq!(file.facts.server.admin_api, Fact::Unknown(crate::Gap::NotAsked));
    let (report, healthy) = (file.rejudge(), Report::of(ACCOUNT.into(), TAKEN_AT, healthy_facts()));
    assert_eq!((report.verdict, report.findings), (healthy.verdict, healthy.findings));
}

#[test]
fn a_newer_format_is_said_before_anything_else() {
    let newer: Result<StatusFile, _> = Err(StatusFileError::NewerFormat { found: 2 });
    assert_eq!(StatusFile::parse(r#"{"format": 2}"#), newer);
    assert_eq!(
        StatusFile::parse(r#"  {"account": 7, "format": 2, "facts": [], "findings": "x"}"#),
        newer
    );
    let mut json = json_of(healthy_facts());
    json["format"] = json!(2);
    assert_eq!(StatusFile::parse(&json.to_string()), newer);
    let sentence = StatusFileError::NewerFormat { found: 2 }.to_string();
    assert_eq!(
        sentence,
        "this status file has format 2, and the newest format known here is 1"
    );
}

#[test]
fn what_is_no_status_file_is_called_so() {
    let not = [
        "{}",
        "[]",
        "null",
        "7",
        "\"format\"",
        "[1]",
        " [2]",
        r#"{"format": null}"#,
        r#"{"format": "1"}"#,
        r#"{"format": 0}"#,
        r#"{"format": -1}"#,
        r#"{"format": 1.5}"#,
        r#"{"format": 1e400}"#,
        r#"{"format": 1, "format": 1}"#,
        r#"{"format": 18446744073709551616}"#,
        r#"{"Format": 1}"#,
    ];
    for text in not {
        let error = StatusFile::parse(text).unwrap_err();
        let number_too_large = matches!(error, StatusFileError::NotJson { .. }) && text.contains("1e400");
        assert!(
            error == StatusFileError::NotAStatusFile || number_too_large,
            "{text}: {error:?}"
        );
    }
    assert_eq!(StatusFileError::NotAStatusFile.to_string(), "this is not a status file");
}

#[test]
fn what_is_not_json_is_called_so_with_the_place() {
    let not = [
        ("", 1, 0),
        ("<!doctype html>", 1, 1),
        ("{\n  \"format\": 1,\n  oops", 3, 3),
        ("{\"format\": 1} x", 1, 15),
    ];
    for (text, line, column) in not {
        assert_eq!(
            StatusFile::parse(text),
            Err(StatusFileError::NotJson { line, column }),
            "{text}"
        );
    }
    let error = StatusFile::parse("{\n  \"format\": 1,").unwrap_err();
    assert_eq!(error.to_string(), "this is not JSON (line 2, column 14)");
}

#[test]
fn a_wrong_shape_is_said_with_the_place() {
    let mut json = json_of(healthy_facts());
    json["facts"]["backup"]["active"]["known"]["count"] = json!("many\u{1b}[2J");
    let text = serde_json::to_string_pretty(&json).unwrap();
    let line = text.lines().position(|it| it.contains("many")).unwrap() + 1;
    match StatusFile::parse(&text).unwrap_err() {
        StatusFileError::WrongShape {
            problem,
            line: found,
            column,
        } => {
            assert_eq!((found, column > 0), (line, true));
            assert_eq!(problem, "invalid type: string \"many\\u{1b}[2J\", expected u64");
        }
        other => panic!("{other:?}"),
    }
    json["facts"]["backup"]["active"] = json!({"perhaps\u{1b}[2J": 1});
    let error = StatusFile::parse(&json.to_string()).unwrap_err().to_string();
    assert!(
        error.starts_with("this status file is damaged: unknown variant"),
        "{error}"
    );
    assert!(!error.contains('\u{1b}'), "{error}");
    let error = StatusFile::parse(r#"{"format": 1}"#).unwrap_err().to_string();
    assert_eq!(
        error,
        "this status file is damaged: missing field `generator` (line 1, column 13)"
    );
}

#[test]
fn hostile_texts_are_errors_and_nothing_worse() {
    let deep = 200_000;
    let nested = [
        "[".repeat(deep),
        "{\"a\":".repeat(deep),
        format!("{{\"format\": 1, \"x\": {}{}}}", "[".repeat(deep), "]".repeat(deep)),
        format!("{{\"format\": 1, \"facts\": {}{}}}", "[".repeat(deep), "]".repeat(deep)),
    ];
    for text in nested {
        assert!(StatusFile::parse(&text).is_err());
    }
    let text = json_of(healthy_facts()).to_string();
    for end in (0..text.len()).filter(|it| text.is_char_boundary(*it)) {
        assert!(StatusFile::parse(&text[..end]).is_err());
    }
    for number in [
        "18446744073709551616",
        "-1",
        "1e999",
        "0.5",
        "NaN",
        "99999999999999999999999999999999",
    ] {
        let hostile = text.replace("8412", number);
        assert_ne!(hostile, text);
        assert!(StatusFile::parse(&hostile).is_err(), "{number}");
    }
}

#[test]
fn the_largest_numbers_are_judged() {
    let mut facts = healthy_facts();
    if let (Fact::Known(coverage), Fact::Known(proof)) = (&mut facts.coverage, &mut facts.proof) {
        (coverage.total, coverage.covered, coverage.at_risk) = (u64::MAX, 0, u64::MAX);
        (proof.entries, proof.open) = (0, u64::MAX);
        proof.damaged = [("a".to_owned(), u64::MAX), ("b".to_owned(), u64::MAX)].into();
    }
    let mut file = StatusFile::parse(&json_of(facts).to_string()).unwrap();
    file.taken_at = u64::MAX;
    let report = file.rejudge();
    assert_eq!(report.verdict.ended, crate::Verdict::Blocked);
    let sentences: String = report.findings.iter().map(ToString::to_string).collect();
    assert!(
        sentences.contains("18\u{a0}446\u{a0}744\u{a0}073\u{a0}709\u{a0}551\u{a0}615 of"),
        "{sentences}"
    );
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_describes_every_field() {
    let schema = serde_json::to_value(crate::status_file_schema()).unwrap();
    let written = json_of(healthy_facts());
    for (name, _) in written.as_object().unwrap() {
        let property = &schema["properties"][name];
        assert!(property["description"].is_string(), "{name}: {property}");
    }
    let facts = &schema["$defs"]["Facts"]["properties"];
    for (name, _) in written["facts"].as_object().unwrap() {
        assert!(facts[name]["description"].is_string(), "{name}");
    }
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}
