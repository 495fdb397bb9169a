//! Account data as secret storage: descriptions of keys, sealed secrets.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| lifeboat_preflight::fuzzing::secret_storage(data));
