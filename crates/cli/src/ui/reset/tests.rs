//! Snapshots of what a person reads after a reset.

use std::{collections::BTreeSet, time::Duration};

use lifeboat_preflight::Fetched;
use lifeboat_report::{
    ArkFirst, Choices, Code, EarlierForecast, Fact, OneByOne, RecoveryKey, Report, Waivers,
    facts::Coverage,
    history::{After, Before, RoomProof, Unreadable},
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};

use super::*;
use crate::commands::check::generator;

/// A report of an account whose backup lacks 12 of 48 messages.
fn lacking() -> Report {
    let mut facts = healthy_facts();
    facts.coverage = Fact::Known(Coverage {
        total: 48,
        covered: 36,
        readable: Some(36),
        at_risk: 12,
        complete: true,
        newest_event_at: Some(TAKEN_AT - 86_400_000),
    });
    Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts)
}

fn plan(report: &Report, route: Route, fate: Fate) -> Plan {
    let waivers = Waivers {
        blockers: BTreeSet::from([Code::CoverageAtRisk]),
        cautions_acknowledged: true,
    };
    let choices = Choices {
        route,
        fate,
        one_by_one: OneByOne::These(Vec::new()),
        ark: match fate {
            Fate::SessionsKept => ArkFirst::Skip,
            Fate::SessionsEnded => ArkFirst::Save,
        },
        recovery_key: RecoveryKey::AtHand,
        forecast: EarlierForecast::Taken,
        aboard: match fate {
            Fate::SessionsKept => Aboard::Leave,
            Fate::SessionsEnded => Aboard::Stay,
        },
    };
    Plan::of(&report.clear(fate, &waivers).unwrap(), choices)
}

fn proof(lost: u64) -> HistoryProof {
    let room = RoomProof {
        room_id: "!hiking:example.org".to_owned(),
        name: Some("Hiking 2026".to_owned()),
        before: Before {
            total: 48,
            readable: 36,
            redacted: 0,
        },
        after: After {
            total: 48,
            readable: 36 - lost,
            unreadable: [(Unreadable::NoRoomKey, 12 + lost)].into(),
            newest_unreadable_at: Some(TAKEN_AT - 86_400_000),
            complete: true,
            ..After::default()
        },
        lost,
    };
    HistoryProof {
        account: ACCOUNT.to_owned(),
        before_at: TAKEN_AT,
        after_at: TAKEN_AT + 300_000,
        rooms: vec![room],
        identity: IdentityStanding::Same,
        forecast_complete: true,
        complete: true,
        lost,
    }
}

fn shown(report: &Report, plan: &Plan, finished: &Finished) -> String {
    let before = StatusFile::of(report, generator());
    let account = CommandLine::account([ACCOUNT]);
    let folder = Path::new("resets/1");
    let text = render(plan, finished, Some(&before), &account, folder, 80);
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn everything_is_back_and_the_sessions_were_kept() {
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, healthy_facts());
    let finished = Finished {
        history: Some(proof(0)),
        ..Finished::default()
    };
    insta::assert_snapshot!(shown(
        &report,
        &plan(&report, Route::OldPassword, Fate::SessionsKept),
        &finished
    ));
}

#[test]
fn a_loss_that_was_accepted_is_named_once_more() {
    let report = lacking();
    let finished = Finished {
        history: Some(proof(0)),
        without_session: Some(Duration::from_millis(1_240)),
        ..Finished::default()
    };
    insta::assert_snapshot!(shown(
        &report,
        &plan(&report, Route::Email, Fate::SessionsEnded),
        &finished
    ));
}

#[test]
fn a_loss_that_nobody_accepted_is_named_with_its_cause() {
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, healthy_facts());
    let finished = Finished {
        history: Some(proof(3)),
        left_out: vec![Step::EndSession("PIXEL8PHON".to_owned())],
        ..Finished::default()
    };
    insta::assert_snapshot!(shown(
        &report,
        &plan(&report, Route::OldPassword, Fate::SessionsKept),
        &finished
    ));
}

#[test]
fn what_is_not_proven_is_not_claimed() {
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, healthy_facts());
    let fetched = Finished {
        fetched: Some(Fetched {
            rooms: 3,
            listed: 8_412,
            taken: 8_412,
            listing_gap: None,
        }),
        ..Finished::default()
    };
    let kept = plan(&report, Route::Email, Fate::SessionsKept);
    let administrator = plan(&report, Route::SynapseAdmin, Fate::SessionsEnded);
    insta::assert_snapshot!(format!(
        "{}{}",
        shown(&report, &kept, &fetched),
        shown(&report, &administrator, &Finished::default())
    ));
}
