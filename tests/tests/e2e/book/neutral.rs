//! Takes out of an output what is another in every run.

use super::markup::MARK;

/// Words of one run, and what stands in their place.
#[derive(Debug, Default)]
pub(super) struct Neutral {
    names: Vec<(String, String)>,
}

/// The only words in capital letters that are as long as the id of a session.
const WORDS: [&str; 1] = ["EVERYTHING"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// Account data whose type ends with the id of a storage key.
const STORAGE_KEY: &str = "m.secret_storage.key.";
/// The day on which the book plays. Messages are older: their days are the same in every run.
const TODAY: &str = "2026-11-23";
/// Columns of what is written to a pipe.
const WIDTH: usize = 80;
/// What stands between two words.
const GAPS: [char; 3] = [' ', '\n', MARK];
/// What may stand around a word.
const AROUND: [char; 10] = [',', '.', ':', ';', '(', ')', '“', '”', '!', '?'];

impl Neutral {
    /// Puts `neutral` in the place of `found` from now on.
    pub(super) fn name(&mut self, found: impl Into<String>, neutral: &str) {
        self.names.push((found.into(), neutral.to_owned()));
        // The longest first: a user id before the name of its server.
        self.names.sort_by_key(|(found, _)| std::cmp::Reverse(found.len()));
    }

    /// Replaces names, moments, and what programs made up; that keeps its length, so that tables stay straight.
    pub(super) fn of(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (found, neutral) in &self.names {
            text = text.replace(found.as_str(), neutral);
        }
        // Each with what is no word behind it, so that nothing is lost when they are put together again.
        let mut words: Vec<String> = Vec::new();
        for piece in text.split_inclusive(GAPS) {
            match words.last_mut() {
                Some(last) if piece.trim_matches(GAPS).is_empty() => last.push_str(piece),
                _ => words.push(piece.to_owned()),
            }
        }
        words.iter_mut().for_each(|it| *it = with_core(it, made_up));
        moments(&mut words);
        just_now(&mut words);
        session_keys(&mut words);
        words.concat()
    }
}

/// Changes the core of a word, and leaves what stands around it.
fn with_core(word: &str, change: impl FnOnce(&str) -> String) -> String {
    let core = core(word);
    match word.split_once(core) {
        Some((before, after)) if !core.is_empty() => format!("{before}{}{after}", change(core)),
        _ => word.to_owned(),
    }
}

fn core(word: &str) -> &str {
    word.trim_end_matches(GAPS).trim_matches(AROUND)
}

/// Whether only blanks part a word from the next one.
fn goes_on(word: &str) -> bool {
    !word.contains(MARK)
}

fn of_a_key(word: &str) -> bool {
    word.chars().all(|it| it.is_ascii_alphanumeric() || "+/_-".contains(it))
}

fn has_digit(word: &str) -> bool {
    word.chars().any(|it| it.is_ascii_digit())
}

fn made_up(word: &str) -> String {
    if let Some((folder, _)) = word.split_once("/resets/") {
        return format!("{folder}/resets/20261123T104200.000Z");
    }
    if word.len() == 10 && word.chars().all(|it| it.is_ascii_uppercase()) && !WORDS.contains(&word) {
        return "LIFEBOATID".to_owned();
    }
    if word.len() == 10 && is_day(word) && word > TODAY {
        return TODAY.to_owned();
    }
    if word.len() >= 20 && of_a_key(word) && has_digit(word) && !word.starts_with('/') {
        return key_id(word.len());
    }
    match word.strip_prefix(STORAGE_KEY) {
        Some(id) => format!("{STORAGE_KEY}{}", key_id(id.len())),
        None => word.to_owned(),
    }
}

fn key_id(length: usize) -> String {
    "KEYID".chars().cycle().take(length).collect()
}

/// `2026-11-23`
fn is_day(word: &str) -> bool {
    let parts: Vec<_> = word.split('-').collect();
    let digits = |it: &str| it.chars().all(|it| it.is_ascii_digit());
    parts.iter().all(|it| digits(it)) && parts.iter().map(|it| it.len()).eq([4, 2, 2])
}

/// `23 Nov 2026, 10:42 UTC`, on one line or on two.
fn moments(words: &mut [String]) {
    for place in 1..words.len() {
        let word = core(&words[place]).to_owned();
        let before = core(&words[place - 1]).to_owned();
        if MONTHS.contains(&word.as_str()) && before.parse::<u8>().is_ok() && goes_on(&words[place - 1]) {
            words[place - 1] = words[place - 1].replacen(&before, "23", 1);
            words[place] = words[place].replacen(&word, "Nov", 1);
            if let Some(year) = words.get_mut(place + 1) {
                *year = with_core(year, |_| "2026".to_owned());
            }
        } else if word == "UTC" && before.len() == 5 && before.get(2..3) == Some(":") {
            words[place - 1] = words[place - 1].replacen(&before, "10:42", 1);
            if let Some(day) = place.checked_sub(4) {
                on_one_line(words, day);
            }
        }
    }
}

/// Puts a moment of five words on one line if there is room for it: what it had to make way for was a longer name.
fn on_one_line(words: &mut [String], day: usize) {
    let (before, rest) = words.split_at_mut(day);
    let (moment, behind) = rest.split_at_mut(4);
    let whole = core(&moment[0]) == "23" && core(&moment[1]) == "Nov" && moment.iter().all(|it| goes_on(it));
    let (before, behind) = (before.concat(), behind.concat());
    let begun = before.rsplit('\n').next().unwrap_or_default();
    let ended = behind.split('\n').next().unwrap_or_default();
    let together: Vec<_> = moment.iter().map(|it| format!("{} ", it.trim_end())).collect();
    let line = [begun, &together.concat(), ended].concat();
    if whole && line.chars().filter(|it| *it != MARK).count() <= WIDTH {
        moment.clone_from_slice(&together);
    }
}

/// `3 minutes ago`, on one line or on two.
fn just_now(words: &mut [String]) {
    for place in 2..words.len() {
        let number = core(&words[place - 2]).parse::<u8>().is_ok();
        let minutes = ["minute", "minutes"].contains(&core(&words[place - 1]));
        let together = goes_on(&words[place - 2]) && goes_on(&words[place - 1]);
        if !(number && minutes && together && core(&words[place]) == "ago") {
            continue;
        }
        let length = |words: &[String]| words[place - 2..=place].concat().chars().count();
        let before = length(words);
        words[place - 2] = with_core(&words[place - 2], |_| "just".to_owned());
        words[place] = with_core(&words[place], |_| "now".to_owned());
        let line_break = words[place - 1]
            .split_once('\n')
            .map(|(_, indent)| format!("\n{indent}"));
        if line_break.is_some() {
            words[place - 2] = words[place - 2].trim_end().to_owned();
        }
        words[place - 1] = line_break.unwrap_or_default();
        // Where columns follow, they stay where they are.
        if words[place].ends_with("  ") {
            let missing = before - length(words);
            words[place].push_str(&" ".repeat(missing));
        }
    }
}

/// The key of a session, in groups of four.
fn session_keys(words: &mut [String]) {
    let group = |it: &String| core(it).len() <= 4 && of_a_key(core(it)) && !core(it).is_empty() && goes_on(it);
    let mut begin = 0;
    while begin < words.len() {
        let length = words[begin..].iter().take_while(|it| group(it)).count();
        let whole = words[begin..begin + length]
            .iter()
            .filter(|it| core(it).len() == 4)
            .count();
        if whole >= 8 {
            let keyed = words[begin..begin + length]
                .iter_mut()
                .filter(|it| core(it).len() == 4 || has_digit(it));
            keyed.for_each(|it| *it = with_core(it, |core| "abcd".chars().take(core.len()).collect()));
            // The rest of the key, behind its groups.
            if let Some(last) = words.get_mut(begin + length - 1) {
                *last = with_core(last, |core| "abcd".chars().take(core.len()).collect());
            }
        }
        begin += length.max(1);
    }
}

#[test]
fn what_differs_between_runs_is_taken_out_and_nothing_else() {
    let mut neutral = Neutral::default();
    neutral.name("127.0.0.1:4711", "matrix.example.org");
    for (text, wanted) in [
        (
            "@mira on http://127.0.0.1:4711/, as of 5\n Dec 2027, 09:13 UTC\n",
            "@mira on http://matrix.example.org/, as of 23 Nov 2026, 10:42 UTC\n",
        ),
        (
            " Ark of @mira:example.org on http://127.0.0.1:4711/, taken long ago on 5\n Dec 2027, 09:13 UTC\n",
            " Ark of @mira:example.org on http://matrix.example.org/, taken long ago on 23\n Nov 2026, 10:42 UTC\n",
        ),
        (
            " QWERTYUIOP  ab1def2hij3klm4nop56  2026-12-05 36 of 36, 2026-11-14",
            " LIFEBOATID  KEYIDKEYIDKEYIDKEYID  2026-11-23 36 of 36, 2026-11-14",
        ),
        (
            "(ABCDEFGHIJ) “!5gPGrejqQoL2N-b1npbm” x/resets/20261201T100000.633Z\n",
            "(LIFEBOATID) “!KEYIDKEYIDKEYIDKEYID” x/resets/20261123T104200.000Z\n",
        ),
        (
            "its session key is\n s8Xr QjjC qsPZ vyXv CJNL\n HO/e WDDh 9p7t wFkQ QMhB Rxg: compare",
            "its session key is\n abcd abcd abcd abcd abcd\n abcd abcd abcd abcd abcd abc: compare",
        ),
        (
            "Phone 1 minute ago, 12 minutes ago), (3 minutes\n  ago; not 5 hours ago",
            "Phone just now, just now), (just\n  now; not 5 hours ago",
        ),
        (" 1 minute ago    yes\n", " just now        yes\n"),
        (
            " m.secret_storage.key.a1b2c3d4: it is there,\n m.secret_storage.default_key: the same.",
            " m.secret_storage.key.KEYIDKEY: it is there,\n m.secret_storage.default_key: the same.",
        ),
        (
            "POST /_synapse/admin/v1/reset_password/USER; it",
            "POST /_synapse/admin/v1/reset_password/USER; it",
        ),
        ("EVERYTHING IS THERE. (10 of 2)", "EVERYTHING IS THERE. (10 of 2)"),
        (
            "POST /_matrix/client/v3/account/password; it",
            "POST /_matrix/client/v3/account/password; it",
        ),
    ] {
        assert_eq!(neutral.of(text), wanted);
    }
}
