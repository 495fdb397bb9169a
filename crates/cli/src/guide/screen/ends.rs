//! What to do in the apps now, and what happens when somebody leaves.

use lifeboat_report::Fate;

use super::{Ask, Words, choice};
use crate::{
    advice::CommandLine,
    guide::{Choice, Fix, Outcome, Step, Trip},
};

pub(super) fn apps(words: &mut Words, trip: &Trip) -> Ask {
    words.part(6, "In your apps now");
    match (trip.outcome, trip.fate) {
        (None, _) => words.say("Your password is the same as before, and all your sessions are still signed in."),
        (Some(_), Some(Fate::SessionsEnded)) => signed_out(words, trip),
        (Some(_), _) => words.say(
            "Your sessions are still signed in: in your apps there is nothing to do. The next time one of them asks for a \
             password, type the new one.",
        ),
    }
    if trip.outcome == Some(Outcome::Incomplete) {
        words.say(
            "Not everything could be brought back yet. Keep every session that still shows your old messages signed in, \
             and let Lifeboat look again.",
        );
    }
    if trip.outcome.is_some() {
        words.say("Keep the new password in your password manager, and your recovery key beside it.");
    }
    let left: Vec<&Fix> = trip
        .fixes
        .iter()
        .filter(|it| trip.skipped.contains(&it.code()))
        .collect();
    if !left.is_empty() && !trip.forgotten {
        words.say(&format!(
            "Left as it was: {}. When you are ready, run `lifeboat` again: it offers this once more.",
            if left.len() == 1 {
                "one thing that can be mended".to_owned()
            } else {
                format!("{} things that can be mended", left.len())
            }
        ));
    }
    if let Some(ark) = &trip.ark {
        words.say(&format!(
            "The ark is {}. Keep it until you have read old messages in another session.",
            ark.display()
        ));
    }
    Ask::Nothing
}

fn signed_out(words: &mut Words, trip: &Trip) {
    words.say(
        "All your sessions are signed out; only Lifeboat is signed in, so that new messages reach you. In each app:",
    );
    words.point("1", "Sign in with the new password.");
    words.point(
        "2",
        "Choose “Use recovery key” where it asks you to verify, and type it.",
    );
    words.point("3", "Wait until an old message can be read.");
    words.gap();
    words.say("When one app is ready, sign Lifeboat out:");
    let account = CommandLine::account(
        trip.account
            .iter()
            .map(String::as_str)
            .chain(trip.homeserver.iter().flat_map(|it| ["--homeserver", it])),
    );
    words.command(&account.command("leave", []).to_string());
}

pub(super) fn leaving(words: &mut Words, back: &Step, trip: &Trip) -> Ask {
    words.title("Stop here?");
    if trip.is_stranded() && matches!(back, Step::Unfinished) {
        words.say(
            "The reset is not finished: the password may be changed already, and nobody is signed in with the new one. \
             Nothing is lost, but do not wait long with the rest.",
        );
    } else if trip.done.iter().all(|it| *it == Fix::Ark.code()) {
        words.say("Nothing was changed in your account.");
    } else {
        words.say("What was mended stays mended. Nothing is half done, and your password is the same as before.");
    }
    words.say(
        "Lifeboat signs itself out. Run `lifeboat` again to go on from here; passwords and keys are asked for again.",
    );
    choice(
        "Stop?",
        [(Choice::GoOn, "No, go on"), (Choice::Leave, "Yes, leave for now")],
    )
}
