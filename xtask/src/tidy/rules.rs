//! The rules, one function each.

mod dependencies;
mod files;
mod length;
mod links;
mod machine;
mod pure;
mod reasons;
mod secrets;
mod shortcuts;
mod style;
mod supply;

use serde_json::Value;

use super::{Finding, Source};

pub(super) use self::supply::targets;

/// Checks every rule. `metadata` is the output of `cargo metadata --no-deps`, `graph` the one with all dependencies, and
/// `linked` names the packages that are in the program.
pub(super) fn check(sources: &[Source], metadata: &Value, graph: &Value, linked: &str) -> Vec<Finding> {
    let mut findings = dependencies::check(metadata);
    findings.extend(files::check(sources));
    findings.extend(length::check(sources));
    findings.extend(links::check(sources));
    findings.extend(reasons::check(sources, metadata));
    findings.extend(supply::check(sources, graph, linked));
    for source in sources {
        findings.extend(machine::check(source));
        findings.extend(pure::check(source));
        findings.extend(secrets::check(source));
        findings.extend(shortcuts::check(source));
        findings.extend(style::check(source));
    }
    findings
}

/// Checks the links between pages alone.
pub(super) fn dead_links(sources: &[Source]) -> Vec<Finding> {
    links::check(sources)
}

/// Where findings are expected, as `path:line: rule`, for the tests of the rules.
#[cfg(test)]
fn places(findings: impl IntoIterator<Item = Finding>) -> Vec<String> {
    let place = |finding: Finding| format!("{}:{}: {}", finding.path, finding.line, finding.rule);
    findings.into_iter().map(place).collect()
}
