//! Where the page's links lead.

use lifeboat_report::Finding;

/// The folder of the documentation. No address on the web is fixed yet, and a page may lie anywhere: the link names the
/// place in Lifeboat's own folder, and its text says the code to look for.
const DOCS: &str = "docs/";

/// Returns where the documentation explains a finding.
pub(super) fn of(finding: &Finding) -> String {
    format!("{DOCS}{}", finding.anchor())
}
