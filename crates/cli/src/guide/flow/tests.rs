//! The conversation, answer by answer.

use lifeboat_report::{
    Fact, Report,
    facts::DeviceKeys,
    testing::{ACCOUNT, TAKEN_AT, healthy_facts, session},
};

use super::{Choice::*, Heard::*, *};

fn trip() -> Trip {
    Trip {
        account: Some(ACCOUNT.to_owned()),
        report: Some(Report::of(ACCOUNT.to_owned(), TAKEN_AT, healthy_facts())),
        ..Trip::default()
    }
}

fn rescue() -> Fix {
    Fix::Rescue {
        messages: 3,
        sessions: vec!["Phone".to_owned()],
    }
}

/// Goes through what is heard, and returns each step on the way.
fn walk(mut step: Step, trip: &mut Trip, heard: &[Heard]) -> Vec<Step> {
    let mut steps = Vec::new();
    for heard in heard {
        step = next(step, *heard, trip);
        steps.push(step.clone());
    }
    steps
}

#[test]
fn a_healthy_account_goes_straight_through() {
    let mut trip = trip();
    trip.report.as_mut().unwrap().facts.account.emails = Fact::Known(Vec::new());
    let way = [
        Given,
        Done,
        Chose(Enter(Entrance::Password)),
        Done,
        Chose(GoOn),
        Chose(Fare(Fate::SessionsKept)),
        Done,
        Done,
    ];
    let mut untested = trip.clone();
    untested.report.as_mut().unwrap().facts.key_trial = Fact::Unknown(lifeboat_report::Gap::NotAsked);
    let first = walk(Step::Account, &mut untested, &way[..4]);
    assert_eq!(
        first,
        [
            Step::Discover,
            Step::Entrance,
            Step::SignIn(Entrance::Password),
            Step::RecoveryKey
        ]
    );
    assert_eq!(
        walk(Step::RecoveryKey, &mut trip, &[Given, Done]),
        [Step::Check, Step::Findings]
    );
    assert_eq!(
        walk(Step::Findings, &mut trip, &way[4..]),
        [Step::Fate, Step::Reset, Step::Apps, Step::End(Ending::Done)]
    );
    assert_eq!(
        (trip.fate, trip.route),
        (Some(Fate::SessionsKept), Some(Route::OldPassword))
    );
}

#[test]
fn every_fix_is_offered_done_or_skipped() {
    let mut trip = trip();
    trip.fixes = vec![Fix::Ark, rescue(), Fix::NewRecoveryKey];
    assert_eq!(next(Step::Findings, Chose(GoOn), &mut trip), Step::Offer(Fix::Ark));
    assert_eq!(
        next(Step::Offer(Fix::Ark), Chose(Skip), &mut trip),
        Step::Offer(rescue())
    );
    assert_eq!(next(Step::Offer(rescue()), Chose(Do), &mut trip), Step::Mend(rescue()));
    assert_eq!(next(Step::Mend(rescue()), Failed, &mut trip), Step::Offer(rescue()));
    // Looking again shows that it is still there: it is offered once more.
    assert_eq!(next(Step::Mend(rescue()), Done, &mut trip), Step::Offer(rescue()));
    trip.fixes.remove(1);
    assert_eq!(
        next(Step::Mend(rescue()), Done, &mut trip),
        Step::Offer(Fix::NewRecoveryKey)
    );
    assert_eq!(
        next(Step::Offer(Fix::NewRecoveryKey), Chose(Again), &mut trip),
        Step::Check
    );
    assert_eq!(
        next(Step::Offer(Fix::NewRecoveryKey), Chose(Skip), &mut trip),
        Step::Fate
    );
    assert_eq!(trip.skipped.len(), 2);
}

#[test]
fn stopping_is_asked_about_and_can_be_taken_back() {
    let mut trip = trip();
    for (step, back) in [
        (Step::Check, Step::RecoveryKey),
        (Step::Mend(rescue()), Step::Offer(rescue())),
        (Step::Findings, Step::Findings),
        (Step::SignIn(Entrance::Password), Step::Entrance),
        (Step::Reset, Step::Fate),
    ] {
        let leaving = next(step, Stop, &mut trip);
        assert_eq!(leaving, Step::Leaving(Box::new(back.clone())));
        assert_eq!(next(leaving.clone(), Chose(GoOn), &mut trip), back);
        for heard in [Stop, Chose(Leave)] {
            assert_eq!(next(leaving.clone(), heard, &mut trip), Step::End(Ending::Left));
        }
    }
    assert_eq!(next(Step::Account, Stop, &mut trip), Step::End(Ending::Left));
    for (step, heard) in [(Step::Findings, Gone), (Step::Findings, Failed), (Step::Check, Gone)] {
        assert_eq!(next(step, heard, &mut trip), Step::End(Ending::Left));
    }
}

#[test]
fn nothing_wrong_is_reset_without_a_word() {
    let mut facts = healthy_facts();
    if let Fact::Known(coverage) = &mut facts.coverage {
        coverage.at_risk = 3;
        coverage.covered -= 3;
    }
    if let Fact::Known(sessions) = &mut facts.sessions {
        sessions.push(session("TABLET", None, TAKEN_AT, DeviceKeys::Unsigned));
    }
    facts.account.emails = Fact::Known(Vec::new());
    let mut trip = Trip {
        report: Some(Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts)),
        ..trip()
    };
    let ended = Chose(Fare(Fate::SessionsEnded));
    assert_eq!(next(Step::Fate, ended, &mut trip), Step::Accept);
    assert!(!trip.is_cleared());
    assert_eq!(next(Step::Accept, Chose(Back), &mut trip), Step::Fate);
    assert_eq!(next(Step::Accept, Chose(Do), &mut trip), Step::Reset);
    assert!(trip.is_cleared());
    // What was accepted for one fate is not accepted for the other.
    trip.fate = Some(Fate::SessionsKept);
    assert!(trip.waivers(Fate::SessionsKept).blockers.is_empty());
}

