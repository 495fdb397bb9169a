//! Tests of the plan: its steps for every choice, and what it says of them.

use crate::{
    Aboard, ArkFirst, Choices, EarlierForecast, Fate, OneByOne, Plan, RecoveryKey, Report, Route, Step, Undo, Waivers,
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};

fn choices(route: Route) -> Choices {
    Choices {
        route,
        fate: Fate::SessionsEnded,
        one_by_one: OneByOne::These(vec!["PIXEL8PHON".into()]),
        ark: ArkFirst::Save,
        recovery_key: RecoveryKey::AtHand,
        forecast: EarlierForecast::Taken,
        aboard: Aboard::Leave,
    }
}

fn plan(fate: Fate, choices: Choices) -> Plan {
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, healthy_facts());
    Plan::of(&report.clear(fate, &Waivers::default()).unwrap(), choices)
}

#[test]
fn steps_follow_the_choices() {
    let pixel = || Step::EndSession("PIXEL8PHON".into());
    let after = || {
        [
            Step::SignIn,
            Step::Restore,
            Step::ProveHistory,
            pixel(),
            Step::TidyUp,
            Step::Leave,
        ]
    };
    let steps = |choices| plan(Fate::SessionsEnded, choices).steps;
    let begun = |first: &[Step]| [first, &after()].concat();
    assert_eq!(
        steps(choices(Route::OldPassword)),
        begun(&[Step::LookAgain, Step::SaveArk, Step::ChangePassword])
    );
    assert_eq!(
        steps(choices(Route::Email)),
        begun(&[Step::LookAgain, Step::SaveArk, Step::AskForMail, Step::ChangePassword])
    );
    assert_eq!(
        steps(choices(Route::AccountPage)),
        begun(&[Step::LookAgain, Step::SaveArk, Step::AwaitAccountPage])
            .into_iter()
            .map(|it| if it == pixel() { Step::EndOthers } else { it })
            .collect::<Vec<_>>()
    );
    assert_eq!(
        steps(choices(Route::SynapseAdmin)),
        [Step::LookAgain, Step::ChangePassword]
    );
    let without_key = Choices {
        recovery_key: RecoveryKey::None,
        aboard: Aboard::Stay,
        ark: ArkFirst::Skip,
        one_by_one: OneByOne::These(Vec::new()),
        ..choices(Route::OldPassword)
    };
    assert_eq!(
        steps(without_key),
        [Step::LookAgain, Step::ChangePassword, Step::SignIn, Step::TidyUp]
    );
    let without_forecast = Choices {
        forecast: EarlierForecast::None,
        ..choices(Route::OldPassword)
    };
    assert!(!steps(without_forecast).contains(&Step::ProveHistory));
}

#[test]
fn sessions_end_only_where_that_was_cleared() {
    for one_by_one in [OneByOne::These(vec!["PIXEL8PHON".into()]), OneByOne::AllOthers] {
        let wanted = |fate| Choices {
            fate,
            one_by_one: one_by_one.clone(),
            ..choices(Route::OldPassword)
        };
        let harsher = plan(Fate::SessionsKept, wanted(Fate::SessionsEnded));
        assert_eq!(harsher.fate, Fate::SessionsKept);
        assert!(!harsher.ends_sessions(), "{harsher:?}");
        let gentler = plan(Fate::SessionsEnded, wanted(Fate::SessionsKept));
        assert_eq!(gentler.fate, Fate::SessionsKept);
        assert!(gentler.ends_sessions(), "{gentler:?}");
    }
}

#[test]
fn one_by_one_ends_sessions_unless_it_names_none() {
    assert!(!OneByOne::These(Vec::new()).ends_any());
    assert!(OneByOne::These(vec!["PIXEL8PHON".into()]).ends_any());
    assert!(OneByOne::AllOthers.ends_any());
}

#[test]
fn the_change_is_found_among_the_steps() {
    for route in Route::ALL {
        let plan = plan(Fate::SessionsEnded, choices(route));
        let change = match route {
            Route::AccountPage => Step::AwaitAccountPage,
            Route::OldPassword | Route::Email | Route::SynapseAdmin => Step::ChangePassword,
        };
        let number = plan.change_number().unwrap();
        assert_eq!(plan.steps[number], change, "{route}");
    }
    let mut plan = plan(Fate::SessionsEnded, choices(Route::Email));
    plan.steps.retain(|it| *it != Step::ChangePassword);
    assert_eq!(plan.change_number(), None);
}

#[test]
fn what_it_says_of_every_step() {
    let mut told = String::new();
    for fate in Fate::BOTH {
        for route in Route::ALL {
            let all_others = Choices {
                one_by_one: OneByOne::AllOthers,
                ..choices(route)
            };
            let chosen = if route == Route::OldPassword {
                all_others
            } else {
                choices(route)
            };
            let plan = plan(fate, chosen);
            told.push_str(&format!("{route}, sessions {fate}\n"));
            for step in &plan.steps {
                let undo = match plan.undo(step) {
                    Undo::NothingToUndo => "changes nothing".to_owned(),
                    Undo::By(words) => format!("undone: {words}"),
                    Undo::Never(words) => format!("never undone: {words}"),
                };
                let request = plan.request(step).unwrap_or("reads");
                told.push_str(&format!("  {}\n    {request}\n    {undo}\n", plan.effect(step)));
            }
        }
    }
    super::golden::assert_golden("plan.txt", &told);
}

/// The journal keeps the plan; a later version has to understand it.
#[test]
fn it_survives_being_written() {
    let plan = plan(Fate::SessionsEnded, choices(Route::Email));
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    assert_eq!(
        text,
        "{\"account\":\"@mira:example.org\",\"route\":\"email\",\"fate\":\"ended\",\"steps\":[\"look-again\",\
         \"save-ark\",\"ask-for-mail\",\"change-password\",\"sign-in\",\"restore\",\"prove-history\",{\"end-session\":\
         \"PIXEL8PHON\"},\"tidy-up\",\"leave\"],\"waived\":[],\"acknowledged\":[]}"
    );
}
