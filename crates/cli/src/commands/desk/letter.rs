//! The letter to somebody whose password was reset.

use std::{fs, path::Path};

use lifeboat_report::Fate;

use crate::{failure::Failure, ui::clean::clean_id};

/// Lifeboat's own words.
const OWN: &str = include_str!("letter.txt");

/// What may stand in a letter, in braces.
const NAMES: [&str; 5] = ["account", "server", "administrator", "day", "sessions"];

/// The words of a letter, with places to fill in.
pub(super) struct Words(String);

impl Words {
    /// Reads them from a file; without one they are Lifeboat's own.
    pub(super) fn read(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(file) = file else {
            return Ok(Self(OWN.to_owned()));
        };
        let name = file.display();
        let text = fs::read_to_string(file).map_err(|error| {
            Failure::usage(
                format!("The template “{name}” cannot be read: {error}."),
                "Give a text file (UTF-8).",
            )
        })?;
        let unknown = placeholders(&text).find(|it| !NAMES.contains(it)).map(str::to_owned);
        match unknown {
            Some(unknown) => Err(Failure::usage(
                format!("The template “{name}” has {{{unknown}}}, which Lifeboat cannot fill in."),
                format!("It fills in {{{}}}.", NAMES.join("}, {")),
            )),
            None => Ok(Self(text)),
        }
    }
}

/// Finds the names in braces.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let pieces = text.split('{').skip(1).filter_map(|it| it.split_once('}'));
    let is_name = |it: &&str| !it.is_empty() && it.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    pieces.map(|(name, _)| name).filter(is_name)
}

/// What is filled in.
pub(super) struct Letter<'a> {
    pub(super) account: &'a str,
    pub(super) administrator: &'a str,
    pub(super) day: &'a str,
    pub(super) fate: Fate,
    pub(super) sessions: usize,
}

impl Letter<'_> {
    /// Returns the heading of the page.
    pub(super) fn title(&self) -> String {
        format!("Your new password for {}", clean_id(self.account))
    }

    /// Fills the words in.
    pub(super) fn render(&self, words: &Words) -> String {
        let server = self.account.split_once(':').map(|(_, it)| it).unwrap_or_default();
        let filled = [
            clean_id(self.account),
            clean_id(server),
            clean_id(self.administrator),
            self.day.to_owned(),
            self.about_sessions(),
        ];
        // Once through the text: what was filled in is not looked at again.
        let mut rest = words.0.as_str();
        let mut text = String::new();
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let known = after.split_once('}').and_then(|(name, after)| {
                let number = NAMES.iter().position(|it| *it == name)?;
                Some((filled.get(number)?, after))
            });
            let (value, after) = known.map_or(("{", after), |(value, after)| (value.as_str(), after));
            text.push_str(value);
            rest = after;
        }
        text.push_str(rest);
        text
    }

    fn about_sessions(&self) -> String {
        match (self.fate, self.sessions) {
            (_, 0) => "You were signed in nowhere.".to_owned(),
            (Fate::SessionsKept, 1) => "Your session stays signed in, with its keys.".to_owned(),
            (Fate::SessionsKept, all) => format!("Your {all} sessions stay signed in, with their keys."),
            (Fate::SessionsEnded, 1) => "Your session was signed out.".to_owned(),
            (Fate::SessionsEnded, all) => format!("All of your {all} sessions were signed out."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTER: Letter<'_> = Letter {
        account: "@mira:example.org",
        administrator: "@ada:example.org",
        day: "2026-11-26",
        fate: Fate::SessionsKept,
        sessions: 3,
    };

    #[test]
    fn it_says_what_happened_and_what_to_do() {
        insta::assert_snapshot!(LETTER.render(&Words::read(None).unwrap()));
        let ended = Letter {
            fate: Fate::SessionsEnded,
            ..LETTER
        };
        let text = ended.render(&Words::read(None).unwrap());
        assert!(text.contains("All of your 3 sessions were signed out."), "{text}");
    }

    #[test]
    fn a_template_is_filled_in_once() {
        let words = Words("{account} {server} {day} {sessions} {} { { x } {administrator}".to_owned());
        let letter = Letter {
            administrator: "{account}",
            ..LETTER
        };
        assert_eq!(
            letter.render(&words),
            "@mira:example.org example.org 2026-11-26 Your 3 sessions stay signed in, with their keys. \
             {} { { x } {account}"
        );
    }

    #[test]
    fn a_template_with_an_unknown_name_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("letter.txt");
        fs::write(&file, "Hello {person}, {account}").unwrap();
        let failure = Words::read(Some(&file)).err().unwrap();
        assert!(failure.wrong.contains("{person}"), "{failure:?}");
        assert!(failure.hint.contains("{account}, {server}"), "{failure:?}");
        assert!(Words::read(Some(&folder.path().join("none"))).is_err());
    }
}
