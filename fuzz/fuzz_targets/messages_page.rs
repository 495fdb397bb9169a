//! The answer of `/messages`: no message twice, none without its room key.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| lifeboat_preflight::fuzzing::messages_page(data));
