//! Tests of this module: pages from recorded facts. How they look is tested in a browser, by the end-to-end tests.

use std::{fs, path::Path};

use lifeboat_report::{
    Code, Fact, Facts, Forecast, Gap, Generator, Report, StatusFile,
    facts::{DeviceKeys, Secret, SecretName},
    forecast::{AtRisk, EventCounts, RoomForecast},
    testing::{ACCOUNT, TAKEN_AT, healthy_facts, session},
};

use super::{codes, render, render_pair};
use crate::{advice::CommandLine, redaction};

const DAY: u64 = 86_400_000;

fn status(facts: Facts, forecast: Option<Forecast>) -> StatusFile {
    let generator = Generator {
        name: "lifeboat".to_owned(),
        version: "0.1.0".to_owned(),
    };
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts).with_forecast(forecast);
    StatusFile::of(&report, generator)
}

/// A session that nobody vouches for, an emptied secret, and messages at risk in two of three rooms.
fn in_trouble() -> StatusFile {
    let counts = |covered, lost, cause| EventCounts {
        total: covered + lost,
        covered,
        readable: Some(covered),
        at_risk: lost,
        at_risk_by_cause: [(cause, lost)].into(),
        ..EventCounts::default()
    };
    let room = |id: &str, name: Option<&str>, events: EventCounts| RoomForecast {
        room_id: id.to_owned(),
        name: name.map(str::to_owned),
        newest_at_risk_at: (events.at_risk > 0).then_some(TAKEN_AT - DAY),
        events,
        complete: true,
        ..RoomForecast::default()
    };
    let rooms = vec![
        room(
            "!hike:example.org",
            Some("Hiking <2026>"),
            counts(238, 1_102, AtRisk::NotInBackup),
        ),
        room("!old:example.org", None, counts(9_700, 3, AtRisk::StartsTooLate)),
        room(
            "!fine:example.org",
            Some("Fine"),
            EventCounts {
                total: 7,
                covered: 7,
                readable: Some(7),
                ..EventCounts::default()
            },
        ),
    ];
    let mut events = EventCounts {
        readable: Some(0),
        ..EventCounts::default()
    };
    rooms.iter().for_each(|it| events.add(&it.events));
    let month = |lost| counts(3_315, lost, AtRisk::NotInBackup);
    let forecast = Forecast {
        events,
        rooms,
        months: [("2026-09", 0), ("2026-10", 3), ("2026-11", 1_102)]
            .map(|(name, lost)| (name.to_owned(), month(lost)))
            .into(),
        newest_at_risk_at: Some(TAKEN_AT - DAY),
        complete: true,
        ..Forecast::default()
    };
    let mut facts = healthy_facts();
    facts.coverage = Fact::Known(forecast.coverage());
    if let Fact::Known(sessions) = &mut facts.sessions {
        let old = session(
            "OLDTABLET1",
            Some("Old \"tablet\" & pen"),
            TAKEN_AT - 500 * DAY,
            DeviceKeys::Unsigned,
        );
        sessions.push(old);
    }
    if let Fact::Known(storage) = &mut facts.storage {
        storage.secrets.insert(SecretName::BackupKey, Secret::Blanked);
    }
    status(facts, Some(forecast))
}

fn account() -> CommandLine {
    CommandLine::account([ACCOUNT])
}

/// The page without its style sheet, an element on each line.
fn body(page: &str) -> String {
    let body = page.split_once("<body>").expect("a page has a body").1;
    body.replace("><", ">\n<")
}

#[test]
fn healthy() {
    insta::assert_snapshot!(body(&render(&status(healthy_facts(), None), &account())));
}

#[test]
fn trouble() {
    insta::assert_snapshot!(body(&render(&in_trouble(), &account())));
}

#[test]
fn nothing_is_known() {
    let mut facts = healthy_facts();
    let gap = Gap::Offline;
    facts.server.software = Fact::Unknown(gap);
    facts.server.spec_versions = Fact::Unknown(gap);
    facts.server.oauth = Fact::Unknown(gap);
    facts.sessions = Fact::Unknown(gap);
    facts.identity = Fact::Unknown(gap);
    facts.storage = Fact::Unknown(gap);
    facts.backup.active = Fact::Unknown(gap);
    facts.key_trial = Fact::Unknown(Gap::NotAsked);
    facts.proof = Fact::Unknown(gap);
    facts.coverage = Fact::Unknown(gap);
    insta::assert_snapshot!(body(&render(&status(facts, None), &account())));
}

#[test]
fn before_and_after() {
    let page = body(&render_pair(&in_trouble(), &status(healthy_facts(), None), &account()));
    let changed = page
        .split_once("id=\"changed\"")
        .and_then(|(_, it)| it.split_once("</section>"));
    insta::assert_snapshot!(changed.expect("a part about what changed").0);
}

