//! Every screen as it is shown.

use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

use lifeboat_report::{
    Fact, Facts, Fate, Gap, Report, Route,
    facts::{DeviceKeys, PasswordChange},
    testing::{ACCOUNT, TAKEN_AT, healthy_facts, session},
};
use lifeboat_rescue::{Repair, Under};
use lifeboat_reset::flow::Password;

use super::{Ask, of};
use crate::{
    advice::{CommandLine, advise},
    guide::{Entrance, Fix, Outcome, Step, Trip},
};

fn shown(step: &Step, trip: &Trip, width: usize) -> String {
    let screen = of(step, trip, width);
    let mut text = anstream::adapter::strip_str(&screen.text).to_string();
    match screen.ask {
        Ask::Choice { question, options } => {
            let _ = writeln!(text, "▸ {question}");
            for (number, (_, words)) in (1..).zip(options) {
                let line = format!("   {number}  {words}");
                assert!(
                    textwrap::core::display_width(&line) < 60,
                    "too long for an answer: {line}"
                );
                let _ = writeln!(text, "{line}");
            }
        }
        Ask::Line(question) => {
            let _ = writeln!(text, "▸ {question}:");
        }
        Ask::Nothing => {}
    }
    text
}

/// Shows it at 60 and 80 columns; nothing but command lines may be wider.
fn snapshot(name: &str, step: &Step, trip: &Trip) {
    for width in [60, 80] {
        let text = shown(step, trip, width);
        let command_lines = |it: &&str| !it.trim_start().starts_with("lifeboat ");
        for line in text.lines().filter(command_lines) {
            assert!(
                textwrap::core::display_width(line) <= width,
                "wider than {width}: {line}"
            );
        }
        insta::assert_snapshot!(format!("{name}-{width}"), text);
    }
}

fn trip(facts: Facts) -> Trip {
    Trip {
        account: Some(ACCOUNT.to_owned()),
        report: Some(Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts)),
        ..Trip::default()
    }
}

fn healthy() -> Trip {
    trip(healthy_facts())
}

/// Three messages are at risk, one session is not verified, and a backup is not signed.
fn in_trouble() -> Trip {
    let mut facts = healthy_facts();
    if let Fact::Known(coverage) = &mut facts.coverage {
        (coverage.at_risk, coverage.covered) = (1_204, coverage.total - 1_204);
        coverage.readable = Some(coverage.covered);
    }
    if let Fact::Known(sessions) = &mut facts.sessions {
        sessions.push(session(
            "OLDTABLET1",
            Some("Old tablet"),
            TAKEN_AT,
            DeviceKeys::Unsigned,
        ));
    }
    let mut trip = trip(facts);
    trip.fixes = vec![Fix::Ark, repair(), rescue()];
    trip
}

/// The same, after the last fix was skipped.
fn skipped() -> Trip {
    Trip {
        skipped: BTreeSet::from([rescue().code()]),
        ..in_trouble()
    }
}

fn repair() -> Fix {
    Fix::Repair(vec![Repair::SignBackup {
        version: "3".to_owned(),
        public_key: "b".repeat(43),
    }])
}

fn rescue() -> Fix {
    Fix::Rescue {
        messages: 1_204,
        sessions: ["Pixel 8", "Firefox on Linux", "\u{1b}[31mOdd\u{202e}", "Tablet", "TV"]
            .map(str::to_owned)
            .to_vec(),
    }
}

#[test]
fn the_way_in() {
    let mut back = healthy();
    back.stopped_at = Some(TAKEN_AT);
    snapshot("take-up", &Step::TakeUp, &back);
    snapshot("account", &Step::Account, &Trip::default());
    snapshot("server", &Step::Server, &healthy());
    let mut ways = healthy();
    ways.entrances = vec![Entrance::Password, Entrance::Browser];
    snapshot("entrance", &Step::Entrance, &ways);
    snapshot("recovery-key", &Step::RecoveryKey, &healthy());
    snapshot("check", &Step::Check, &healthy());
}

#[test]
fn what_was_found() {
    snapshot("findings-healthy", &Step::Findings, &healthy());
    snapshot("findings-in-trouble", &Step::Findings, &in_trouble());
    snapshot("findings-skipped", &Step::Findings, &skipped());
    let mut untested = healthy_facts();
    untested.key_trial = Fact::Unknown(Gap::NotAsked);
    untested.proof = Fact::Unknown(Gap::NotAsked);
    untested.coverage = Fact::Unknown(Gap::NotAsked);
    let mut untested = trip(untested);
    untested.fixes = vec![Fix::RecoveryKey];
    snapshot("findings-without-a-key", &Step::Findings, &untested);
    untested.forgotten = true;
    untested.fixes.clear();
    snapshot("findings-from-outside", &Step::Findings, &untested);
}