#[test]
fn what_was_accepted_of_one_look_is_asked_again_after_another() {
    let mut more = healthy_facts();
    if let Fact::Known(coverage) = &mut more.coverage {
        coverage.at_risk = 3;
        coverage.covered -= 3;
    }
    more.account.emails = Fact::Known(Vec::new());
    let mut less = healthy_facts();
    less.coverage = Fact::Unknown(lifeboat_report::Gap::NotAsked);
    less.account.emails = Fact::Known(Vec::new());
    let report = |facts| Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts);
    let mut trip = trip();
    trip.take_in(report(less));
    let ended = Chose(Fare(Fate::SessionsEnded));
    let first = walk(Step::Fate, &mut trip, &[ended, Chose(Do), Failed, ended]);
    assert_eq!(first, [Step::Accept, Step::Reset, Step::Fate, Step::Reset]);
    trip.take_in(report(more));
    // Where the look came just before the reset, that is not begun.
    assert!(!trip.is_cleared());
    assert!(trip.waivers(Fate::SessionsEnded).blockers.is_empty());
    assert_eq!(next(Step::Fate, ended, &mut trip), Step::Accept);
}

#[test]
fn an_unfinished_reset_comes_before_everything() {
    let mut trip = trip();
    let way = walk(
        Step::Discover,
        &mut trip,
        &[Halfway, Chose(Do), Failed, Chose(Do), Done],
    );
    assert_eq!(
        way,
        [
            Step::Unfinished,
            Step::Resume,
            Step::Unfinished,
            Step::Resume,
            Step::Apps
        ]
    );
    assert_eq!(next(Step::Reset, Halfway, &mut trip), Step::Unfinished);
}

#[test]
fn a_forgotten_password_and_a_lost_session_have_their_ways() {
    let mut trip = trip();
    let outside = Step::SignIn(Entrance::Forgotten);
    assert_eq!(next(outside, Done, &mut trip), Step::Findings);
    assert_eq!(next(Step::Check, SessionOver, &mut trip), Step::Entrance);
    // The key was typed already.
    assert_eq!(next(Step::SignIn(Entrance::Password), Done, &mut trip), Step::Check);
    assert_eq!(
        next(Step::SignIn(Entrance::Password), Failed, &mut trip),
        Step::Entrance
    );
    assert_eq!(next(Step::Discover, Failed, &mut trip), Step::Server);
    assert_eq!(next(Step::Server, Nothing, &mut trip), Step::Account);
}

#[test]
fn taking_up_again_and_beginning_anew() {
    let mut trip = trip();
    trip.skipped.insert("rescue".to_owned());
    assert_eq!(next(Step::TakeUp, Chose(GoOn), &mut trip), Step::Discover);
    assert_eq!(trip.skipped.len(), 1);
    assert_eq!(next(Step::TakeUp, Chose(Anew), &mut trip), Step::Account);
    assert!(trip.skipped.is_empty() && trip.account.is_none());
}

/// As the table in `docs/guide.md` says it.
#[test]
fn every_part_can_be_skipped_or_done_again() {
    let outside = Step::SignIn(Entrance::Forgotten);
    for (step, heard, then) in [
        (Step::Entrance, Chose(Back), Step::Account),
        (Step::Entrance, Chose(Enter(Entrance::Forgotten)), outside.clone()),
        (outside, Done, Step::Findings),
        (Step::Findings, Chose(Back), Step::Entrance),
        (Step::SignIn(Entrance::Password), Failed, Step::Entrance),
        (Step::RecoveryKey, Nothing, Step::Check),
        (Step::Findings, Chose(OtherKey), Step::RecoveryKey),
        (Step::Findings, Chose(Again), Step::Check),
        (Step::Offer(rescue()), Chose(Skip), Step::Fate),
        (Step::Findings, Chose(GoOn), Step::Fate),
        (Step::Findings, Chose(OfferAgain), Step::Offer(rescue())),
        (Step::Fate, Chose(NoReset), Step::Apps),
        (Step::Fate, Chose(Back), Step::Findings),
        (Step::Accept, Chose(Back), Step::Fate),
    ] {
        let mut trip = trip();
        trip.fixes = vec![rescue()];
        if step == Step::Findings {
            trip.skipped.insert(rescue().code());
        }
        assert_eq!(next(step.clone(), heard, &mut trip), then, "{step:?}, {heard:?}");
    }
}

#[test]
fn no_reset_comes_without_a_look() {
    for heard in [Chose(Skip), Chose(GoOn), Chose(NoReset), Given, Nothing] {
        assert_eq!(next(Step::Check, heard, &mut trip()), Step::Check, "{heard:?}");
    }
    let mut trip = Trip {
        fate: Some(Fate::SessionsKept),
        ..Trip::default()
    };
    let taken = next(Step::Route, Chose(Take(Route::OldPassword)), &mut trip);
    assert_eq!(taken, Step::Accept);
    assert!(!trip.is_cleared());
}
