//! Texts that are kept in files, so that a change of words is seen.

use std::path::Path;

/// Compares `found` with the file `name` beside this one; with `UPDATE_GOLDEN` set it is written instead.
pub(super) fn assert_golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = kept
        .lines()
        .zip(found.lines())
        .enumerate()
        .find(|(_, (kept, found))| kept != found);
    assert!(
        kept == found,
        "{name} differs from what is kept, first at {difference:#?}; if that is meant, run the test with UPDATE_GOLDEN=1"
    );
}
