//! What is said of two reports.

use crate::facts::{Coverage, DeviceKeys};
use crate::testing::{ACCOUNT, TAKEN_AT, healthy_facts, session};
use crate::{Code, Comparison, Fact, Facts, Fate, Gap, Report, Severity, Trend};

fn report(spoil: impl FnOnce(&mut Facts)) -> Report {
    let mut facts = healthy_facts();
    spoil(&mut facts);
    Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts)
}

fn losing(at_risk: u64, complete: bool) -> impl Fn(&mut Facts) {
    move |facts| {
        facts.coverage = Fact::Known(Coverage {
            total: 100,
            covered: 100 - at_risk,
            readable: Some(100 - at_risk),
            at_risk,
            complete,
            newest_event_at: None,
        });
    }
}

#[test]
fn a_report_is_like_itself() {
    let same = report(losing(3, true));
    let comparison = Comparison::of(&same, &same);
    assert!(comparison.gone.is_empty() && comparison.new.is_empty());
    assert!(
        comparison.stayed.iter().all(|(was, it)| *was == it.severity) && !comparison.stayed.is_empty(),
        "{comparison:?}"
    );
    for fate in Fate::BOTH {
        assert_eq!(comparison.verdict(fate), Trend::Same);
    }
    assert_eq!(comparison.at_risk(), Trend::Same);
}

#[test]
fn better_and_worse_are_told_apart() {
    let (bad, good) = (report(losing(3, true)), report(|_| ()));
    let better = Comparison::of(&bad, &good);
    assert_eq!(better.verdict(Fate::SessionsEnded), Trend::Better);
    assert_eq!(better.at_risk(), Trend::Better);
    assert_eq!(better.gone.len(), 1);
    assert_eq!(
        (better.gone[0].code, better.gone[0].severity),
        (Code::CoverageAtRisk, Severity::Blocker)
    );
    let worse = Comparison::of(&good, &bad);
    assert_eq!(worse.verdict(Fate::SessionsEnded), Trend::Worse);
    assert_eq!(worse.at_risk(), Trend::Worse);
    assert_eq!(worse.new.len(), 1);
}

#[test]
fn what_was_not_looked_at_is_never_better() {
    let (bad, partial, unknown) = (
        report(losing(3, true)),
        report(losing(0, false)),
        report(|it| it.coverage = Fact::Unknown(Gap::Offline)),
    );
    assert_eq!(Comparison::of(&bad, &partial).at_risk(), Trend::Different);
    assert_eq!(Comparison::of(&partial, &partial).at_risk(), Trend::Same);
    assert_eq!(Comparison::of(&bad, &unknown).at_risk(), Trend::Different);
    assert_eq!(Comparison::of(&unknown, &unknown).at_risk(), Trend::Same);
    // That more is known to be lost is worse, whatever else was not looked at.
    assert_eq!(
        Comparison::of(&partial, &report(losing(1, false))).at_risk(),
        Trend::Worse
    );
}

#[test]
fn sessions_are_counted_without_the_one_that_looks() {
    let before = report(|_| ());
    let after = report(|facts| {
        if let Fact::Known(sessions) = &mut facts.sessions {
            sessions.push(session("STRANGER", None, TAKEN_AT, DeviceKeys::Unsigned));
        }
    });
    let comparison = Comparison::of(&before, &after);
    let (was, is) = comparison.figures();
    assert_eq!((was.sessions, was.unverified), (Some(2), Some(0)));
    assert_eq!((is.sessions, is.unverified), (Some(3), Some(1)));
    assert_eq!(comparison.unverified(), Trend::Worse);
    assert_eq!(Trend::neutral(was.sessions, is.sessions), Trend::Different);
    assert_eq!((was.entries, was.messages), (Some(8_412), Some(54_425)));
}
