//! What the reset does to the sessions, which way it goes, and what speaks against it.

use lifeboat_report::{Fate, Route, Severity};
use lifeboat_reset::flow::Password;

use super::{Ask, Words, choice, mend::in_short};
use crate::{
    guide::{Choice, Trip},
    ui::{clean::clean_sentence, plan},
};

pub(super) fn fate(words: &mut Words, trip: &Trip) -> Ask {
    words.part(5, "The reset: your sessions");
    words.say(
        "A new password can leave your sessions signed in, or sign all of them out. Keeping them is the safe choice: they \
         hold the keys of your messages.",
    );
    words.say("Sign all of them out only if somebody else may be in your account.");
    let kept = format!("Keep them signed in ({})", in_short(trip, Fate::SessionsKept));
    let ended = format!("Sign all of them out ({})", in_short(trip, Fate::SessionsEnded));
    Ask::Choice {
        question: "What shall become of your sessions?".to_owned(),
        options: vec![
            (Choice::Fare(Fate::SessionsKept), kept),
            (Choice::Fare(Fate::SessionsEnded), ended),
            (Choice::Back, "Back to what was found".to_owned()),
            (Choice::NoReset, "No reset now".to_owned()),
            (Choice::Leave, "Leave for now".to_owned()),
        ],
    }
}

pub(super) fn route(words: &mut Words, trip: &Trip) -> Ask {
    words.part(5, "The reset: the way");
    let routes = trip.routes();
    if routes.is_empty() {
        words.say("You cannot change this password yourself.");
        if let Some(report) = &trip.report {
            let letter = trip.letter.as_deref().unwrap_or_default();
            words.say(plan::whom_to_ask(&report.facts, &report.account, letter).trim_end());
        }
        return choice(
            "What now?",
            [
                (Choice::NoReset, "Go on without a reset"),
                (Choice::Back, "Back"),
                (Choice::Leave, "Leave for now"),
            ],
        );
    }
    words.say("Your server offers more than one way to change the password.");
    let options = routes.into_iter().map(|it| (Choice::Take(it), way(it).to_owned()));
    Ask::Choice {
        question: "Which way?".to_owned(),
        options: options
            .chain([
                (Choice::Back, "Back".to_owned()),
                (Choice::Leave, "Leave for now".to_owned()),
            ])
            .collect(),
    }
}

fn way(route: Route) -> &'static str {
    match route {
        Route::OldPassword => "With the old password, at once",
        Route::Email => "By a link in a mail to your address",
        Route::AccountPage => "On your server’s account page",
        Route::SynapseAdmin => "By an administrator",
    }
}

pub(super) fn accept(words: &mut Words, trip: &Trip) -> Ask {
    words.part(5, "What speaks against it");
    let (Some(report), Some(fate)) = (&trip.report, trip.fate) else {
        return Ask::Nothing;
    };
    let serious = |it: &&lifeboat_report::Finding| it.severity > Severity::Note && it.fates.contains(&fate);
    for finding in report.findings.iter().filter(serious) {
        let begin = match finding.severity {
            Severity::Blocker => "!!",
            Severity::Caution | Severity::Note => "!",
        };
        words.point(begin, &clean_sentence(&finding.to_string()));
        words.point(&" ".repeat(begin.len()), &clean_sentence(finding.meaning()));
        words.gap();
    }
    words.say("You can go back and mend it, or keep your sessions. What is lost in a reset cannot be brought back.");
    choice(
        "Do you accept this?",
        [
            (Choice::Back, "No, back"),
            (Choice::Do, "Yes, I have read it and accept it"),
            (Choice::Leave, "Leave for now"),
        ],
    )
}

pub(super) fn begin(words: &mut Words, trip: &Trip) -> Ask {
    words.part(5, "The reset");
    let way = trip.route.map(way).unwrap_or_default();
    words.say(&format!(
        "The way: {}. Next you see the plan, step by step. Nothing happens before you have said yes and chosen a new \
         password.",
        way.trim_end_matches('.')
    ));
    Ask::Nothing
}

pub(super) fn unfinished(words: &mut Words, trip: &Trip) -> Ask {
    words.part(5, "A reset that is not finished");
    let (happened, next) = match trip.halfway {
        Some(Password::Unchanged) | None => (
            "A reset of this account stopped before the password was changed. The old one still counts, and nothing is \
             lost.",
            "Lifeboat goes on where it stopped.",
        ),
        Some(Password::Dark) => (
            "A reset of this account stopped just when the new password was sent. Nothing is lost.",
            "Lifeboat finds out whether the server took it, and does the rest.",
        ),
        Some(Password::Changed) => (
            "A reset of this account stopped after the password was changed. The new one counts, and nothing is lost.",
            "Lifeboat signs in with it and brings your keys back.",
        ),
    };
    words.say(happened);
    words.say(&format!(
        "{next} It needs the new password that you chose once more, and your recovery key: they were not written down."
    ));
    choice(
        "What now?",
        [(Choice::Do, "Finish it now"), (Choice::Leave, "Leave for now")],
    )
}
