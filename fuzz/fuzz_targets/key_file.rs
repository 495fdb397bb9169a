//! Key files, and the list in them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lifeboat_rescue::fuzzing;

fuzz_target!(|data: &[u8]| {
    fuzzing::key_file(data, "passphrase");
    fuzzing::key_list(data);
});
