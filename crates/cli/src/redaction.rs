//! Short hashes that stand for ids, the same in every file.

use sha2::{Digest, Sha256};

/// Returns what stands for `text` in a redacted document: the same for the same text, on every machine, so that two
/// files can be compared.
///
/// A guess can be confirmed by hashing it: this keeps names out of tickets, it does not hide them from somebody who
/// knows whom to look for.
pub(crate) fn hash(text: &str) -> String {
    let digest = Sha256::new()
        .chain_update(b"lifeboat redaction 1\0")
        .chain_update(text)
        .finalize();
    let digits: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    format!("redacted-{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_has_the_same_hash() {
        assert_eq!(hash("@mira:example.org"), hash("@mira:example.org"));
        assert_ne!(hash("@mira:example.org"), hash("@mira:example.com"));
        // A promise: files of different versions can be compared.
        insta::assert_snapshot!(hash("@mira:example.org"), @"redacted-cd5f5ef56b");
    }
}
