//! Calls of the Matrix SDK that destroy or change more than they say.

use super::{Finding, Source};

/// Each by name, with the reason.
const SHORTCUTS: [(&str, &str); 10] = [
    (
        "recover_and_fix_backup",
        "deletes every backup when the stored key does not fit; repair plans and asks first",
    ),
    (
        "recover_and_reset",
        "makes a new recovery key in the same step as the recovery; do the two one by one",
    ),
    (
        "disable_and_delete",
        "deletes the key backup on the server; that needs an ark and consent",
    ),
    (
        "recovery().disable",
        "deletes key backup and secret storage; that needs an ark and consent",
    ),
    (
        "reset_identity",
        "replaces the identity and deletes backup and secret storage in one call",
    ),
    (
        "reset_cross_signing",
        "replaces the identity without a plan; every other session loses its trust",
    ),
    (
        "auto_enable_cross_signing: true",
        "creates an identity at sign-in; a check must change nothing",
    ),
    (
        "auto_enable_backups: true",
        "creates a key backup at sign-in; a check must change nothing",
    ),
    (
        "account().change_password",
        "never sends `logout_devices`, so it ends every other session; send the request",
    ),
    (
        "BackupDownloadStrategy::OneShot",
        "loads the whole backup in one answer without bound; use the backup engine",
    ),
];

/// Checks one file, its tests too: what must not happen to an account must not be tried either.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let Some(code) = source.code.as_ref().filter(|_| source.path.starts_with("crates/")) else {
        return Vec::new();
    };
    let calls = SHORTCUTS.iter().flat_map(|(name, reason)| {
        let found = move |line| source.finding(line, "sdk-shortcut", format!("`{name}` {reason}"));
        code.lines_with(name).into_iter().map(found)
    });
    calls.collect()
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn every_shortcut_is_found() {
        for (name, _) in SHORTCUTS {
            let text = format!("// first\nclient.{name}(x).await?;");
            let findings = check(&Source::new("crates/preflight/src/a.rs", &text));
            assert_eq!(
                places(findings),
                ["crates/preflight/src/a.rs:2: sdk-shortcut"],
                "{name}"
            );
        }
    }

    #[test]
    fn names_in_comments_and_longer_names_are_not() {
        let text = "//! Never `disable_and_delete`.\nfn explain_reset_identity() {}";
        assert!(check(&Source::new("crates/preflight/src/a.rs", text)).is_empty());
    }

    #[test]
    fn the_harness_may_break_accounts_on_purpose() {
        assert!(check(&Source::new("tests/src/a.rs", "backups.disable_and_delete()")).is_empty());
    }
}