#[test]
fn the_frame_allows_the_style_sheet_and_nothing_else() {
    let page = render(&in_trouble(), &account());
    let head = page.split_once("<style>").expect("a style sheet").0;
    insta::assert_snapshot!(head.split("'sha256-").next().expect("a policy"), @r#"<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src "#);
    assert!(head.contains("'; base-uri 'none'; form-action 'none'\""), "{head}");
    for foreign in ["<script", "javascript:", " style=", " src=", "@import", "url(http"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn names_are_escaped() {
    let page = render(&in_trouble(), &account());
    assert!(page.contains("Hiking &lt;2026&gt;") && page.contains("Old &quot;tablet&quot; &amp; pen"));
    assert!(!page.contains("Hiking <2026>"));
}

#[test]
fn every_link_leads_to_a_place_in_the_page() {
    for status in [in_trouble(), status(healthy_facts(), None)] {
        let page = render(&status, &account());
        for link in page.split(" href=\"").skip(1).filter_map(|it| it.split('"').next()) {
            let place = link.strip_prefix('#').expect("a place in the page");
            assert!(page.contains(&format!(" id=\"{place}\"")), "{link}");
        }
    }
}

#[test]
fn every_code_is_explained_once_for_both_fates_and_what_helps() {
    let page = body(&render(&in_trouble(), &account()));
    let codes = page.split_once("id=\"codes\"").expect("a part about the codes").1;
    let of = |code: &str| {
        let parts: Vec<&str> = codes.split(&format!("id=\"code-{code}\"")).collect();
        assert_eq!(parts.len(), 2, "{code}");
        parts[1].split("<div").next().expect("a beginning").to_owned()
    };
    let at_risk = of("coverage-at-risk");
    for words in [
        "blocker (ended): ",
        "caution (kept): ",
        "What helps:",
        "In the book: findings, coverage-at-risk",
    ] {
        assert!(at_risk.contains(words), "{words}:\n{at_risk}");
    }
    assert!(of("secret-blanked").contains("caution (kept and ended): "));
}

#[test]
fn every_code_says_what_the_book_says_of_it() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/findings.md");
    let book = fs::read_to_string(place).unwrap();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for code in Code::ALL {
        let (_, said) = book.split_once(&format!("\n## {code}\n")).expect("a part of the book");
        let said = said.split("\n## ").next().expect("a beginning");
        let said = said
            .replace("\n- ", "\n")
            .replace('`', "")
            .replace("[mends it](repairs.md)", "mends it");

        let page = codes::explained(*code).into_string();
        let ends = ["</h3>", "</li>", "</p>"];
        let page = ends.into_iter().fold(page, |page, end| page.replace(end, " "));
        let page: String = page
            .split('<')
            .map(|it| it.split_once('>').map_or(it, |(_, text)| text))
            .collect();
        let page = page
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        assert_eq!(
            words(&page),
            format!("{code} {} In the book: findings, {code}", words(&said))
        );
    }
}

#[test]
fn the_help_desk_reads_no_names() {
    let page = body(&render(&in_trouble(), &account()));
    let desk = page
        .split_once("id=\"desk\"")
        .and_then(|(_, it)| it.split_once("</section>"));
    let desk = desk.expect("a part for the help desk").0;
    for name in ["mira", "OLDTABLET1", "tablet", "example.org", "Hiking", "KEY1default"] {
        assert!(!desk.contains(name), "{name}:\n{desk}");
    }
    assert!(desk.contains(&redaction::hash(ACCOUNT)) && desk.contains("coverage-at-risk"));
}

#[test]
fn what_is_redacted_keeps_its_marks() {
    let mut redacted = in_trouble();
    redacted.redact(&redaction::hash);
    let page = body(&render(&redacted, &CommandLine::account(["@you:your.server"])));
    for name in ["mira", "OLDTABLET1", "tablet", "example.org", "Hiking", "KEY1default"] {
        assert!(!page.contains(name), "{name}");
    }
    // The same mark at the top and for the help desk: nothing is hashed twice.
    assert!(page.matches(&redaction::hash(ACCOUNT)).count() >= 2, "{page}");
}

#[test]
fn absurd_numbers_do_no_harm() {
    let mut absurd = in_trouble();
    if let Some(forecast) = &mut absurd.forecast {
        for events in forecast
            .months
            .values_mut()
            .chain(forecast.rooms.iter_mut().map(|it| &mut it.events))
        {
            (events.total, events.covered, events.at_risk) = (0, u64::MAX, u64::MAX);
        }
    }
    let page = body(&render(&absurd, &account()));
    for wrong in ["NaN", "inf", "=\"-"] {
        assert!(!page.contains(wrong), "{wrong}");
    }
}
