//! What was found, and what can be mended.

use lifeboat_report::Fate;
use lifeboat_rescue::Repair;

use super::{Ask, Words, choice, messages};
use crate::{
    guide::{Choice, Fix, Trip, summary::two_sentences},
    ui::clean::{clean, clean_sentence},
};

/// As many sessions are named; the rest are counted.
const NAMED: usize = 4;

pub(super) fn check(words: &mut Words) -> Ask {
    words.part(3, "Looking");
    words.say(
        "Lifeboat now reads what your server holds: your sessions, your keys, and which messages they open. Nothing is \
         changed. It may take some minutes; Ctrl-C ends the reading of messages early.",
    );
    Ask::Nothing
}

pub(super) fn findings(words: &mut Words, trip: &Trip) -> Ask {
    words.part(3, "What Lifeboat found");
    let Some(report) = &trip.report else {
        return Ask::Nothing;
    };
    if trip.forgotten {
        words.say(
            "Without signing in, little can be seen from outside: not which messages your sessions hold, and not whether \
             your key backup opens. So choose the way that keeps your sessions signed in.",
        );
    } else {
        for sentence in two_sentences(report) {
            words.say(&sentence);
        }
    }
    let open = trip
        .fixes
        .iter()
        .filter(|it| !trip.skipped.contains(&it.code()))
        .count();
    let go_on = match open {
        0 => "Go on to the reset".to_owned(),
        1 => "Go on: there is one thing to mend first".to_owned(),
        count => format!("Go on: there are {count} things to mend first"),
    };
    let mut options = vec![
        (Choice::GoOn, go_on),
        (Choice::Details, "Show everything that was found".to_owned()),
    ];
    if trip.forgotten {
        options.push((Choice::Back, "Back: sign in after all".to_owned()));
    } else {
        if !trip.key_opens() {
            options.push((Choice::OtherKey, "Type another recovery key".to_owned()));
        }
        options.push((Choice::Again, "Look again".to_owned()));
        if open < trip.fixes.len() {
            options.push((Choice::OfferAgain, "Offer again what I skipped".to_owned()));
        }
    }
    options.push((Choice::NoReset, "I do not want to reset my password now".to_owned()));
    options.push((Choice::Leave, "Leave for now".to_owned()));
    Ask::Choice {
        question: "What now?".to_owned(),
        options,
    }
}

pub(super) fn offer(words: &mut Words, fix: &Fix, trip: &Trip) -> Ask {
    words.part(4, &format!("Mending: {}", title(fix)));
    if trip.mended.as_deref() == Some(&*fix.code()) {
        words.say("It was done, and looking again shows that it did not help yet, or not with everything.");
    }
    explain(words, fix);
    let (act, skip) = match fix {
        Fix::RecoveryKey => ((Choice::Do, "Type a recovery key"), "Go on without one"),
        Fix::Ark => ((Choice::Do, "Save it"), "Go on without an ark"),
        Fix::Repair(_) => ((Choice::Do, "Yes, do this"), "Skip it"),
        Fix::Rescue { .. } => ((Choice::Do, "They are open: ask them"), "Skip it"),
        // What replaces something is nobody's first answer.
        Fix::NewRecoveryKey => {
            return choice(
                "What now?",
                [
                    (Choice::Skip, "Skip it: keep the recovery key"),
                    (Choice::Do, "Make a new recovery key"),
                    (Choice::Leave, "Leave for now"),
                ],
            );
        }
        Fix::ByHand(_) => ((Choice::Again, "I have done it: look again"), "Skip it"),
    };
    choice(
        "What now?",
        [act, (Choice::Skip, skip), (Choice::Leave, "Leave for now")],
    )
}

fn title(fix: &Fix) -> &'static str {
    match fix {
        Fix::RecoveryKey => "the recovery key",
        Fix::Ark => "a copy first",
        Fix::Repair(_) => "your keys",
        Fix::Rescue { .. } => "lacking room keys",
        Fix::NewRecoveryKey => "a new recovery key",
        Fix::ByHand(_) => "something for you",
    }
}

fn explain(words: &mut Words, fix: &Fix) {
    match fix {
        Fix::RecoveryKey => {
            words.say(
                "No recovery key has shown yet that it opens your key backup. Without one, a new session reads none of \
                 your old messages.",
            );
            words.say(
                "Try each one that you find: in your password manager, on paper, or in a file element-recovery-key.txt. \
                 If you have none, and a session still shows your old messages, make a new one there.",
            );
            words.point("In Element:", "Settings → Encryption → Change recovery key");
            words.gap();
        }
        Fix::Ark => {
            words.say(
                "Before anything is changed, Lifeboat saves what a mistake could destroy into one file in your home \
                 folder, an ark: the key backup and the stored keys, as your server holds them.",
            );
            words.say("The file holds no secret in the clear. This changes nothing on the server.");
        }
        Fix::Repair(repairs) => explain_repairs(words, repairs),
        Fix::Rescue {
            messages: count,
            sessions,
        } => {
            words.say(&format!(
                "{} can be read in your sessions alone: the room keys never reached the key backup.",
                messages(*count)
            ));
            words.say(&format!(
                "Open the app of each session now, and leave it open: {}. Lifeboat asks them for the keys and puts what \
                 they give into the key backup. Nothing is deleted.",
                named(sessions)
            ));
        }
        Fix::NewRecoveryKey => {
            words.say(
                "If your recovery key is lost or does not open all that it has to, a verified session that still shows \
                 your old messages can help: open its app now. Both show seven emoji, and you say whether they are the \
                 same.",
            );
            words.say(
                "Then Lifeboat stores your keys under a new recovery key and writes that into a file in your home folder. \
                 The old recovery key stops working.",
            );
        }
        Fix::ByHand(advice) => {
            words.say(&advice.what);
            if let Some(path) = advice.in_element {
                words.point("In Element:", path);
                words.gap();
            }
        }
    }
}

fn explain_repairs(words: &mut Words, repairs: &[Repair]) {
    for repair in repairs {
        words.say(&clean_sentence(&repair.effect()));
    }
    if repairs.iter().any(Repair::needs_fresh_key) {
        words.say(
            "For this Lifeboat makes a recovery key and writes it into a file in your home folder, before anything on the \
             server depends on it.",
        );
    }
    if repairs.iter().any(Repair::needs_person) {
        words.say(
            "Open the app of a verified session now. Both show seven emoji, and you say whether they are the same.",
        );
    } else if repairs.iter().any(Repair::needs_live_session) {
        words.say("Open the apps of your sessions now: they are asked for what only they hold.");
    }
    words.say("Nothing is deleted, and no session is signed out.");
}

fn named(sessions: &[String]) -> String {
    let names = sessions.iter().take(NAMED).map(|it| format!("“{}”", clean(it, 40)));
    let mut all: Vec<String> = names.collect();
    if sessions.len() > NAMED {
        all.push(format!("{} more", sessions.len() - NAMED));
    }
    match all.split_last() {
        None => "there is none".to_owned(),
        Some((one, [])) => one.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}

/// Says which verdict a fate has, in a few words for an answer.
pub(super) fn in_short(trip: &Trip, fate: Fate) -> &'static str {
    use lifeboat_report::Verdict::{Blocked, Caution, Clear};
    match trip.report.as_ref().map(|it| it.verdict.of(fate)) {
        Some(Clear) => "nothing is lost",
        Some(Caution) => "something to read first",
        Some(Blocked) | None => "this could cost messages",
    }
}
