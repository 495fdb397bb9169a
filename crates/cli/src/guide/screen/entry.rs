//! Who somebody is, where the account lives, how to get in, and the recovery key.

use super::{Ask, Words};
use crate::{
    guide::{Choice, Entrance, Trip},
    ui::{clean::clean_id, time},
};

pub(super) fn take_up(words: &mut Words, trip: &Trip) -> Ask {
    words.title("Welcome back");
    let account = clean_id(trip.account.as_deref().unwrap_or_default());
    let when = trip.stopped_at.map(time::moment).unwrap_or_default();
    words.say(&format!("On {when} you stopped here with {account}."));
    words.say(
        "Your passwords and keys were not written down. So Lifeboat asks for them once more, looks at the account again, \
         and goes on where you were.",
    );
    Ask::Choice {
        question: "What now?".to_owned(),
        options: vec![
            (Choice::GoOn, format!("Go on with {account}")),
            (Choice::Anew, "Begin anew, also with another account".to_owned()),
            (Choice::Leave, "Leave".to_owned()),
        ],
    }
}

pub(super) fn account(words: &mut Words) -> Ask {
    words.title("Lifeboat");
    words.say(
        "Lifeboat helps you change the password of your Matrix account without losing your messages. It looks first, says \
         what it finds, and changes nothing before you say yes.",
    );
    words.say("At every question Ctrl-C stops. What is done stays done, and you can go on another day.");
    words.part(1, "Who you are");
    words.say(
        "Your user id says which server to ask. It looks like @mira:example.org; Element shows it in Settings → Account.",
    );
    Ask::Line("Your user id".to_owned())
}

pub(super) fn server(words: &mut Words, trip: &Trip) -> Ask {
    words.part(1, "Where your account lives");
    words.say(&format!(
        "No server was found by the name in {}. Some servers have another address than the user id says. Element shows it \
         where you sign in, and in Settings → Help & About as “Homeserver”; the people who run the server know it, too.",
        clean_id(trip.account.as_deref().unwrap_or("your user id"))
    ));
    words.say("It looks like https://matrix.example.org. Enter alone goes back to the user id.");
    Ask::Line("The server’s address".to_owned())
}

pub(super) fn entrance(words: &mut Words, trip: &Trip) -> Ask {
    words.part(2, "Signing in");
    words.say(
        "To see your sessions and your key backup, Lifeboat signs in as an app does. In your list of sessions it is called \
         “Lifeboat guide (removes itself)”, and it signs out at the end.",
    );
    if let Some(account) = &trip.account {
        words.say(&format!("The account is {}.", clean_id(account)));
    }
    let ways = trip.entrances.iter().map(|it| match it {
        Entrance::Password => (Choice::Enter(*it), "With my password"),
        Entrance::Browser => (Choice::Enter(*it), "In the browser, as my server wants it"),
        Entrance::Forgotten => (Choice::Enter(*it), "I do not know my password any more"),
    });
    let others = [
        (Choice::Enter(Entrance::Forgotten), "I do not know my password any more"),
        (Choice::Back, "Back: that is not my account"),
        (Choice::Leave, "Leave for now"),
    ];
    let options = ways.chain(others).map(|(it, words)| (it, words.to_owned()));
    Ask::Choice {
        question: "How do you sign in?".to_owned(),
        options: options.collect(),
    }
}

pub(super) fn recovery_key(words: &mut Words) -> Ask {
    words.part(3, "Your recovery key");
    words.say(
        "Only your recovery key shows whether your messages can be brought back: Lifeboat tries what it opens. It never \
         leaves this machine, and it is not written down.",
    );
    words.say(
        "It is 12 groups of 4 characters that begin with “Es”, or a passphrase that you chose. Element called it Security \
         Key until 2025. Look in your password manager, on paper, or for a file element-recovery-key.txt.",
    );
    words.say(
        "Paste it as it is: spaces, line breaks and quotes do not matter. Without it Lifeboat sees less, and says so.",
    );
    Ask::Nothing
}
