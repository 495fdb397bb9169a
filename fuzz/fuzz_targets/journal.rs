//! The journal of a reset, and what would be done next.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| lifeboat_reset::fuzzing::journal(data));
