//! The pictures in the README: the first check of the story, on a terminal and as a page.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Error, Result, bail, ensure};
use lifeboat_tests::chromium::{Chromium, Look, Scheme, keep_picture};

use super::{markup::Markup, updates};

/// From this heading on it is told in detail; above it there is as much as a window has.
const DETAILS: &str = "Secret storage";
/// The last part of the page that is in the picture.
const LAST_PART: &str = "section:has(> #messages)";
/// As wide as the page gets.
const DAY: Look = Look {
    width: 960,
    scheme: Scheme::Light,
};
const NIGHT: Look = Look {
    scheme: Scheme::Dark,
    ..DAY
};
/// A command line that is longer is broken.
const WIDTH: usize = 78;

/// Breaks a long command line before an option, as a person does.
pub(super) fn continued(line: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for part in line.split(" --") {
        match lines.last_mut() {
            None => lines.push(part.to_owned()),
            // Besides there are the prompt, or the indent, and the mark at the end.
            Some(last) if last.len() + " --".len() + part.len() + 6 <= WIDTH => {
                last.push_str(" --");
                last.push_str(part);
            }
            Some(_) => lines.push(format!("--{part}")),
        }
    }
    lines.join(" \\\n    ")
}

/// Draws what a terminal shows, and compares it with the picture that is kept, or keeps it.
///
/// As in the texts of the book, lines may be broken elsewhere, and sessions that were seen in the same minute may be in any
/// order: it is the words that are compared, with their colours.
pub(super) fn compare_screen(screen: &str) -> Result<()> {
    let (place, svg) = (kept_as("check.svg"), drawn(screen)?);
    let kept = fs::read_to_string(&place).unwrap_or_default();
    if painted_words(&kept) == painted_words(&svg) {
        return Ok(());
    }
    if updates() {
        return Ok(fs::write(place, svg)?);
    }
    bail!("docs/pictures/check.svg is not what a terminal shows now; {UPDATE}\n{screen}")
}

/// Takes the picture of the page, and compares it with the one that is kept, or keeps it. The words are compared exactly, the
/// picture as somebody sees it from far away.
pub(super) fn compare_page(page: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("page.html");
    fs::write(&file, page)?;
    let mut chromium = Chromium::start()?;
    let mut tab = chromium.open(&file)?;
    tab.look(NIGHT)?;
    let night = tab.picture_down_to(LAST_PART)?;
    tab.look(DAY)?;
    let picture = tab.picture_down_to(LAST_PART)?;
    keep_picture("readme.png", &picture)?;
    let seen = tab.thumbnail(&picture)?;
    ensure!(
        seen.ensure_like(&tab.thumbnail(&night)?).is_err(),
        "by night it is the same picture"
    );

    let place = kept_as("page.png");
    let alike = fs::read(&place)
        .map_err(Error::from)
        .and_then(|kept| seen.ensure_like(&tab.thumbnail(&kept)?));
    let text = tab.evaluate(&script())?;
    let text = lines_of(text.as_str().context("a page without words")?);
    let text_place = kept_as("page.txt");
    let kept_text = fs::read_to_string(&text_place).unwrap_or_default();
    let same_words = sorted(&kept_text) == sorted(&text);
    match alike {
        Ok(()) if same_words => Ok(()),
        _ if updates() => {
            fs::write(place, picture)?;
            Ok(fs::write(text_place, text)?)
        }
        Ok(()) => bail!("docs/pictures/page.txt is not what the page says now; {UPDATE}\n{text}"),
        Err(error) => Err(error.context(format!(
            "docs/pictures/page.png is not what the page shows now; {UPDATE}"
        ))),
    }
}

/// Ends a complaint.
const UPDATE: &str = "if that is meant, run the test with UPDATE_GOLDEN=1";

fn kept_as(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/pictures")
        .join(name)
}

/// Draws the screen down to the details.
fn drawn(screen: &str) -> Result<String> {
    let lines: Vec<_> = screen.lines().collect();
    let end = lines
        .iter()
        .position(|line| Markup::of_screen(line).plain().trim() == DETAILS);
    let end = end.with_context(|| format!("no “{DETAILS}”:\n{screen}"))?;
    let upper = lines[..end].join("\n");
    let text = format!("{}\n …\n", upper.trim_end());
    // In this palette what is dim can still be read.
    let terminal = anstyle_svg::Term::new().palette(anstyle_svg::WIN10_CONSOLE);
    Ok(terminal.render_svg(&text))
}

