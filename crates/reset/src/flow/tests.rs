//! Tests of the stage machine: laws over every short sequence of records, and a table of the ways that happen.

use lifeboat_report::{Fate, Plan, Route, Step};

use super::*;

fn plan(route: Route) -> Plan {
    let steps = match route {
        Route::Email => vec![
            Step::LookAgain,
            Step::AskForMail,
            Step::ChangePassword,
            Step::SignIn,
            Step::Restore,
        ],
        Route::AccountPage => vec![Step::LookAgain, Step::AwaitAccountPage, Step::SignIn],
        Route::OldPassword | Route::SynapseAdmin => vec![Step::LookAgain, Step::ChangePassword, Step::SignIn],
    };
    Plan {
        account: "@mira:example.org".into(),
        route,
        fate: Fate::SessionsKept,
        steps,
        waived: Vec::new(),
        acknowledged: Vec::new(),
    }
}

fn began(step: usize) -> Record {
    Record::Began { step }
}

fn ended(step: usize, outcome: Outcome) -> Record {
    Record::Ended { step, outcome }
}

fn done(step: usize) -> [Record; 2] {
    [began(step), ended(step, Outcome::Done)]
}

/// Every record there is for a plan of `steps` steps.
fn alphabet(steps: usize) -> Vec<Record> {
    let mut all = vec![Record::Resumed];
    for step in 0..steps {
        all.push(began(step));
        all.extend([Outcome::Done, Outcome::Failed, Outcome::Dark].map(|outcome| ended(step, outcome)));
    }
    all
}

/// Calls `law` with every sequence of up to four records.
fn every_sequence(plan: &Plan, law: &mut dyn FnMut(&[Record])) -> usize {
    fn grow(alphabet: &[Record], so_far: &mut Vec<Record>, law: &mut dyn FnMut(&[Record])) -> usize {
        law(so_far);
        let mut count = 1;
        if so_far.len() < 4 {
            for record in alphabet {
                so_far.push(record.clone());
                count += grow(alphabet, so_far, law);
                so_far.pop();
            }
        }
        count
    }
    grow(&alphabet(plan.steps.len()), &mut Vec::new(), law)
}

#[test]
fn a_change_that_may_have_happened_is_never_sent_again() {
    for route in [Route::OldPassword, Route::SynapseAdmin] {
        let plan = plan(route);
        let sequences = every_sequence(&plan, &mut |records| {
            let last = records.iter().rev().find(|it| it.step() == Some(1));
            let uncertain = matches!(
                last,
                Some(
                    Record::Began { .. }
                        | Record::Ended {
                            outcome: Outcome::Dark,
                            ..
                        }
                )
            );
            if uncertain {
                assert_ne!(next(&plan, records), Next::Do(1), "{records:?}");
                assert_eq!(password(&plan, records), Password::Dark, "{records:?}");
            }
            if next(&plan, records) == Next::Do(1) {
                assert_eq!(password(&plan, records), Password::Unchanged, "{records:?}");
            }
        });
        assert_eq!(sequences, 1 + 13 + 13_usize.pow(2) + 13_usize.pow(3) + 13_usize.pow(4));
    }
}

#[test]
fn what_was_left_out_stays_left_out() {
    let plan = plan(Route::OldPassword);
    let mut records = [done(0), done(1)].concat();
    assert_eq!(next(&plan, &records), Next::Do(2));
    records.push(ended(2, Outcome::Skipped));
    assert_eq!(next(&plan, &records), Next::Finished);
}

