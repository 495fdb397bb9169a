//! Small pieces of sentences.

/// Longest text of somebody else's making that a sentence shows.
const LONGEST: usize = 64;
/// As many things are named one by one; the rest are counted.
const NAMED: usize = 4;

/// Makes a text of somebody else's making harmless for a terminal and a page: control characters and those that
/// change the direction or hide are replaced by U+FFFD, and what is longer than 64 characters is cut.
pub fn plain(text: &str) -> String {
    plain_up_to(LONGEST, text)
}

/// Makes `text` harmless as [`plain`] does, and cuts it after `longest` characters.
pub(crate) fn plain_up_to(longest: usize, text: &str) -> String {
    let harmless = |it: char| if steers(it) { char::REPLACEMENT_CHARACTER } else { it };
    let mut plain: String = text.chars().take(longest).map(harmless).collect();
    if text.chars().nth(longest).is_some() {
        plain.push('…');
    }
    plain
}

/// Tells whether `it` is not shown but changes how its neighbours are: controls, and the formatting characters of
/// Unicode's Bidirectional Algorithm, zero-width characters, line separators, tags.
fn steers(it: char) -> bool {
    it.is_control()
        || matches!(it,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Writes a number with its thousands apart: `54 425`, with no-break spaces (U+00A0).
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    grouped
}

/// Counts things: `1 session`, `1 204 sessions`.
pub(crate) fn count(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// Lists things as a sentence does: `a`, `a and b`, `a, b and c`; more than four are counted from the fourth on.
pub(crate) fn list(items: impl IntoIterator<Item = impl Into<String>>) -> String {
    let mut items: Vec<String> = items.into_iter().map(Into::into).collect();
    if items.len() > NAMED {
        let more = items.split_off(NAMED - 1).len();
        items.push(format!("{more} more"));
    }
    match items.pop() {
        None => String::new(),
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} and {last}", items.join(", ")),
    }
}
