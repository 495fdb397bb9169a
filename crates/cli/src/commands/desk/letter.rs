//! The letter to somebody whose password was reset.

use std::{fs, path::Path};

use lifeboat_report::Fate;

use crate::{failure::Failure, ui::clean::clean_id};

/// Lifeboat's own words.
const OWN: &str = include_str!("letter.txt");

/// What may stand in a letter, in braces.
const NAMES: [&str; 6] = ["account", "server", "administrator", "day", "sessions", "count"];

/// What a line may begin with that stands in some letters alone.
const MARKS: [&str; 5] = ["{kept}", "{ended}", "{none}", "{homeserver}", "{mas}"];

/// Begins the line that names the language.
const LANGUAGE: &str = "{language ";

/// The words of a letter, with places to fill in.
#[derive(Debug)]
pub(super) struct Words {
    language: String,
    text: String,
}

impl Words {
    /// Reads them from a file; without one they are Lifeboat's own.
    pub(super) fn read(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(file) = file else {
            return Ok(Self {
                language: "en".to_owned(),
                text: OWN.to_owned(),
            });
        };
        let name = file.display();
        let text = fs::read_to_string(file).map_err(|error| {
            Failure::usage(
                format!("The template “{name}” cannot be read: {error}."),
                "Give a text file (UTF-8).",
            )
        })?;
        let words = Self::parse(&text).ok_or_else(|| {
            Failure::usage(
                format!("The template “{name}” does not say its language as Lifeboat reads it."),
                "Write a code like de or pt-BR into the first line, and nothing else: {language de}",
            )
        })?;
        match words.unknown() {
            Some(unknown) => Err(Failure::usage(
                format!("The template “{name}” has {{{unknown}}}, which Lifeboat cannot fill in there."),
                format!(
                    "It fills in {{{}}}; a line may begin with {}.",
                    NAMES.join("}, {"),
                    MARKS.join(", ")
                ),
            )),
            None => Ok(words),
        }
    }

    /// Takes the line with the language off; `None`: it names none.
    fn parse(text: &str) -> Option<Self> {
        // As editors on Windows write texts.
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let (language, text) = match text.strip_prefix(LANGUAGE) {
            Some(named) => named.split_once("}\n").filter(|(it, _)| is_language(it))?,
            None => ("en", text.as_str()),
        };
        Some(Self {
            language: language.to_owned(),
            text: text.to_owned(),
        })
    }

    /// Finds a name that cannot be filled in.
    fn unknown(&self) -> Option<&str> {
        let mut names = self.text.lines().flat_map(|it| placeholders(marked(it).1));
        names.find(|it| !NAMES.contains(it))
    }
}

/// Tells whether this may be the code of a language (BCP 47).
fn is_language(code: &str) -> bool {
    let is_part = |it: &str| (1..=8).contains(&it.len()) && it.chars().all(|it| it.is_ascii_alphanumeric());
    code.split('-').all(is_part)
}

/// Takes off the mark that a line begins with.
fn marked(line: &str) -> (Option<&'static str>, &str) {
    let known = MARKS
        .iter()
        .find_map(|mark| Some((Some(*mark), line.strip_prefix(mark)?)));
    known.unwrap_or((None, line))
}

/// Finds the names in braces.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let pieces = text.split('{').skip(1).filter_map(|it| it.split_once('}'));
    let is_name = |it: &&str| !it.is_empty() && it.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    pieces.map(|(name, _)| name).filter(is_name)
}

/// Where passwords are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeptBy {
    /// At the homeserver.
    Homeserver,
    /// At a Matrix Authentication Service.
    Service,
}

/// What is filled in.
pub(super) struct Letter<'a> {
    pub(super) account: &'a str,
    pub(super) administrator: &'a str,
    pub(super) day: &'a str,
    pub(super) kept_by: KeptBy,
    pub(super) fate: Fate,
    pub(super) sessions: usize,
}

/// A letter that can be sent.
pub(super) struct Written<'a> {
    pub(super) language: &'a str,
    pub(super) text: String,
}

