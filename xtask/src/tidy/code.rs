//! Rust text reduced to what the compiler acts on, so that a rule does not trip over a comment or a string.

use std::ops::Range;

/// The code of a Rust file: comments, and the contents of strings and characters, are blank; lines stay where they were.
pub(super) struct Code {
    text: String,
    tests: Vec<Range<usize>>,
}

impl Code {
    pub(super) fn new(source: &str) -> Self {
        let text = blank_out(source);
        let tests = test_items(&text);
        Self { text, tests }
    }

    /// The lines (from 1) on which `word` stands alone, not as part of a longer name.
    pub(super) fn lines_with(&self, word: &str) -> Vec<usize> {
        self.places(word).map(|place| self.line(place)).collect()
    }

    /// The same, without what is compiled for tests only.
    pub(super) fn shipped_lines_with(&self, word: &str) -> Vec<usize> {
        let shipped = self
            .places(word)
            .filter(|place| !self.tests.iter().any(|tests| tests.contains(place)));
        shipped.map(|place| self.line(place)).collect()
    }

    /// Everything named directly below `std`, grouped imports too, with its line; not what is for tests only.
    pub(super) fn shipped_std_modules(&self) -> Vec<(usize, &str)> {
        let mut modules = Vec::new();
        for place in self
            .places("std::")
            .filter(|place| !self.tests.iter().any(|tests| tests.contains(place)))
        {
            let start = place + "std::".len();
            if self.text[start..].starts_with('{') {
                let group = &self.text[start..=closing(&self.text, start)];
                let mut depth = 0;
                let mut fresh = false;
                for (offset, character) in group.char_indices() {
                    match character {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        _ => {}
                    }
                    if depth == 1 && matches!(character, '{' | ',') {
                        fresh = true;
                    } else if fresh && is_name(character) {
                        fresh = false;
                        modules.push((self.line(start + offset), name_at(&group[offset..])));
                    }
                }
            } else {
                modules.push((self.line(place), name_at(&self.text[start..])));
            }
        }
        modules
    }

    fn places<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let alone = |place: usize| {
            let before = self.text[..place].chars().next_back();
            let after = self.text[place + word.len()..].chars().next();
            let joined =
                |neighbour: Option<char>, own: Option<char>| neighbour.is_some_and(is_name) && own.is_some_and(is_name);
            !joined(before, word.chars().next()) && !joined(after, word.chars().next_back())
        };
        self.text
            .match_indices(word)
            .map(|(place, _)| place)
            .filter(move |place| alone(*place))
    }

    fn line(&self, place: usize) -> usize {
        self.text[..place].matches('\n').count() + 1
    }
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn name_at(text: &str) -> &str {
    &text[..text.find(|character| !is_name(character)).unwrap_or(text.len())]
}

/// The ranges of items behind `#[cfg(test)]`; the whole file for `#![cfg(test)]`.
fn test_items(code: &str) -> Vec<Range<usize>> {
    if code.contains("#![cfg(test)]") {
        return std::iter::once(0..code.len()).collect();
    }
    let item = |(start, _): (usize, &str)| {
        let end = code[start..]
            .find(['{', ';'])
            .map_or(code.len(), |offset| start + offset);
        let end = if code[end..].starts_with('{') {
            closing(code, end)
        } else {
            end
        };
        start..end
    };
    code.match_indices("#[cfg(test)]").map(item).collect()
}

/// The place of the brace that closes the one at `open`, or the end.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, character) in code[open..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + offset;
        }
    }
    code.len() - 1
}

/// Replaces comments and the contents of literals by blanks. Every line keeps its number.
fn blank_out(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let literal = literal_length(rest, code.chars().next_back());
        let length = literal.unwrap_or(first.len_utf8());
        let (taken, after) = rest.split_at(length);
        if literal.is_some() {
            code.extend(
                taken
                    .chars()
                    .map(|character| if character == '\n' { '\n' } else { ' ' }),
            );
        } else {
            code.push_str(taken);
        }
        rest = after;
    }
    code
}

/// The length of the comment, string or character that `text` starts with.
fn literal_length(text: &str, before: Option<char>) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(block_comment_length(text));
    }
    if text.starts_with('"') {
        return Some(quoted_length(text, '"'));
    }
    if text.starts_with('\'') {
        return character_length(text);
    }
    if text.starts_with('r') && !before.is_some_and(|before| is_name(before) && !matches!(before, 'b' | 'c')) {
        return raw_string_length(text);
    }
    None
}

fn block_comment_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut place = 0;
    while place < text.len() {
        if text[place..].starts_with("/*") {
            depth += 1;
            place += 2;
        } else if text[place..].starts_with("*/") {
            depth -= 1;
            place += 2;
            if depth == 0 {
                return place;
            }
        } else {
            place += text[place..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (place, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return place + quote.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// A character literal; a lifetime is none.
fn character_length(text: &str) -> Option<usize> {
    let mut characters = text.chars().skip(1);
    let first = characters.next()?;
    (first == '\\' || characters.next() == Some('\'')).then(|| quoted_length(text, '\''))
}

fn raw_string_length(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|character| *character == '#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |place| place + end.len());
    Some(1 + hashes + 1 + length)
}

#[cfg(test)]
mod tests;
