//! Signs beyond ASCII, on a terminal whose character set has none.

use std::{borrow::Cow, env, io::IsTerminal, sync::LazyLock};

use indicatif::ProgressStyle;

/// What stands for each sign of Lifeboat's own, as wide as it, and in JSON as harmless. Names of people and rooms stay as they
/// are.
const SIGNS: [(char, char); 14] = [
    ('“', '\''),
    ('”', '\''),
    ('’', '\''),
    ('→', '>'),
    ('…', '~'),
    ('✓', '+'),
    ('·', '-'),
    ('•', '*'),
    ('▸', '>'),
    ('×', 'x'),
    ('█', '#'),
    ('░', '.'),
    ('\u{a0}', ' '),
    ('\u{202f}', ' '),
];

/// Whether the terminal shows all of Unicode.
static ALL: LazyLock<bool> = LazyLock::new(|| {
    let value = |name: &str| env::var(name).ok();
    !cfg!(unix) || is_unicode(value)
});

/// What a terminal is told to take, by the three variables of POSIX locales: the first that is not empty counts.
fn is_unicode(value: impl Fn(&str) -> Option<String>) -> bool {
    let mut values = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(value);
    let locale = values.find(|it| !it.is_empty()).unwrap_or_default().to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Tells whether the terminal shows more than ASCII: a picture of blocks would be none there.
pub(crate) fn are_all_shown() -> bool {
    *ALL
}

/// Returns a text as this machine's terminal can show it.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if *ALL { Cow::Borrowed(text) } else { in_ascii(text) }
}

/// The same for what is written to `stream`: what goes into a file or to another program stays as it is.
pub(crate) fn shown_on<'a>(stream: &impl IsTerminal, text: &'a str) -> Cow<'a, str> {
    if stream.is_terminal() {
        shown(text)
    } else {
        Cow::Borrowed(text)
    }
}

fn in_ascii(text: &str) -> Cow<'_, str> {
    let sign_of = |letter: char| SIGNS.iter().find(|(sign, _)| *sign == letter).map(|(_, it)| *it);
    if !text.contains(|letter| sign_of(letter).is_some()) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|letter| sign_of(letter).unwrap_or(letter)).collect()
}

/// Gives a line of progress the sign that turns.
pub(crate) fn turning(style: ProgressStyle) -> ProgressStyle {
    if *ALL { style } else { style.tick_chars("|/-\\ ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_counts() {
        let with = |values: [&str; 3]| {
            let names = ["LC_ALL", "LC_CTYPE", "LANG"];
            is_unicode(|name| {
                let place = names.iter().position(|it| *it == name)?;
                Some(values[place].to_owned()).filter(|it| it != "-")
            })
        };
        for values in [
            ["-", "-", "en_GB.UTF-8"],
            ["C.utf8", "C", "C"],
            ["", "de_DE.UTF-8", "C"],
            ["-", "UTF-8", "-"],
        ] {
            assert!(with(values), "{values:?}");
        }
        for values in [
            ["-", "-", "-"],
            ["C", "-", "en_GB.UTF-8"],
            ["-", "-", "POSIX"],
            ["-", "-", "de_DE@euro"],
        ] {
            assert!(!with(values), "{values:?}");
        }
    }

    #[test]
    fn signs_of_our_own_become_ascii_and_names_stay() {
        assert_eq!(in_ascii("Mira’s “Größe” → 1\u{a0}000 …"), "Mira's 'Größe' > 1 000 ~");
        assert!(matches!(in_ascii("Größe"), Cow::Borrowed(_)));
        assert!(SIGNS.iter().all(|(sign, plain)| !sign.is_ascii() && plain.is_ascii()));
        // Documents for programs are shown on terminals as well, and stay what they are.
        assert!(SIGNS.iter().all(|(_, plain)| !['"', '\\'].contains(plain)));
    }
}
