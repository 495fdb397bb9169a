//! What a person types as a recovery key, against bs58 and the specification; and every key written and read back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lifeboat_preflight::{Understanding, fuzzing, understand};
use secrecy::SecretString;

/// The specification's own words: base58, `0x8b 0x01`, 32 bytes, and all bytes together give zero.
fn is_recovery_key(text: &str) -> bool {
    let text: String = text.chars().filter(|it| !it.is_whitespace()).collect();
    let bytes = bs58::decode(text).into_vec().unwrap_or_default();
    bytes.len() == 35 && bytes.starts_with(&[0x8b, 0x01]) && bytes.iter().fold(0, |sum, it| sum ^ it) == 0
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        if let Some((key, space)) = data.split_first_chunk() {
            fuzzing::recovery_key(key, std::str::from_utf8(space).unwrap_or(" "));
        }
        return;
    };
    let understanding = understand(&SecretString::from(text));
    if is_recovery_key(text) {
        assert_eq!(understanding, Understanding::RecoveryKey);
    }
    assert!(!understanding.to_string().is_empty());
});
