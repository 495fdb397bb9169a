//! A status file: judged without a panic, and the same after it was written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lifeboat_report::{Generator, StatusFile};

fuzz_target!(|text: &str| {
    let Ok(file) = StatusFile::parse(text) else {
        return;
    };
    let report = file.clone().rejudge();
    let words: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert!(words.iter().all(|it| !it.is_empty()));
    let generator = Generator {
        name: "lifeboat".into(),
        version: "0".into(),
    };
    let written = StatusFile::of(&report, generator);
    let json = serde_json::to_string(&written).unwrap_or_default();
    assert_eq!(
        StatusFile::parse(&json),
        Ok(written),
        "it reads otherwise after it was written"
    );
});
