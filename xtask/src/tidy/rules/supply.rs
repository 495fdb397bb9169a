//! Where every package comes from, under which licence, and which are there twice: what `cargo deny` checks by `deny.toml`.
//!
//! Read from the same file, so that neither can be laxer than the other. `cargo deny` itself would take minutes to build.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{Finding, Source};

const POLICY: &str = "deny.toml";
const PAGE: &str = "docs/dependencies.md";
const RULE: &str = "supply chain";
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// The heading above the table of packages that are there more than once.
pub(super) const TWICE: &str = "## More than once";

/// What is read of `deny.toml`.
#[derive(Deserialize)]
struct Policy {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    package: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<String>,
    #[serde(default)]
    wildcards: String,
}

/// The kinds of machine whose packages are looked at; none where the policy cannot be read, which is a finding of its own.
pub(in crate::tidy) fn targets(sources: &[Source]) -> Vec<String> {
    policy(sources).map(|it| it.graph.targets).unwrap_or_default()
}

fn policy(sources: &[Source]) -> Result<Policy, String> {
    let text = sources.iter().find(|it| it.path == POLICY).ok_or("it is missing")?;
    toml::from_str(&text.text).map_err(|error| error.message().to_owned())
}

/// Checks `graph`, the output of `cargo metadata` with all dependencies, and `linked`, each package in the program with its
/// version.
pub(super) fn check(sources: &[Source], graph: &Value, linked: &str) -> Vec<Finding> {
    let finding = |path: &str, sentence: String| Finding {
        path: path.to_owned(),
        line: 1,
        rule: RULE,
        sentence,
    };
    let text_of = |path: &str| sources.iter().find(|it| it.path == path).map(|it| it.text.as_str());
    let policy = match policy(sources) {
        Ok(policy) => policy,
        Err(problem) => return vec![finding(POLICY, problem)],
    };
    let mut sentences = BTreeSet::new();
    for package in graph["packages"].as_array().into_iter().flatten() {
        sentences.extend(problem_of(package, &policy));
        if policy.bans.wildcards == "deny" {
            sentences.extend(wildcards_of(package));
        }
    }
    let mut findings: Vec<_> = sentences.into_iter().map(|it| finding(POLICY, it)).collect();
    let (twice, explained) = (twice(linked), explained(text_of(PAGE).unwrap_or_default()));
    let unexplained = twice.iter().filter(|(name, _)| !explained.contains(*name));
    findings.extend(unexplained.map(|(name, versions)| {
        let versions = Vec::from_iter(versions.iter().copied()).join(" and ");
        finding(
            PAGE,
            format!("{name} is in the program as {versions}, and no row says why"),
        )
    }));
    let gone = explained.iter().filter(|it| !twice.contains_key(*it));
    findings.extend(gone.map(|it| finding(PAGE, format!("{it} is not in the program twice"))));
    findings
}

fn problem_of(package: &Value, policy: &Policy) -> Option<String> {
    let name = package["name"].as_str()?;
    // Our own packages have no source.
    let source = package["source"].as_str()?;
    if source != REGISTRY {
        return Some(format!("{name} comes from {source}"));
    }
    if policy.bans.deny.iter().any(|it| it == name) {
        return Some(format!("{name} is not allowed"));
    }
    let exceptions = policy.licenses.exceptions.iter().filter(|it| it.package == name);
    let allowed: Vec<&String> = policy
        .licenses
        .allow
        .iter()
        .chain(exceptions.flat_map(|it| &it.allow))
        .collect();
    let Some(license) = package["license"].as_str() else {
        return Some(format!("{name} names no licence"));
    };
    let Ok(expression) = spdx::Expression::parse_mode(license, spdx::ParseMode::LAX) else {
        return Some(format!("the licence of {name} cannot be understood: {license}"));
    };
    let is_allowed = |it: &spdx::LicenseReq| {
        let id = it.license.id().map(|it| it.name);
        id.is_some_and(|id| allowed.iter().any(|it| *it == id))
    };
    (!expression.evaluate(is_allowed)).then(|| format!("the licence of {name} is not allowed: {license}"))
}

