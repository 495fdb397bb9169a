//! Makes words of others harmless before they reach the terminal.

use unicode_width::UnicodeWidthChar;

/// Stands for what was taken out.
const REPLACEMENT: char = '\u{fffd}';

/// More marks than this on one letter draw over the lines around it.
const MARKS_IN_A_ROW: usize = 4;

/// Returns `text` on one line, without anything that could steer the terminal or turn the reading direction, and at
/// most `columns` wide.
///
/// For everything that a server or another person wrote: names, versions, contacts, error texts. Control characters
/// (escape sequences begin with one) and characters that change the direction or are invisible are replaced by `�`,
/// line breaks and tabs by spaces; what is too long ends with `…`.
pub(crate) fn clean(text: &str, columns: usize) -> String {
    let mut shown = String::new();
    let mut width = 0;
    let mut marks = 0;
    for character in text.trim().chars() {
        let character = harmless(character);
        // Runs of spaces could push words into a column or line of their own.
        if character == ' ' && shown.ends_with(' ') {
            continue;
        }
        let own_width = character.width().unwrap_or(0);
        marks = if own_width == 0 { marks + 1 } else { 0 };
        if marks > MARKS_IN_A_ROW {
            continue;
        }
        if width + own_width > columns {
            return shorten(shown, columns);
        }
        shown.push(character);
        width += own_width;
    }
    shown
}

/// Does the same for ids and addresses: in them a space is as strange as a control character, and could begin a line
/// of its own where lines are wrapped.
pub(crate) fn clean_id(id: &str) -> String {
    clean(id, 100).replace(char::is_whitespace, &REPLACEMENT.to_string())
}

/// Returns `text`, which may have several lines and be long, harmless but otherwise as it is: for whole sentences
/// of our own that quote others.
pub(crate) fn clean_sentence(text: &str) -> String {
    clean(text, 2000)
}

fn harmless(character: char) -> char {
    match character {
        '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        _ if character.is_control() || is_invisible(character) => REPLACEMENT,
        _ => character,
    }
}

/// Directional formatting, invisible operators and spaces, tags, and characters without meaning.
///
/// The zero-width joiner and the variation selectors stay: emoji are made with them.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{10ffff}'
    )
}

fn shorten(mut shown: String, columns: usize) -> String {
    let mut width: usize = shown.chars().filter_map(UnicodeWidthChar::width).sum();
    while width + 1 > columns {
        match shown.pop() {
            Some(last) => width -= last.width().unwrap_or(0),
            None => break,
        }
    }
    let kept = shown.trim_end().len();
    shown.truncate(kept);
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay() {
        for name in [
            "Pixel 8",
            "Firefox on Linux",
            "Mirás Täblet",
            "👩‍💻 laptop",
            "❤️",
            "ノートパソコン",
            "هاتفي",
        ] {
            assert_eq!(clean(name, 80), name);
        }
    }

    #[test]
    fn hostile_names_are_disarmed() {
        let hostile = [
            "\x1b[2J\x1b[31mred",
            "\u{9b}31mred",
            "title\x1b]0;owned\x07",
            "one\ntwo\r\nthree\tfour",
            "one\u{2028}two\u{85}three",
            "safe\u{202e}gpj.exe",
            "\u{2066}isolated\u{2069}",
            "a\u{200b}b\u{feff}c",
            "tag\u{e0041}\u{e007f}",
            "null\0byte\x7f",
            "\u{f8ff}private",
            "   spaces   ",
        ];
        let told = hostile.map(|name| {
            let shown = clean(name, 80);
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            format!("{shown}\n")
        });
        insta::assert_snapshot!(told.concat());
    }

    #[test]
    fn ids_have_no_spaces() {
        assert_eq!(
            clean_id("@mira:example.org CLEAR\n everything"),
            "@mira:example.org�CLEAR�everything"
        );
        assert_eq!(clean_id(&"x".repeat(1000)).chars().count(), 100);
    }

    #[test]
    fn too_long_is_cut_to_the_column() {
        assert_eq!(clean(&"x".repeat(10_000), 10), "xxxxxxxxx…");
        assert_eq!(clean("exactly 10", 10), "exactly 10");
        assert_eq!(clean("ノートパソコン", 7), "ノート…");
        assert_eq!(clean("word word", 6), "word…");
        assert_eq!(clean("anything", 0), "…");
    }

    #[test]
    fn marks_do_not_pile_up() {
        let tower = format!("z{}", "\u{301}".repeat(1000));
        assert_eq!(clean(&tower, 80).chars().count(), 1 + MARKS_IN_A_ROW);
    }
}
