//! `/.well-known/matrix/client` leads to a web address or nowhere.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| lifeboat_preflight::fuzzing::well_known(data));
