//! The bill of materials, made by `cargo-cyclonedx`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Dist, output, tool};
use crate::workspace::Workspace;

/// The maintained tool of the CycloneDX project.
const TOOL: (&str, &str) = ("cargo-cyclonedx", "0.5.9");

/// Lists every crate that is in the program, with version, licence and checksum.
pub(super) fn write(workspace: &Workspace, dist: &Dist) -> Result<PathBuf> {
    let (name, version) = TOOL;
    let tool = tool(workspace, name, version)?;
    // It writes beside each manifest of the workspace, so it gets a copy of what is committed.
    let copy = dist.folder.join("source");
    let mut git = Command::new("git");
    git.args(["checkout-index", "--all"])
        .arg(format!("--prefix={}/", copy.display()));
    output(git.current_dir(workspace.root()))?;
    let mut cyclonedx = Command::new(tool);
    cyclonedx
        .args([
            "cyclonedx",
            "--format",
            "json",
            "--quiet",
            "--override-filename",
            "materials",
            "--spec-version",
            "1.5",
        ])
        .args(["--target", &dist.target])
        .arg("--manifest-path")
        .arg(copy.join("crates/cli/Cargo.toml"))
        .env("SOURCE_DATE_EPOCH", &dist.epoch)
        .current_dir(&copy);
    output(&mut cyclonedx)?;
    let text = fs::read_to_string(copy.join("crates/cli/materials.json"))?;
    check(&text)?;
    let file = dist.folder.join(format!("lifeboat-{}.cdx.json", dist.version));
    // Where the copy lay is nobody's business.
    fs::write(&file, text.replace(&copy.display().to_string(), ""))?;
    fs::remove_dir_all(copy)?;
    Ok(file)
}

/// Makes sure that the document is about the program and that what it leans on is in it.
fn check(text: &str) -> Result<()> {
    let document: Value = serde_json::from_str(text)?;
    ensure!(document["bomFormat"] == "CycloneDX", "this is no CycloneDX document");
    ensure!(
        document["metadata"]["component"]["name"] == "lifeboat",
        "it is about another package"
    );
    let components = document["components"].as_array().context("it names nothing")?;
    for name in ["matrix-sdk", "vodozemac", "rustls", "lifeboat-report"] {
        ensure!(
            components.iter().any(|it| it["name"] == name),
            "{name} is not in the bill of materials"
        );
    }
    for name in ["proptest", "insta"] {
        ensure!(
            components.iter().all(|it| it["name"] != name),
            "{name} is for tests, and not in the program"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bill_that_leaves_something_out_is_refused() {
        let named = |names: &[&str]| {
            let components: Vec<_> = names.iter().map(|it| json!({"name": it})).collect();
            let about = json!({"component": {"name": "lifeboat"}});
            json!({"bomFormat": "CycloneDX", "metadata": about, "components": components}).to_string()
        };
        let whole = ["matrix-sdk", "vodozemac", "rustls", "lifeboat-report"];
        check(&named(&whole)).unwrap();
        assert!(check(&named(&whole[1..])).is_err());
        assert!(check(&named(&[&whole[..], &["insta"]].concat())).is_err());
        assert!(check("{}").is_err());
    }
}
