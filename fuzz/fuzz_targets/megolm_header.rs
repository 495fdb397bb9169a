//! The message index of an event, against vodozemac's parser.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lifeboat_backup::message_index;
use vodozemac::megolm::MegolmMessage;

/// The only format that goes with `m.megolm.v1.aes-sha2`; vodozemac parses others as well.
const VERSION: u8 = 3;

fn oracle(ciphertext: &str) -> Option<u32> {
    let message = MegolmMessage::from_base64(ciphertext).ok()?;
    (message.to_bytes().first() == Some(&VERSION)).then(|| message.message_index())
}

fuzz_target!(|data: &[u8]| {
    let text = match std::str::from_utf8(data) {
        Ok(text) if !text.starts_with('\u{3}') => text.to_owned(),
        _ => vodozemac::base64_encode(data),
    };
    assert_eq!(message_index(&text).ok(), oracle(&text), "{text}");
});