#[test]
fn every_fix_is_explained() {
    let mut trip = in_trouble();
    snapshot("offer-recovery-key", &Step::Offer(Fix::RecoveryKey), &trip);
    snapshot("offer-ark", &Step::Offer(Fix::Ark), &trip);
    snapshot("offer-repair", &Step::Offer(repair()), &trip);
    let made = Fix::Repair(vec![
        Repair::NewStorageKey,
        Repair::CreateBackup {
            under: Under::Fresh,
            beside: None,
        },
    ]);
    snapshot("offer-repair-with-a-new-key", &Step::Offer(made), &trip);
    snapshot("offer-rescue", &Step::Offer(rescue()), &trip);
    snapshot("offer-new-recovery-key", &Step::Offer(Fix::NewRecoveryKey), &trip);
    let account = CommandLine::account([ACCOUNT]);
    let advice = advise(trip.report.as_ref().unwrap(), &account).pop().unwrap();
    snapshot("offer-by-hand", &Step::Offer(Fix::ByHand(advice)), &trip);
    trip.mended = Some(rescue().code());
    snapshot("offer-again", &Step::Offer(rescue()), &trip);
}

#[test]
fn the_reset() {
    let mut trip = in_trouble();
    snapshot("fate", &Step::Fate, &trip);
    snapshot("fate-healthy", &Step::Fate, &healthy());
    snapshot("route", &Step::Route, &trip);
    (trip.fate, trip.route) = (Some(Fate::SessionsEnded), Some(Route::OldPassword));
    snapshot("accept", &Step::Accept, &trip);
    snapshot("reset", &Step::Reset, &trip);
    let mut closed = healthy_facts();
    closed.server.password_change = Fact::Known(PasswordChange::Disabled);
    snapshot("no-route", &Step::Route, &self::trip(closed));
    for (name, password) in [
        ("unchanged", Password::Unchanged),
        ("dark", Password::Dark),
        ("changed", Password::Changed),
    ] {
        trip.halfway = Some(password);
        snapshot(&format!("unfinished-{name}"), &Step::Unfinished, &trip);
    }
    snapshot("leaving-unfinished", &Step::Leaving(Box::new(Step::Unfinished)), &trip);
}

#[test]
fn the_ends() {
    let mut trip = in_trouble();
    snapshot("leaving", &Step::Leaving(Box::new(Step::Findings)), &trip);
    trip.done = BTreeSet::from([repair().code()]);
    snapshot("leaving-mended", &Step::Leaving(Box::new(Step::Findings)), &trip);
    trip.skipped = BTreeSet::from([rescue().code()]);
    trip.fixes = vec![rescue()];
    trip.ark = Some("/mira/lifeboat-ark.ark".into());
    snapshot("apps-without-a-reset", &Step::Apps, &trip);
    (trip.fate, trip.outcome) = (Some(Fate::SessionsKept), Some(Outcome::Proven));
    snapshot("apps-kept", &Step::Apps, &trip);
    (trip.fate, trip.outcome) = (Some(Fate::SessionsEnded), Some(Outcome::Incomplete));
    trip.homeserver = Some("https://matrix.example.org".to_owned());
    snapshot("apps-ended", &Step::Apps, &trip);
}

#[test]
fn the_book_tells_by_their_words_which_answers_skip_and_repeat() {
    let mut untested = healthy();
    untested.report.as_mut().unwrap().facts.key_trial = Fact::Unknown(Gap::NotAsked);
    untested.fate = Some(Fate::SessionsKept);
    let outside = Trip {
        forgotten: true,
        ..untested.clone()
    };
    let screens = [
        (Step::Entrance, &outside),
        (Step::Findings, &outside),
        (Step::Findings, &untested),
        (Step::Findings, &skipped()),
        (Step::Offer(rescue()), &untested),
        (Step::Fate, &untested),
        (Step::Accept, &untested),
    ]
    .map(|(step, trip)| shown(&step, trip, 80));

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide.md");
    let page = fs::read_to_string(page).unwrap();
    let part = page.split("\n## ").find(|it| it.starts_with("Skipping and repeating"));
    let answers: Vec<&str> = part
        .unwrap()
        .split('“')
        .skip(1)
        .map(|it| it.split('”').next().unwrap())
        .collect();
    assert!(answers.len() > 7, "{answers:?}");
    for answer in answers {
        assert!(screens.iter().any(|it| it.contains(&format!("  {answer}"))), "{answer}");
    }
}
