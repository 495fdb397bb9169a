//! Text with something between its words that nobody reads: the colours of a terminal, or the tags of a page.

use anyhow::{Result, ensure};

use super::neutral::Neutral;

/// Stands where something was taken out. Nothing prints it: it is from the area for private use.
pub(super) const MARK: char = '\u{e000}';

/// A text, and apart from it what stands between its words.
#[derive(Debug)]
pub(super) struct Markup {
    text: String,
    taken: Vec<String>,
}

impl Markup {
    /// Takes the colours and weights out of what was sent to a terminal.
    pub(super) fn of_screen(screen: &str) -> Self {
        Self::of(screen, |rest| {
            let end = rest.strip_prefix("\u{1b}[")?.find('m')?;
            Some("\u{1b}[m".len() + end)
        })
    }

    /// Takes the tags out of a page, and its style sheet.
    pub(super) fn of_page(page: &str) -> Self {
        Self::of(page, |rest| {
            let end = if rest.starts_with("<style>") { "</style>" } else { ">" };
            let length = rest.find(end)? + end.len();
            rest.starts_with('<').then_some(length)
        })
    }

    /// `length` says how long what is no text at the beginning of the rest is.
    fn of(whole: &str, length: impl Fn(&str) -> Option<usize>) -> Self {
        let (mut text, mut taken) = (String::new(), Vec::new());
        let mut rest = whole;
        while let Some(letter) = rest.chars().next() {
            let length = length(rest);
            let (part, after) = rest.split_at(length.unwrap_or(letter.len_utf8()));
            if length.is_some() {
                taken.push(part.to_owned());
                text.push(MARK);
            } else {
                text.push_str(part);
            }
            rest = after;
        }
        Self { text, taken }
    }

    /// The text alone.
    pub(super) fn plain(&self) -> String {
        self.text.replace(MARK, "")
    }

    /// The whole, without what is another in every run.
    pub(super) fn neutral(&self, neutral: &Neutral) -> Result<String> {
        let text = neutral.of(&self.text);
        ensure!(
            text.matches(MARK).count() == self.taken.len(),
            "markup was lost: {text}"
        );
        let mut pieces = text.split(MARK);
        let mut whole = pieces.next().unwrap_or_default().to_owned();
        for (part, piece) in self.taken.iter().zip(pieces) {
            whole.push_str(part);
            whole.push_str(piece);
        }
        Ok(whole)
    }
}

#[test]
fn words_are_made_neutral_and_what_stands_between_them_stays() -> Result<()> {
    let mut neutral = Neutral::default();
    neutral.name("@m-1:localhost", "@mira:example.org");
    let screen = "\u{1b}[1mSessions\u{1b}[0m of @m-1:localhost\n \u{1b}[2mId          Seen\u{1b}[0m\n \
                  QWERTYUIOP  \u{1b}[1m2 minutes ago\u{1b}[0m\n";
    let markup = Markup::of_screen(screen);
    assert_eq!(
        markup.plain(),
        "Sessions of @m-1:localhost\n Id          Seen\n QWERTYUIOP  2 minutes ago\n"
    );
    assert_eq!(
        markup.neutral(&neutral)?,
        "\u{1b}[1mSessions\u{1b}[0m of @mira:example.org\n \u{1b}[2mId          Seen\u{1b}[0m\n \
         LIFEBOATID  \u{1b}[1mjust now\u{1b}[0m\n"
    );
    let page = "<style>a > b { order: QWERTYUIOP }</style><p class=\"QWERTYUIOP\">12</p><b>Dec 2024: 2</b>\
                <i>QWERTYUIOP</i><i>2027-12-05</i>, as of 5 Dec 2027, 09:13 UTC\n";
    assert_eq!(
        Markup::of_page(page).neutral(&neutral)?,
        "<style>a > b { order: QWERTYUIOP }</style><p class=\"QWERTYUIOP\">12</p><b>Dec 2024: 2</b>\
         <i>LIFEBOATID</i><i>2026-11-23</i>, as of 23 Nov 2026, 10:42 UTC\n"
    );
    // Numbers in cells are no key of a session, however many there are.
    let numbers = "<td>2024</td>".repeat(20);
    assert_eq!(Markup::of_page(&numbers).neutral(&neutral)?, numbers);
    Ok(())
}
