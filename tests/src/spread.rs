//! Work for all cores.

use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use anyhow::{Context as _, Result};

/// How many numbers a thread takes at a time.
const CHUNK: u64 = 100;

/// Lets every core take chunk after chunk of `0..count`, and returns what each chunk gives, in order.
pub fn spread<T: Send>(count: u64, work: impl Fn(Range<u64>) -> Result<T> + Sync) -> Result<Vec<T>> {
    let next = AtomicU64::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let start = next.fetch_add(CHUNK, Ordering::Relaxed);
            if start >= count {
                return Ok(done);
            }
            done.push((start, work(start..(start + CHUNK).min(count))?));
        }
    };
    let done: Result<Vec<Vec<_>>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..thread::available_parallelism()?.get())
            .map(|_| scope.spawn(take))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().ok().context("a thread panicked")?)
            .collect()
    });
    let mut done: Vec<_> = done?.into_iter().flatten().collect();
    done.sort_by_key(|(start, _)| *start);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
