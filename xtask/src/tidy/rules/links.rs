//! Links between the project's own pages, and their table of contents.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Source};

/// The folder of the book, and its table of contents.
const BOOK: &str = "docs/";
const CONTENTS: &str = "docs/SUMMARY.md";

/// Checks that every relative link in a Markdown page leads to a file or folder and, where it names a place in a page, to a
/// heading; and that the book's table of contents names each of its pages.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut known = BTreeSet::from([String::new()]);
    for source in sources {
        known.insert(source.path.clone());
        known.extend(
            source
                .path
                .match_indices('/')
                .map(|(place, _)| source.path[..place].to_owned()),
        );
    }
    let pages = || sources.iter().filter(|source| source.path.ends_with(".md"));
    let headings: BTreeMap<&str, BTreeSet<String>> = pages().map(|it| (it.path.as_str(), headings(&it.text))).collect();
    let mut findings = contents(sources);
    for source in pages() {
        let mut fenced = false;
        for (number, line) in (1..).zip(source.text.lines()) {
            fenced ^= line.trim_start().starts_with("```");
            for target in targets(line).filter(|_| !fenced) {
                let (file, place) = target.split_once('#').unwrap_or((target, ""));
                let path = if file.is_empty() {
                    source.path.clone()
                } else {
                    resolve(&source.path, file)
                };
                let there = place.is_empty() || headings.get(path.as_str()).is_some_and(|it| it.contains(place));
                if !known.contains(&path) || !there {
                    findings.push(source.finding(number, "link", format!("`{target}` leads nowhere")));
                }
            }
        }
    }
    findings
}

/// Pages of the book that nobody finds.
fn contents(sources: &[Source]) -> Vec<Finding> {
    let Some(contents) = sources.iter().find(|it| it.path == CONTENTS) else {
        return Vec::new();
    };
    let named: BTreeSet<String> = contents
        .text
        .lines()
        .flat_map(targets)
        .map(|it| resolve(CONTENTS, it))
        .collect();
    let pages = sources
        .iter()
        .filter(|it| it.path.starts_with(BOOK) && it.path.ends_with(".md"));
    pages
        .filter(|it| it.path != CONTENTS && !named.contains(&it.path))
        .map(|it| it.finding(1, "contents", format!("{CONTENTS} does not name this page")))
        .collect()
}

/// The places in a page that can be named, as GitHub and mdBook make them of headings.
fn headings(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        if !fenced && title.len() < line.len() && title.starts_with(' ') {
            let letters = title.trim().chars().filter_map(|it| match it {
                ' ' => Some('-'),
                '-' | '_' => Some(it),
                it if it.is_alphanumeric() => Some(it),
                _ => None,
            });
            found.insert(letters.collect::<String>().to_lowercase());
        }
    }
    found
}

/// The relative targets of the inline links of a line, with their anchors.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', ' ']).next()?;
        (!target.is_empty() && !target.contains(':')).then_some(target)
    })
}

/// The path from the top of a target given relative to a page.
fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        places(check(&[
            Source::new("docs/src/page.md", text),
            Source::new("docs/src/other.md", "# A `part` of it, too\n```text\n# none\n```\n"),
            Source::new("README.md", ""),
        ]))
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        assert_eq!(found("see\n[gone](gone.md)"), ["docs/src/page.md:2: link"]);
        assert_eq!(
            found("[a](other.md) and [b](../README.md)"),
            ["docs/src/page.md:1: link"]
        );
    }

    #[test]
    fn places_that_no_heading_makes_are_found() {
        assert_eq!(found("# Here\n[a](#there)"), ["docs/src/page.md:2: link"]);
        assert_eq!(found("[a](other.md#none)"), ["docs/src/page.md:1: link"]);
    }

    #[test]
    fn pages_that_the_table_of_contents_leaves_out_are_found() {
        let contents = Source::new(CONTENTS, "- [A](a.md)\n");
        let pages = [contents, Source::new("docs/a.md", ""), Source::new("docs/sub/b.md", "")];
        assert_eq!(places(check(&pages)), ["docs/sub/b.md:1: contents"]);
    }

    #[test]
    fn good_links_addresses_anchors_and_samples_are_not() {
        let text = "# Here\n[a](other.md#a-part-of-it-too) [b](../../README.md) [c](https://example.org) [d](#here) [e](../src/)\n";
        assert_eq!(found(text), [""; 0]);
        assert_eq!(found("```text\n[gone](gone.md)\n```\n"), [""; 0]);
    }
}
