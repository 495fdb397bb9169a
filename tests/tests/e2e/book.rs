//! The book in `docs/`: what it shows of the program is what the program prints.
//!
//! A comment before a block of text says what the block shows. `<!-- shows: lifeboat … -->` is the output of that command
//! line, which needs no server; `<!-- story: NAME -->` is a part of [`story`], which a real account goes through. The
//! [`pictures`] in the README are of the same story. With `UPDATE_GOLDEN` set the blocks and the pictures are written anew, as
//! other kept texts are.

mod markup;
mod neutral;
mod pictures;
mod story;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use lifeboat_tests::lifeboat::Lifeboat;

const OPENING: &str = "```text\n";
const END: &str = "```\n";

/// A place in a page that shows something.
#[derive(Debug)]
struct Block {
    page: PathBuf,
    name: String,
    text: String,
}

/// Every page of the book, and the one that leads to it.
fn pages() -> Result<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = vec![root.join("README.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Every block that shows something of this kind.
fn blocks(kind: &str) -> Result<Vec<Block>> {
    let mut found = Vec::new();
    for page in pages()? {
        let text = fs::read_to_string(&page)?;
        for rest in parts(&text, kind) {
            let (name, text) = split(rest).with_context(|| format!("{}: {rest:.60}", page.display()))?;
            found.push(Block {
                page: page.clone(),
                name: name.to_owned(),
                text: text.to_owned(),
            });
        }
    }
    ensure!(!found.is_empty(), "nothing in the book is of the kind {kind}");
    Ok(found)
}

/// What follows each mark of the kind: the name of the block first.
fn parts<'a>(text: &'a str, kind: &str) -> Vec<&'a str> {
    let mark = format!("<!-- {kind}: ");
    let places = text.match_indices(&mark).map(|(place, _)| place + mark.len());
    places.filter_map(|place| text.get(place..)).collect()
}

/// The name of a block, and its text.
fn split(rest: &str) -> Option<(&str, &str)> {
    let (name, rest) = rest.split_once(" -->\n")?;
    let text = rest.strip_prefix(OPENING)?;
    Some((name, text.get(..text.find(END)?)?))
}

/// Writes a block anew.
fn rewrite(block: &Block, kind: &str, text: &str) -> Result<()> {
    let head = format!("<!-- {kind}: {} -->\n{OPENING}", block.name);
    let page = fs::read_to_string(&block.page)?;
    let (before, rest) = page.split_once(&head).context("the block is gone")?;
    let (_, after) = rest.split_at(rest.find(END).context("the block has no end")?);
    fs::write(&block.page, format!("{before}{head}{text}{after}"))?;
    Ok(())
}

/// Whether what is kept is to be written anew.
fn updates() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Compares each block with what `told` has for it, or writes it anew. How lines are broken depends on the length of names
/// that differ from run to run, and the order of rooms on their ids: so it is words that are compared, in any order.
fn compare(kind: &str, told: &BTreeMap<String, String>) -> Result<()> {
    let words = |text: &str| {
        let mut words: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        words.sort();
        words
    };
    for block in blocks(kind)? {
        let text = told
            .get(&block.name)
            .with_context(|| format!("{}: there is no “{}”", block.page.display(), block.name))?;
        if words(text) == words(&block.text) {
            continue;
        }
        if updates() {
            rewrite(&block, kind, text)?;
            continue;
        }
        anyhow::bail!(
            "{}: “{}” is not what the program prints now; if that is meant, run the test with UPDATE_GOLDEN=1\n{text}",
            block.page.display(),
            block.name
        );
    }
    let shown: BTreeSet<_> = blocks(kind)?.into_iter().map(|it| it.name).collect();
    let unused: Vec<_> = told.keys().filter(|it| !shown.contains(*it)).collect();
    ensure!(unused.is_empty(), "the book shows nothing of {unused:?}");
    Ok(())
}

/// A command line as a person types it, and what it printed.
fn shown(line: &str, output: &str) -> String {
    let lines: Vec<_> = output.trim_end().lines().map(str::trim_end).collect();
    format!("$ {line}\n{}\n", lines.join("\n"))
}

#[tokio::test]
async fn what_needs_no_server_is_shown_as_it_is() -> Result<()> {
    let mut told = BTreeMap::new();
    for block in blocks("shows")? {
        if told.contains_key(&block.name) {
            continue;
        }
        let arguments = block.name.strip_prefix("lifeboat").context("another program")?;
        let outcome = Lifeboat::new(arguments.split_whitespace())?.run().await?;
        ensure!(outcome.code()? == 0, "{outcome}");
        told.insert(block.name.clone(), shown(&block.name, &outcome.stdout));
    }
    compare("shows", &told)
}

#[tokio::test]
async fn what_a_real_account_goes_through_is_shown_as_it_is() -> Result<()> {
    let told = story::tell().await?;
    compare("story", &told.blocks)?;
    pictures::compare_screen(&told.screen)?;
    pictures::compare_page(&told.page)
}

/// Every command has its page, with all of its flags.
#[tokio::test]
async fn every_command_has_its_page() -> Result<()> {
    let outcome = Lifeboat::new(["--help"])?.run().await?;
    let (_, list) = outcome.stdout.split_once("Commands:\n").context("no commands")?;
    let commands = list.lines().take_while(|it| it.starts_with("  "));
    let names: Vec<_> = commands
        .filter(|it| !it.starts_with("   "))
        .filter_map(|it| it.split_whitespace().next())
        .collect();
    ensure!(names.len() > 10, "{names:?}");
    let shown: BTreeSet<_> = blocks("shows")?.into_iter().map(|it| it.name).collect();
    for name in names {
        ensure!(
            shown.contains(&format!("lifeboat {name} --help")),
            "docs/commands/{name}.md is to show the help of {name}"
        );
    }
    Ok(())
}