impl Letter<'_> {
    /// Takes the lines that are for this letter, and fills them in.
    pub(super) fn render<'a>(&self, words: &'a Words) -> Written<'a> {
        let lines = words.text.split_inclusive('\n').map(marked);
        let lines = lines.filter(|(mark, _)| mark.is_none_or(|it| self.has(it)));
        Written {
            language: &words.language,
            text: self.fill(&lines.map(|(_, line)| line).collect::<String>()),
        }
    }

    /// Tells whether lines with this mark stand in this letter.
    fn has(&self, mark: &str) -> bool {
        let fate = match (self.fate, self.sessions) {
            (_, 0) => "{none}",
            (Fate::SessionsKept, _) => "{kept}",
            (Fate::SessionsEnded, _) => "{ended}",
        };
        let place = match self.kept_by {
            KeptBy::Homeserver => "{homeserver}",
            KeptBy::Service => "{mas}",
        };
        [fate, place].contains(&mark)
    }

    fn fill(&self, text: &str) -> String {
        let server = self.account.split_once(':').map(|(_, it)| it).unwrap_or_default();
        let filled = [
            clean_id(self.account),
            clean_id(server),
            clean_id(self.administrator),
            self.day.to_owned(),
            self.about_sessions(),
            self.sessions.to_string(),
        ];
        // Once through the text: what was filled in is not looked at again.
        let mut rest = text;
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

    /// A sentence in English, for templates in that language.
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
        kept_by: KeptBy::Homeserver,
        fate: Fate::SessionsKept,
        sessions: 3,
    };

    fn words(text: &str) -> Words {
        Words::parse(text).unwrap()
    }

    #[test]
    fn it_says_what_happened_and_what_to_do() {
        let own = Words::read(None).unwrap();
        insta::assert_snapshot!(LETTER.render(&own).text);
        let ended = Letter {
            fate: Fate::SessionsEnded,
            ..LETTER
        };
        let text = ended.render(&own).text;
        assert!(text.contains("All of your 3 sessions were signed out."), "{text}");
        // Where another service keeps the account, the password is not changed in Element.
        let elsewhere = Letter {
            kept_by: KeptBy::Service,
            ..LETTER
        };
        let text = elsewhere.render(&own).text;
        assert!(
            text.contains("\n4. Choose a password of your own soon, on the account page"),
            "{text}"
        );
        assert!(!text.contains("Change password"), "{text}");
        assert_eq!(own.unknown(), None);
    }

    #[test]
    fn a_template_is_filled_in_once() {
        let words = words("{account} {server} {day} {sessions} {count} {} { { x } {administrator}");
        let letter = Letter {
            administrator: "{account}",
            ..LETTER
        };
        assert_eq!(
            letter.render(&words).text,
            "@mira:example.org example.org 2026-11-26 Your 3 sessions stay signed in, with their keys. 3 \
             {} { { x } {account}"
        );
    }

    #[test]
    fn a_letter_may_be_in_another_language_from_its_first_word_to_its_last() {
        let words = words(
            "\u{feff}{language de-AT}\r\nFür {account}\r\n{kept}Angemeldet bleiben: {count}.\r\n\
             {ended}Abgemeldet wurden: {count}.\r\n{none}Du warst nirgends angemeldet.\r\n{mas}Kontoseite\r\n\
             {homeserver}Einstellungen",
        );
        assert_eq!(words.unknown(), None);
        let text = |kept_by, fate, sessions| {
            let letter = Letter {
                kept_by,
                fate,
                sessions,
                ..LETTER
            };
            let written = letter.render(&words);
            assert_eq!(written.language, "de-AT");
            written.text.replacen("Für @mira:example.org\n", "", 1)
        };
        let (here, mas) = (KeptBy::Homeserver, KeptBy::Service);
        assert_eq!(
            text(here, Fate::SessionsKept, 1),
            "Angemeldet bleiben: 1.\nEinstellungen"
        );
        assert_eq!(
            text(here, Fate::SessionsEnded, 2),
            "Abgemeldet wurden: 2.\nEinstellungen"
        );
        assert_eq!(text(mas, Fate::SessionsEnded, 2), "Abgemeldet wurden: 2.\nKontoseite\n");
        for fate in [Fate::SessionsKept, Fate::SessionsEnded] {
            assert_eq!(text(mas, fate, 0), "Du warst nirgends angemeldet.\nKontoseite\n");
        }
    }

    #[test]
    fn a_template_that_cannot_be_filled_in_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("letter.txt");
        let refused = |text: &str| {
            fs::write(&file, text).unwrap();
            Words::read(Some(&file)).unwrap_err()
        };
        let failure = refused("Hello {person}, {account}");
        assert!(failure.wrong.contains("{person}"), "{failure:?}");
        assert!(failure.hint.contains("{account}, {server}"), "{failure:?}");
        // A mark stands at the beginning of its line.
        let failure = refused("{kept}Well {kept}done");
        assert!(failure.wrong.contains("{kept}"), "{failure:?}");
        assert!(failure.hint.contains("{kept}, {ended}, {none}"), "{failure:?}");
        for text in [
            "{language }\n",
            "{language de} Hallo\n",
            "{language de",
            "{language <b>}\n",
            "{language d-}\n",
        ] {
            let failure = refused(text);
            assert!(failure.wrong.contains("language"), "{text}: {failure:?}");
        }
        assert!(Words::read(Some(&folder.path().join("none"))).is_err());
    }
}
