//! Links between the project's own pages.

use std::collections::BTreeSet;

use super::{Finding, Source};

/// Checks that every relative link in a Markdown page leads to a file or folder.
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
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".md")) {
        let mut fenced = false;
        for (number, line) in (1..).zip(source.text.lines()) {
            fenced ^= line.trim_start().starts_with("```");
            let links = targets(line).filter(|_| !fenced);
            for target in links.filter(|target| !known.contains(&resolve(&source.path, target))) {
                findings.push(source.finding(number, "link", format!("`{target}` leads nowhere")));
            }
        }
    }
    findings
}

/// The relative targets of the inline links of a line, without anchors.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', ' ']).next()?.split('#').next()?;
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
            Source::new("docs/src/other.md", ""),
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
    fn good_links_addresses_anchors_and_samples_are_not() {
        let text = "[a](other.md#part) [b](../../README.md) [c](https://example.org) [d](#here) [e](../src/)\n";
        assert_eq!(found(text), [""; 0]);
        assert_eq!(found("```text\n[gone](gone.md)\n```\n"), [""; 0]);
    }
}
