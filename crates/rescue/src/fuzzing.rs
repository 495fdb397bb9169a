//! Doors to the parsers of key files, for `fuzz/` alone.

use secrecy::SecretString;

use crate::{KeyFile, KeyFileContent, RoomKeys, key_file::read_list};

/// As many rounds as one execution can afford.
const AFFORDABLE: u32 = 64;

/// Takes a text for a key file, and tries a passphrase where that is cheap.
pub fn key_file(text: &[u8], passphrase: &str) {
    let file = KeyFile::parse(text);
    if let Ok(file) = file.as_ref().map_err(drop)
        && file.rounds() <= AFFORDABLE
    {
        let _ = file.open(&SecretString::from(passphrase), &mut RoomKeys::default());
    }
}

/// Takes a text for the decrypted list in a key file.
///
/// # Panics
///
/// When more room keys are kept than were read, or when the same list gives something new.
pub fn key_list(plain: &[u8]) {
    let mut keys = RoomKeys::default();
    let Ok(KeyFileContent { keys: read, .. }) = read_list(plain, &mut keys) else {
        return;
    };
    let kept = keys.len();
    assert!(kept as u64 <= read, "{kept} of {read}");
    let again = read_list(plain, &mut keys);
    assert!(
        again.is_ok() && keys.len() == kept,
        "the same list, and other room keys"
    );
}