/// Says of which packages one of our own would take any version. Those in the workspace have but one; in crates.io there is
/// no package that would.
fn wildcards_of(package: &Value) -> Vec<String> {
    if !package["source"].is_null() {
        return Vec::new();
    }
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let wild = dependencies.filter(|it| it["req"] == "*" && it["path"].is_null());
    let text = |it: &Value| it["name"].as_str().unwrap_or_default().to_owned();
    wild.map(|it| format!("{} takes any version of {}", text(package), text(it)))
        .collect()
}

/// The packages of which several versions are linked into the program.
fn twice(linked: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in linked.lines() {
        let mut words = line.split(' ');
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            versions.entry(name).or_default().insert(version);
        }
    }
    versions.retain(|_, it| it.len() > 1);
    versions
}

/// The packages named in the first column of the page's table of such packages.
fn explained(page: &str) -> BTreeSet<&str> {
    let table = page.split_once(TWICE).map(|(_, rest)| rest).unwrap_or_default();
    let table = table.split("\n## ").next().unwrap_or_default();
    let cells = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once(" |"));
    cells
        .flat_map(|(cell, _)| {
            cell.split('`')
                .map(|it| it.trim_matches([',', ' ']))
                .filter(|it| !it.is_empty())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ALLOWING: &str = "[graph]\ntargets = []\n[licenses]\nallow = [\"MIT\"]\nexceptions = [{ crate = \"odd\", allow = [\"NCSA\"] }]\n[bans]\ndeny = [\"bad\"]\nwildcards = \"deny\"";

    fn package(name: &str, license: &str) -> Value {
        json!({"name": name, "license": license, "source": REGISTRY})
    }

    fn found(page: &str, packages: &[Value], linked: &str) -> Vec<String> {
        let sources = [Source::new(POLICY, ALLOWING), Source::new(PAGE, page)];
        let findings = check(&sources, &json!({"packages": packages}), linked);
        findings.into_iter().map(|it| it.sentence).collect()
    }

    #[test]
    fn licences_sources_and_bans_are_held() {
        let ours = json!({"name": "lifeboat", "license": "ask me", "source": null});
        let good = [package("good", "Apache-2.0 OR MIT"), package("odd", "MIT/NCSA"), ours];
        assert!(found("", &good, "").is_empty());
        let mut elsewhere = package("git", "MIT");
        elsewhere["source"] = json!("git+https://example.org");
        for (package, sentence) in [
            (
                package("strict", "GPL-3.0-only"),
                "the licence of strict is not allowed: GPL-3.0-only",
            ),
            (
                package("both", "MIT AND NCSA"),
                "the licence of both is not allowed: MIT AND NCSA",
            ),
            (
                package("words", "ask me"),
                "the licence of words cannot be understood: ask me",
            ),
            (package("bad", "MIT"), "bad is not allowed"),
            (elsewhere, "git comes from git+https://example.org"),
        ] {
            assert_eq!(found("", &[package], ""), [sentence]);
        }
    }

    #[test]
    fn any_version_will_do_of_our_own_packages_alone() {
        let dependencies = json!([
            {"name": "chosen", "req": "^1"},
            {"name": "lifeboat-report", "req": "*", "path": "crates/report"},
            {"name": "loose", "req": "*"},
        ]);
        let ours = json!({"name": "lifeboat", "source": null, "dependencies": dependencies});
        assert_eq!(found("", &[ours], ""), ["lifeboat takes any version of loose"]);
    }

    #[test]
    fn what_is_in_the_program_twice_needs_a_row_and_nothing_else_has_one() {
        let linked = "a v1.0.0\na v2.0.0\nb v1.0.0\na v1.0.0 (*)\n";
        assert_eq!(
            found("", &[], linked),
            ["a is in the program as v1.0.0 and v2.0.0, and no row says why"]
        );
        let page = format!("{TWICE}\n\n| `a`, `c` | because |\n\n## Other\n\n| `d` | because |\n");
        assert_eq!(found(&page, &[], linked), ["c is not in the program twice"]);
    }

    #[test]
    fn a_policy_that_is_not_there_is_a_finding() {
        assert_eq!(check(&[], &json!({}), "").len(), 1);
    }
}
