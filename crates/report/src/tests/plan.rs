//! Tests of the plan: its steps for every choice, and what it says of them.

use crate::{
    Aboard, Choices, EarlierForecast, Fate, Plan, RecoveryKey, Report, Route, Step, Undo, Waivers,
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};

fn choices(route: Route) -> Choices {
    Choices {
        route,
        end_sessions: vec!["PIXEL8PHON".into()],
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
    let steps = |choices| plan(Fate::SessionsKept, choices).steps;
    let begun = |first: &[Step]| [first, &after()].concat();
    assert_eq!(
        steps(choices(Route::OldPassword)),
        begun(&[Step::LookAgain, Step::ChangePassword])
    );
    assert_eq!(
        steps(choices(Route::Email)),
        begun(&[Step::LookAgain, Step::AskForMail, Step::ChangePassword])
    );
    assert_eq!(
        steps(choices(Route::AccountPage)),
        begun(&[Step::LookAgain, Step::AwaitAccountPage])
    );
    assert_eq!(
        steps(choices(Route::SynapseAdmin)),
        [Step::LookAgain, Step::ChangePassword]
    );
    let without_key = Choices {
        recovery_key: RecoveryKey::None,
        aboard: Aboard::Stay,
        end_sessions: Vec::new(),
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
fn what_it_says_of_every_step() {
    let mut told = String::new();
    for fate in Fate::BOTH {
        for route in Route::ALL {
            let plan = plan(fate, choices(route));
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
         \"ask-for-mail\",\"change-password\",\"sign-in\",\"restore\",\"prove-history\",{\"end-session\":\
         \"PIXEL8PHON\"},\"tidy-up\",\"leave\"],\"waived\":[],\"acknowledged\":[]}"
    );
}
