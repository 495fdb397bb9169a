//! Arks: read to the end within little memory, or refused.

#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use lifeboat_preflight::ark::{ArkError, ArkProgress, Sums, read, survey};
use tokio::runtime::{Builder, Runtime};

/// Small enough to be unpacked in one execution.
const LIMIT: u64 = 1 << 20;

thread_local! {
    static RUNTIME: Option<Runtime> = Builder::new_current_thread().build().ok();
}

fuzz_target!(|data: &[u8]| {
    let mut visited = Vec::new();
    let sums = read(data, |part| {
        let mut content = Vec::new();
        part.content
            .take(LIMIT)
            .read_to_end(&mut content)
            .map_err(ArkError::Read)?;
        visited.push((part.name, content.len() as u64));
        Ok(())
    });
    if let Ok(Sums { parts, bytes, .. }) = sums {
        assert_eq!(bytes, data.len() as u64);
        assert!(
            parts
                .iter()
                .zip(&visited)
                .all(|((name, length), seen)| { *name == seen.0 && seen.1 == (*length).min(LIMIT) })
        );
    }
    RUNTIME.with(|runtime| {
        let input = std::io::Cursor::new(data.to_vec());
        let progress = ArkProgress::default();
        let survey = survey(input, Vec::new(), &progress);
        let _ = runtime.as_ref().map(|it| it.block_on(survey));
    });
});
