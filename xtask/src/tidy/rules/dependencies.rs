//! The direction of dependencies, from what Cargo itself says.

use serde_json::Value;

use super::Finding;

/// What a package may depend on.
struct Package {
    name: &'static str,
    /// Packages of this workspace.
    ours: &'static [&'static str],
    /// Others, when only these are allowed.
    only: Option<&'static [&'static str]>,
    /// Others that are not allowed, in addition to [`TERMINAL`] and the like.
    never: &'static [&'static str],
}

const REPORT: &str = "lifeboat-report";
const BACKUP: &str = "lifeboat-backup";
const PREFLIGHT: &str = "lifeboat-preflight";
const RESCUE: &str = "lifeboat-rescue";
const RESET: &str = "lifeboat-reset";
const PROGRAM: &str = "lifeboat";

/// Input, output and time; what the pure packages are kept free of.
const OUTSIDE: &[&str] = &[
    "tokio",
    "matrix-sdk",
    "matrix-sdk-base",
    "matrix-sdk-crypto",
    "reqwest",
    "hyper",
    "chrono",
];

/// For the only package that prints or asks.
const TERMINAL: &[&str] = &[
    "anstream",
    "anstyle",
    "clap",
    "clap_complete",
    "clap_mangen",
    "comfy-table",
    "console",
    "crossterm",
    "dialoguer",
    "indicatif",
    "inquire",
    "owo-colors",
    "ratatui",
    "rpassword",
    "tabled",
    "terminal_size",
    "tracing-subscriber",
];

const PACKAGES: [Package; 9] = [
    Package {
        name: REPORT,
        ours: &[],
        // `serde_json` parses status files: pure, bytes in and values out.
        only: Some(&["schemars", "serde", "serde_json"]),
        never: &[],
    },
    Package {
        name: BACKUP,
        ours: &[REPORT],
        only: None,
        never: OUTSIDE,
    },
    Package {
        name: PREFLIGHT,
        ours: &[REPORT, BACKUP],
        only: None,
        never: TERMINAL,
    },
    Package {
        name: RESCUE,
        ours: &[REPORT, BACKUP, PREFLIGHT],
        only: None,
        never: TERMINAL,
    },
    Package {
        name: RESET,
        ours: &[REPORT, BACKUP, PREFLIGHT],
        only: None,
        never: TERMINAL,
    },
    Package {
        name: PROGRAM,
        ours: &[REPORT, BACKUP, PREFLIGHT, RESCUE, RESET],
        only: None,
        never: &[],
    },
    Package {
        name: "lifeboat-fuzz",
        ours: &[REPORT, BACKUP, PREFLIGHT, RESCUE, RESET, PROGRAM],
        only: None,
        never: &[],
    },
    Package {
        name: "lifeboat-tests",
        ours: &[REPORT, BACKUP, PREFLIGHT, RESCUE, RESET, PROGRAM],
        only: None,
        never: &[],
    },
    Package {
        name: "xtask",
        ours: &[],
        only: None,
        never: OUTSIDE,
    },
];

/// Checks every member of the workspace. Test dependencies obey the direction among our own packages only.
pub(super) fn check(metadata: &Value) -> Vec<Finding> {
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ours: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut findings = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let manifest = package["manifest_path"].as_str().unwrap_or_default();
        let path = manifest.strip_prefix(root).unwrap_or(manifest).trim_start_matches('/');
        let mut report = |sentence| {
            findings.push(Finding {
                path: path.to_owned(),
                line: 1,
                rule: "dependencies",
                sentence,
            });
        };
        let Some(rule) = PACKAGES.iter().find(|rule| rule.name == name) else {
            report(format!(
                "{name} is not in the table of packages in tidy, which says what it may depend on"
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or_default();
            let for_tests = dependency["kind"] == "dev";
            let itself = used == name && for_tests;
            if ours.contains(&used) && !itself && !rule.ours.contains(&used) {
                report(format!("{name} must not depend on {used}"));
            } else if !ours.contains(&used) && !for_tests && !rule.allows(used) {
                report(format!("{name} must not depend on {used}, see the architecture page"));
            }
        }
    }
    findings
}

impl Package {
    fn allows(&self, used: &str) -> bool {
        self.only.is_none_or(|only| only.contains(&used)) && !self.never.contains(&used) && self.may_be_loose(used)
    }

    /// Libraries have closed errors and do not talk; the pure one among them neither.
    fn may_be_loose(&self, used: &str) -> bool {
        let library = [REPORT, BACKUP, PREFLIGHT, RESCUE, RESET].contains(&self.name);
        !library || (used != "anyhow" && !TERMINAL.contains(&used))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn findings(package: &str, dependency: &str, kind: Value) -> Vec<String> {
        let member = |name: &str, dependencies: Value| json!({"name": name, "manifest_path": format!("/top/{name}/Cargo.toml"), "dependencies": dependencies});
        let metadata = json!({"workspace_root": "/top", "packages": [
            member(package, json!([{"name": dependency, "kind": kind}])),
            member("lifeboat-preflight", json!([])),
            member("xtask", json!([])),
        ]});
        check(&metadata).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn forbidden_dependencies_are_found() {
        for (package, dependency) in [
            ("lifeboat-report", "thiserror"),
            ("lifeboat-report", "lifeboat-preflight"),
            ("lifeboat-backup", "tokio"),
            ("lifeboat-backup", "clap"),
            ("lifeboat-rescue", "anyhow"),
            ("lifeboat-reset", "indicatif"),
            ("lifeboat-backup", "lifeboat-preflight"),
            ("lifeboat", "xtask"),
            ("xtask", "matrix-sdk"),
            ("xtask", "lifeboat-preflight"),
        ] {
            assert_eq!(
                findings(package, dependency, Value::Null).len(),
                1,
                "{package} on {dependency}"
            );
        }
    }

    #[test]
    fn good_dependencies_are_not() {
        for (package, dependency, kind) in [
            ("lifeboat-report", "serde", Value::Null),
            ("lifeboat-report", "insta", json!("dev")),
            ("lifeboat-report", "lifeboat-report", json!("dev")),
            ("lifeboat-rescue", "lifeboat-preflight", Value::Null),
            ("lifeboat", "clap", Value::Null),
            ("lifeboat-tests", "anyhow", Value::Null),
        ] {
            assert_eq!(
                findings(package, dependency, kind),
                Vec::<String>::new(),
                "{package} on {dependency}"
            );
        }
    }

    #[test]
    fn test_dependencies_obey_the_direction_too() {
        assert_eq!(
            findings("lifeboat-report", "lifeboat-preflight", json!("dev")),
            ["lifeboat-report/Cargo.toml:1: dependencies: lifeboat-report must not depend on lifeboat-preflight"]
        );
    }

    #[test]
    fn a_package_without_a_rule_is_found() {
        assert_eq!(findings("lifeboat-new", "serde", Value::Null).len(), 1);
    }
}