/// The words of a drawing, each with how it is painted, in no order, and what the colours are.
fn painted_words(svg: &str) -> Vec<String> {
    let style = svg.split_once("<style>").and_then(|(_, it)| it.split_once("</style>"));
    let mut words = vec![style.map(|(style, _)| style.to_owned()).unwrap_or_default()];
    for span in svg.split("<tspan").skip(1) {
        let (tag, text) = span.split_once('>').unwrap_or_default();
        let class = tag.split_once("class=\"").and_then(|(_, it)| it.split('"').next());
        let text = text.split('<').next().unwrap_or_default();
        words.extend(
            text.split_whitespace()
                .map(|it| format!("{} {it}", class.unwrap_or_default())),
        );
    }
    words.sort();
    words
}

/// Says all that is written in the picture, and the numbers behind its bars.
fn script() -> String {
    format!(
        "(() => {{
            document.querySelectorAll('.months details').forEach(it => it.open = true);
            const parts = [document.querySelector('header'), ...document.querySelectorAll('main > section')];
            const last = parts.indexOf(document.querySelector({LAST_PART:?}));
            return parts.slice(0, last + 1).map(it => it.innerText).join('\\n');
        }})()"
    )
}

/// One blank between two words, and no empty lines.
fn lines_of(text: &str) -> String {
    let lines = text
        .lines()
        .map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines: Vec<_> = lines.filter(|it| !it.is_empty()).collect();
    lines.join("\n") + "\n"
}

/// Each line with its words in no order: a sentence names sessions that were seen in the same minute.
fn sorted(text: &str) -> Vec<Vec<&str>> {
    let mut lines: Vec<Vec<&str>> = text.lines().map(|it| it.split_whitespace().collect()).collect();
    lines.iter_mut().for_each(|it| it.sort_unstable());
    lines
}

#[test]
fn a_long_command_line_is_broken_before_options() {
    assert_eq!(continued("lifeboat check @a:b --json"), "lifeboat check @a:b --json");
    assert_eq!(
        continued("lifeboat check @mira:example.org --password-file password.txt --recovery-key-file key.txt --json"),
        "lifeboat check @mira:example.org --password-file password.txt \\\n    --recovery-key-file key.txt --json"
    );
}

#[test]
fn drawings_differ_in_words_and_colours_and_not_in_where_lines_are_broken() -> Result<()> {
    let end = "\n \u{1b}[1mSecret storage\u{1b}[0m\n Key\n";
    let words = |screen: &str| Ok::<_, Error>(painted_words(&drawn(&format!("{screen}{end}"))?));
    let kept = words("$ lifeboat\n \u{1b}[1m\u{1b}[31mBLOCKED\u{1b}[0m   40 of 120\n")?;
    assert_eq!(
        words("$ lifeboat\n \u{1b}[1m\u{1b}[31mBLOCKED\u{1b}[0m   40\n of 120\n")?,
        kept
    );
    for other in [
        "$ lifeboat\n \u{1b}[1m\u{1b}[31mBLOCKED\u{1b}[0m   41 of 120\n",
        "$ lifeboat\n \u{1b}[1m\u{1b}[32mBLOCKED\u{1b}[0m   40 of 120\n",
        "$ lifeboat\n \u{1b}[31mBLOCKED\u{1b}[0m   40 of 120\n",
    ] {
        assert_ne!(words(other)?, kept, "{other}");
    }
    assert!(drawn("$ lifeboat\n").is_err());
    Ok(())
}

#[test]
fn the_words_of_a_page_stay_in_their_lines() {
    let text = lines_of("  The answer\n\n “Phone” \t and  “Laptop” \n12\t3\n");
    assert_eq!(text, "The answer\n“Phone” and “Laptop”\n12 3\n");
    assert_eq!(sorted(&text), sorted("The answer\n“Laptop” and “Phone”\n12 3\n"));
    assert_ne!(sorted(&text), sorted("The answer\n“Phone” and\n“Laptop” 12 3\n"));
}
