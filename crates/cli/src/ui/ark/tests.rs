//! Snapshots of what a person reads about an ark.

use lifeboat_preflight::ark::{About, PartName};
use lifeboat_report::{
    Fact, Report, StatusFile,
    facts::{KeyTrial, Proof},
    testing::{ACCOUNT, TAKEN_AT, candidate, healthy_facts},
};

use super::*;
use crate::commands::check::generator;

/// An ark of an account that has nothing.
fn empty() -> ArkReport {
    let about = About {
        account: ACCOUNT.to_owned(),
        homeserver: "https://matrix.example.org/".to_owned(),
        taken_at: TAKEN_AT,
        program: "lifeboat".to_owned(),
        version: "0.1.0".to_owned(),
        newest_backup: None,
    };
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, healthy_facts());
    ArkReport::sample(about, StatusFile::of(&report, generator()))
}

/// An ark of the healthy account, which has an older key backup besides; no key was given.
pub(super) fn closed() -> ArkReport {
    let (facts, mut report) = (healthy_facts(), empty());
    report.about.newest_backup = Some("3".to_owned());
    report.sessions = 3;
    if let (Fact::Known(identity), Fact::Known(storage)) = (facts.identity, facts.storage) {
        (report.identity, report.storage) = (identity, storage);
    }
    report.versions = vec![ArkVersionReport::sample("2", 120), ArkVersionReport::sample("3", 8_412)];
    report.sums.parts = vec![
        (PartName::About, 210),
        (PartName::BackupEntries("3".to_owned()), 9_876_543),
    ];
    report.sums.bytes = 7_654_321;
    report
}

/// The same, and a key was given that opens `open` keys of its newest key backup.
fn tried(open: u64) -> ArkReport {
    let mut report = closed();
    let damaged = 8_412 - open;
    report.trial = Some(KeyTrial {
        candidates: vec![candidate()],
    });
    report.versions[1].proof = Some(Proof {
        version: "3".to_owned(),
        entries: 8_412,
        open,
        damaged: (damaged > 0)
            .then(|| ("wrong-mac".to_owned(), damaged))
            .into_iter()
            .collect(),
        complete: true,
    });
    report
}

fn shown(report: &ArkReport, width: usize) -> String {
    anstream::adapter::strip_str(&render(report, width)).to_string()
}

#[test]
fn an_ark_that_its_key_opens() {
    let report = tried(8_412);
    for width in [60, 100] {
        insta::assert_snapshot!(format!("opened-{width}"), shown(&report, width));
    }
    assert_eq!(document(&report)["proven"], json!(true));
}

#[test]
fn an_ark_that_its_key_opens_in_part() {
    let report = tried(8_400);
    insta::assert_snapshot!(shown(&report, 100));
    assert_eq!(document(&report)["proven"], json!(false));
}

#[test]
fn an_ark_without_a_key() {
    let report = closed();
    for width in [60, 100] {
        insta::assert_snapshot!(format!("closed-{width}"), shown(&report, width));
    }
    let told = document(&report);
    assert_eq!(told["proven"], Value::Null, "nobody tried");
    assert_eq!(told["backups"][1]["newest"], json!(true));
}

#[test]
fn an_ark_of_an_account_that_has_nothing() {
    insta::assert_snapshot!(shown(&empty(), 100));
}
