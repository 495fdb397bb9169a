//! Tests of the clearance: what is issued, to whom, and for how long it holds.

use std::collections::BTreeSet;

use crate::{
    Code, Fact, Facts, Fate, Gap, Ground, HOLDS_FOR, Lapse, Report, Severity, Uncleared, Waivers,
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};

fn report(facts: Facts) -> Report {
    Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts)
}

fn troubled() -> Report {
    let mut facts = healthy_facts();
    facts.backup.active = Fact::Known(None);
    facts.sessions = Fact::Unknown(Gap::Offline);
    report(facts)
}

fn codes(report: &Report, fate: Fate, severity: Severity) -> Vec<Code> {
    let found = report
        .findings
        .iter()
        .filter(|it| it.severity == severity && it.fates.contains(&fate));
    found.map(|it| it.code).collect()
}

#[test]
fn a_clear_report_clears_both_fates() {
    for fate in Fate::BOTH {
        let clearance = report(healthy_facts()).clear(fate, &Waivers::default()).unwrap();
        assert_eq!(
            (clearance.account(), clearance.fate(), clearance.taken_at()),
            (ACCOUNT, fate, TAKEN_AT)
        );
        assert_eq!((clearance.waived(), clearance.acknowledged()), (&[][..], &[][..]));
    }
}

#[test]
fn each_blocker_is_waived_by_its_own_code_and_cautions_at_once() {
    let report = troubled();
    let fate = Fate::SessionsEnded;
    let blockers = codes(&report, fate, Severity::Blocker);
    let cautions = codes(&report, fate, Severity::Caution);
    assert!(
        blockers.contains(&Code::NoKeyBackup) && !cautions.is_empty(),
        "{blockers:?} {cautions:?}"
    );
    let uncleared = report.clear(fate, &Waivers::default()).unwrap_err();
    assert_eq!(
        uncleared,
        Uncleared {
            blockers: blockers.clone(),
            cautions: cautions.clone()
        }
    );
    let waivers = |blockers: &[Code], cautions_acknowledged| Waivers {
        blockers: blockers.iter().copied().collect(),
        cautions_acknowledged,
    };
    for (number, spared) in blockers.iter().enumerate() {
        let mut all_but_one = blockers.clone();
        all_but_one.remove(number);
        let uncleared = report.clear(fate, &waivers(&all_but_one, true)).unwrap_err();
        assert_eq!(uncleared.blockers, [*spared]);
        assert_eq!(uncleared.cautions, []);
    }
    let uncleared = report.clear(fate, &waivers(&blockers, false)).unwrap_err();
    assert_eq!((uncleared.blockers, uncleared.cautions), (Vec::new(), cautions.clone()));
    let clearance = report.clear(fate, &waivers(&blockers, true)).unwrap();
    assert_eq!((clearance.waived(), clearance.acknowledged()), (&*blockers, &*cautions));
}

/// A caution is never waived as a blocker is, nor the other way round.
#[test]
fn every_code_waived_still_needs_the_acknowledgement() {
    let all: BTreeSet<Code> = Code::ALL.iter().copied().collect();
    let waivers = Waivers {
        blockers: all,
        cautions_acknowledged: false,
    };
    assert!(troubled().clear(Fate::SessionsEnded, &waivers).is_err());
}

#[test]
fn a_fate_has_its_own_clearance() {
    let mut facts = healthy_facts();
    facts.coverage = Fact::Unknown(Gap::NotAsked);
    let report = report(facts);
    let acknowledged = Waivers {
        cautions_acknowledged: true,
        ..Waivers::default()
    };
    assert!(report.clear(Fate::SessionsKept, &acknowledged).is_ok());
    assert_eq!(
        report.clear(Fate::SessionsEnded, &acknowledged).unwrap_err().blockers,
        [Code::CoverageUnknown]
    );
}

#[test]
fn it_lapses_with_time_and_with_what_it_stands_on() {
    let report = report(healthy_facts());
    let clearance = report.clear(Fate::SessionsKept, &Waivers::default()).unwrap();
    let ground = Ground::of(&report);
    assert_eq!(clearance.ground(), &ground);
    let known = |text: &str| Fact::Known(Some(text.to_owned()));
    let cases = [
        (TAKEN_AT, ground.clone(), None),
        (TAKEN_AT + HOLDS_FOR, ground.clone(), None),
        (TAKEN_AT + HOLDS_FOR + 1, ground.clone(), Some(Lapse::TooOld)),
        (TAKEN_AT - 5 * 60 * 1000, ground.clone(), None),
        (TAKEN_AT - 5 * 60 * 1000 - 1, ground.clone(), Some(Lapse::TooOld)),
        (
            TAKEN_AT,
            Ground {
                identity: known("another"),
                ..ground.clone()
            },
            Some(Lapse::IdentityReplaced),
        ),
        (
            TAKEN_AT,
            Ground {
                identity: Fact::Known(None),
                ..ground.clone()
            },
            Some(Lapse::IdentityReplaced),
        ),
        (
            TAKEN_AT,
            Ground {
                backup: known("another"),
                ..ground.clone()
            },
            Some(Lapse::BackupReplaced),
        ),
        (
            TAKEN_AT,
            Ground {
                backup: Fact::Unknown(Gap::Offline),
                ..ground.clone()
            },
            Some(Lapse::NotKnown),
        ),
    ];
    for (now, ground, lapse) in cases {
        assert_eq!(clearance.lapse(now, &ground), lapse, "{now} {ground:?}");
    }
}

#[test]
fn it_holds_for_an_hour_and_each_lapse_is_told_in_one_clause() {
    assert_eq!(HOLDS_FOR, 3_600_000);
    let lapses = [
        Lapse::TooOld,
        Lapse::IdentityReplaced,
        Lapse::BackupReplaced,
        Lapse::NotKnown,
    ];
    assert_eq!(
        lapses.map(Lapse::words),
        [
            "the check is more than an hour old",
            "the identity was replaced since the check",
            "the key backup was replaced since the check",
            "the server no longer says what the check relied on",
        ]
    );
}

#[test]
fn what_was_not_known_then_need_not_be_known_now() {
    let mut facts = healthy_facts();
    facts.identity = Fact::Unknown(Gap::Refused);
    let report = report(facts);
    let waivers = Waivers {
        cautions_acknowledged: true,
        ..Waivers::default()
    };
    let clearance = report.clear(Fate::SessionsKept, &waivers).unwrap();
    assert_eq!(clearance.lapse(TAKEN_AT, &Ground::of(&report)), None);
}
