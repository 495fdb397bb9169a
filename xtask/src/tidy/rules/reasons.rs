//! Every direct dependency has its reason on the page of dependencies.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Finding, Source};

const PAGE: &str = "docs/dependencies.md";
const RULE: &str = "dependency reasons";

/// Checks that the page's tables name exactly the packages that some member of the workspace depends on.
pub(super) fn check(sources: &[Source], metadata: &Value) -> Vec<Finding> {
    let Some(page) = sources.iter().find(|it| it.path == PAGE) else {
        return vec![Finding {
            path: PAGE.to_owned(),
            line: 1,
            rule: RULE,
            sentence: "the page is missing".to_owned(),
        }];
    };
    let used = used(metadata);
    // A table with another purpose follows.
    let direct = page.text.split(super::supply::TWICE).next().unwrap_or_default();
    let named = named(direct);
    let without = used.iter().filter(|(name, _)| !named.contains_key(*name));
    let reasonless =
        without.map(|(name, by)| page.finding(1, RULE, format!("{name}, which {by} depends on, has no row")));
    let superfluous = named.iter().filter(|(name, _)| !used.contains_key(*name));
    let useless =
        superfluous.map(|(name, line)| page.finding(*line, RULE, format!("nothing depends on {name} directly")));
    reasonless.chain(useless).collect()
}

/// Direct dependencies that are not members, and who has them.
fn used(metadata: &Value) -> BTreeMap<&str, &str> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let name_of = |it: &'_ Value| -> Option<String> { it["name"].as_str().map(str::to_owned) };
    let ours: Vec<String> = packages.iter().filter_map(name_of).collect();
    let mut used = BTreeMap::new();
    for package in packages {
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if let (Some(by), Some(name)) = (package["name"].as_str(), dependency["name"].as_str())
                && !ours.iter().any(|it| it == name)
            {
                used.entry(name).or_insert(by);
            }
        }
    }
    used
}

/// The packages that begin a table's row, and on which line.
fn named(page: &str) -> BTreeMap<&str, usize> {
    let rows = page.lines().zip(1..).filter_map(|(line, number)| {
        let (name, _) = line.strip_prefix("| `")?.split_once('`')?;
        Some((name, number))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::places;
    use super::*;

    fn found(page: &str) -> Vec<String> {
        let member = |name: &str, dependencies: Value| json!({"name": name, "dependencies": dependencies});
        let metadata = json!({"packages": [
            member("lifeboat", json!([{"name": "serde"}, {"name": "lifeboat-report"}, {"name": "insta", "kind": "dev"}])),
            member("lifeboat-report", json!([{"name": "serde"}])),
        ]});
        places(check(&[Source::new(PAGE, page)], &metadata))
    }

    #[test]
    fn every_dependency_has_a_row_and_every_row_a_dependency() {
        let good = "# Page\n\n| `insta` | tests |\n| `serde` | reads |\n";
        assert!(found(good).is_empty());
        assert_eq!(
            found("| `serde` | reads |"),
            ["docs/dependencies.md:1: dependency reasons"]
        );
        let more = format!("{good}| `left-pad` | pads |\n");
        assert_eq!(found(&more), ["docs/dependencies.md:5: dependency reasons"]);
    }

    #[test]
    fn a_missing_page_is_found() {
        assert_eq!(
            places(check(&[], &json!({"packages": []}))),
            ["docs/dependencies.md:1: dependency reasons"]
        );
    }
}
