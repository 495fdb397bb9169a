//! The configuration file: understood, or refused in two sentences.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| lifeboat::fuzzing::config_file(text));