#[test]
fn nothing_is_found_out_but_the_change_and_the_end_is_the_end() {
    for route in Route::ALL {
        let plan = plan(route);
        every_sequence(&plan, &mut |records| match next(&plan, records) {
            Next::FindOut(step) => assert_eq!(plan.steps[step], Step::ChangePassword, "{records:?}"),
            Next::Finished => {
                for (number, step) in plan.steps.iter().enumerate() {
                    let looked = Some(number) < plan.change_number() && password(&plan, records) == Password::Changed;
                    let last = records.iter().rev().find(|it| it.step() == Some(number));
                    let finished = matches!(
                        last,
                        Some(Record::Ended {
                            outcome: Outcome::Done,
                            ..
                        })
                    );
                    assert!(finished || looked, "{step:?} in {records:?}");
                }
            }
            Next::Do(step) => {
                // What comes before is done, or needs no doing any more.
                for earlier in 0..step {
                    let last = records.iter().rev().find(|it| it.step() == Some(earlier));
                    let finished = matches!(
                        last,
                        Some(Record::Ended {
                            outcome: Outcome::Done,
                            ..
                        })
                    );
                    let looked = Some(earlier) < plan.change_number() && password(&plan, records) == Password::Changed;
                    assert!(finished || looked, "{records:?}");
                }
            }
        });
    }
}

#[test]
fn the_ways_that_happen() {
    let old = plan(Route::OldPassword);
    let mail = plan(Route::Email);
    let page = plan(Route::AccountPage);
    let cases: Vec<(&str, &Plan, Vec<Record>, Next)> = vec![
        ("begin", &old, vec![], Next::Do(0)),
        ("interrupted while looking", &old, vec![began(0)], Next::Do(0)),
        ("looked", &old, done(0).to_vec(), Next::Do(1)),
        (
            "resumed before the change",
            &old,
            [&done(0)[..], &[Record::Resumed]].concat(),
            Next::Do(0),
        ),
        ("sent", &old, [&done(0)[..], &[began(1)]].concat(), Next::FindOut(1)),
        (
            "sent, and taken up again",
            &old,
            [&done(0)[..], &[began(1), Record::Resumed], &done(0)].concat(),
            Next::FindOut(1),
        ),
        (
            "the looking after an interruption waits for the truth",
            &old,
            [&done(0)[..], &[began(1), Record::Resumed]].concat(),
            Next::FindOut(1),
        ),
        (
            "found out that nothing changed",
            &old,
            [
                &done(0)[..],
                &[began(1), Record::Resumed],
                &done(0),
                &[ended(1, Outcome::Failed)],
            ]
            .concat(),
            Next::Do(1),
        ),
        (
            "found out that it changed, without looking",
            &old,
            vec![began(1), Record::Resumed, ended(1, Outcome::Done)],
            Next::Do(2),
        ),
        ("all done", &old, [done(0), done(1), done(2)].concat(), Next::Finished),
        (
            "the mail is void",
            &mail,
            [
                &done(0)[..],
                &done(1),
                &[began(2), ended(2, Outcome::Failed), ended(1, Outcome::Failed)],
            ]
            .concat(),
            Next::Do(1),
        ),
        (
            "the restore failed",
            &mail,
            [
                &[done(0), done(1), done(2), done(3)].concat()[..],
                &[began(4), ended(4, Outcome::Failed)],
            ]
            .concat(),
            Next::Do(4),
        ),
        (
            "at the account page",
            &page,
            [&done(0)[..], &[began(1)]].concat(),
            Next::Do(1),
        ),
    ];
    for (name, plan, records, wanted) in cases {
        assert_eq!(next(plan, &records), wanted, "{name}");
    }
}

#[test]
fn records_are_written_plainly() {
    let lines = [
        Record::Began { step: 1 },
        Record::Ended {
            step: 1,
            outcome: Outcome::Dark,
        },
        Record::Mail {
            attempt: 1,
            sealed: None,
        },
        Record::Session {
            device: "LIFEBOATCK".into(),
        },
        Record::Resumed,
    ]
    .map(|record| serde_json::to_string(&Stamped { at: 7, record }).unwrap());
    assert_eq!(
        lines,
        [
            r#"{"at":7,"what":"began","step":1}"#,
            r#"{"at":7,"what":"ended","step":1,"outcome":"dark"}"#,
            r#"{"at":7,"what":"mail","attempt":1,"sealed":null}"#,
            r#"{"at":7,"what":"session","device":"LIFEBOATCK"}"#,
            r#"{"at":7,"what":"resumed"}"#,
        ]
    );
}
