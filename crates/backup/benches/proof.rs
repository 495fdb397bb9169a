//! Measures the backup proof against the bare limit and against vodozemac, and the memory it needs.
//!
//! `cargo bench -p lifeboat-backup --bench proof` prints one line for each figure: name, value, unit, target. Ratios are
//! medians over rounds in which both sides ran one after the other, so that other work on the machine hits both alike.
//! With `-- quick` a tenth of the entries has to do for the memory.

use std::{
    fs,
    hint::black_box,
    io::{self, Write as _},
    num::NonZeroUsize,
    ops::{ControlFlow, Range},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use lifeboat_backup::{
    BackupKey, Body, Engine, EngineOptions, Item, Proof, Reader,
    generate::{BackupSize, Generator},
    message_index,
};
use serde::Deserialize;
use vodozemac::{
    Curve25519PublicKey, Curve25519SecretKey,
    pk_encryption::{Message, PkDecryption},
};

const SIZE: BackupSize = BackupSize {
    entries: 100_000,
    rooms: 500,
};
const ROUNDS: usize = 9;
const PIECE: usize = 64 * 1024;

fn main() -> Result<()> {
    let quick = std::env::args().any(|argument| argument == "quick");
    let bench = Bench {
        generator: Generator::new(1)?,
        threads: thread::available_parallelism()?,
    };
    bench.memory(if quick { 100_000 } else { 1_000_000 })?;
    bench.throughput()?;
    bench.headers()
}

struct Bench {
    generator: Generator,
    threads: NonZeroUsize,
}

/// What vodozemac needs of an entry.
#[derive(Deserialize)]
struct SessionData {
    ephemeral: String,
    ciphertext: String,
    mac: String,
}

#[derive(Deserialize)]
struct KeyBackupData {
    session_data: SessionData,
}

impl Bench {
    /// Lets all cores take chunk after chunk of `0..count`, and returns what each chunk gives, in order.
    fn spread<T: Send>(&self, count: u64, work: impl Fn(Range<u64>) -> T + Sync) -> Result<Vec<T>> {
        const CHUNK: u64 = 100;
        let next = AtomicU64::new(0);
        let take = || {
            let mut done = Vec::new();
            loop {
                let start = next.fetch_add(CHUNK, Ordering::Relaxed);
                if start >= count {
                    return done;
                }
                done.push((start, work(start..(start + CHUNK).min(count))));
            }
        };
        let done: Result<Vec<_>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads.get()).map(|_| scope.spawn(take)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().ok().context("a thread panicked"))
                .collect()
        });
        let mut done: Vec<_> = done?.into_iter().flatten().collect();
        done.sort_by_key(|(start, _)| *start);
        Ok(done.into_iter().map(|(_, result)| result).collect())
    }

    fn engine(&self, key: Option<&Arc<BackupKey>>) -> Result<Engine> {
        let key = key.map(Arc::clone);
        Ok(Engine::start(EngineOptions {
            key,
            threads: Some(self.threads),
            visit: None,
        })?)
    }

    fn prove(&self, listing: &[u8], key: Option<&Arc<BackupKey>>) -> Result<Proof> {
        let mut engine = self.engine(key)?;
        ensure!(
            listing.chunks(PIECE).all(|piece| engine.feed(piece).is_continue()),
            "the listing has no flaw"
        );
        Ok(engine.finish())
    }

    /// Streams entries that never lie in memory together.
    fn memory(&self, entries: u64) -> Result<()> {
        let key = Arc::new(self.generator.backup_key()?);
        let stream = |entries: u64| -> Result<Proof> {
            let size = BackupSize {
                entries,
                rooms: entries / 200,
            };
            let mut engine = self.engine(Some(&key))?;
            for start in (0..entries.max(1)).step_by(64) {
                let part = self.generator.listing(size, start..(start + 64).min(entries))?;
                ensure!(engine.feed(part.as_bytes()).is_continue(), "the listing has no flaw");
            }
            Ok(engine.finish())
        };
        ensure!(stream(0)?.is_flawless(), "an empty listing is flawless");
        let empty = peak_memory()?;
        let proof = stream(entries)?;
        ensure!(proof.opens() == entries, "{:?}", proof.states);
        let more = peak_memory()? - empty;
        print("memory.entries", entries as f64, "entries", "")?;
        print("memory.peak_over_empty_run", more, "MiB", "at most 64")
    }

    fn throughput(&self) -> Result<()> {
        let parts = self.spread(SIZE.entries, |part| self.generator.listing(SIZE, part))?;
        let listing: String = parts.into_iter().collect::<Result<_, _>>()?;
        let listing = listing.as_bytes();
        let key = Arc::new(self.generator.backup_key()?);
        let private = PrivateKey::from_private_key(&X25519, &self.generator.backup_key_bytes()?);
        let private = private.ok().context("private key")?;
        let sealed = sealed(listing)?;
        let ephemeral: Vec<[u8; 32]> = sealed
            .iter()
            .map(|sealed| Ok(Curve25519PublicKey::from_base64(&sealed.ephemeral)?.to_bytes()))
            .collect::<Result<_>>()?;
        let [mut bare, mut proof, mut vodozemac, mut read, mut list] = [const { Vec::new() }; 5];
        let mut processor = Vec::new();
        for _ in 0..ROUNDS {
            let start = processor_seconds()?;
            bare.push(seconds(|| self.bare(&private, &ephemeral))?);
            let middle = processor_seconds()?;
            proof.push(seconds(|| {
                let proof = self.prove(listing, Some(&key))?;
                ensure!(
                    proof.opens() == SIZE.entries && proof.is_flawless(),
                    "{:?}",
                    proof.states
                );
                Ok(())
            })?);
            processor.push((middle - start) / (processor_seconds()? - middle));
            vodozemac.push(seconds(|| self.vodozemac(&sealed))?);
            read.push(seconds(|| self.read(listing))?);
            list.push(seconds(|| {
                ensure!(self.prove(listing, None)?.sealed() == SIZE.entries, "all are sealed");
                Ok(())
            })?);
        }
        let entries = |times: &[f64]| SIZE.entries as f64 / median(times.iter().copied());
        let bytes = |times: &[f64]| listing.len() as f64 / median(times.iter().copied()) / 1e9;
        let ratio = |slow: &[f64], fast: &[f64]| median(slow.iter().zip(fast).map(|(slow, fast)| slow / fast));
        print(
            "listing.bytes_per_entry",
            listing.len() as f64 / SIZE.entries as f64,
            "bytes",
            "",
        )?;
        print("bare_x25519.rate", entries(&bare), "entries/s", "")?;
        print("proof.rate", entries(&proof), "entries/s", "")?;
        print(
            "proof.share_of_bare_x25519",
            ratio(&bare, &proof) * 100.0,
            "%",
            "at least 85",
        )?;
        print("proof.share_in_processor_time", median(processor) * 100.0, "%", "")?;
        print("vodozemac.rate", entries(&vodozemac), "entries/s", "")?;
        print("proof.times_vodozemac", ratio(&vodozemac, &proof), "times", "")?;
        print("reader.throughput", bytes(&read), "GB/s", "at least 1, one thread")?;
        print("list_without_key.rate", entries(&list), "entries/s", "")?;
        print("list_without_key.throughput", bytes(&list), "GB/s", "")
    }

    /// What all cores do when they compute only the key agreement.
    fn bare(&self, private: &PrivateKey, ephemeral: &[[u8; 32]]) -> Result<()> {
        let agreed = self.spread(ephemeral.len() as u64, |part| {
            let agrees = |key: &&[u8; 32]| {
                agree(private, UnparsedPublicKey::new(&X25519, key), (), |secret| {
                    black_box(secret);
                    Ok(())
                })
                .is_ok()
            };
            ephemeral[part.start as usize..part.end as usize]
                .iter()
                .filter(agrees)
                .count()
        })?;
        ensure!(agreed.iter().sum::<usize>() == ephemeral.len(), "all agree");
        Ok(())
    }

    /// What vodozemac does with the key hoisted out of the loop: decode and decrypt, nothing parsed.
    fn vodozemac(&self, sealed: &[SessionData]) -> Result<()> {
        let key = self.generator.backup_key_bytes()?;
        let opened = self.spread(sealed.len() as u64, |part| {
            let decryption = PkDecryption::from_key(Curve25519SecretKey::from_slice(&key));
            let opens = |SessionData {
                             ephemeral,
                             ciphertext,
                             mac,
                         }: &&SessionData| {
                Message::from_base64(ciphertext, mac, ephemeral)
                    .is_ok_and(|message| decryption.decrypt(&message).is_ok())
            };
            sealed[part.start as usize..part.end as usize]
                .iter()
                .filter(opens)
                .count()
        })?;
        ensure!(opened.iter().sum::<usize>() == sealed.len(), "vodozemac opens all");
        Ok(())
    }

    fn read(&self, listing: &[u8]) -> Result<()> {
        let mut entries = 0;
        read_entries(listing, |_| {
            entries += 1;
            Ok(())
        })?;
        ensure!(entries == SIZE.entries, "all are read");
        Ok(())
    }

    fn headers(&self) -> Result<()> {
        let mut sender = self.generator.session(0)?.sender()?;
        let events: Vec<String> = (0..1000).map(|_| sender.encrypt([b'x'; 300]).to_base64()).collect();
        let times = (0..ROUNDS).map(|_| {
            seconds(|| {
                for (index, event) in (0..).zip(&events) {
                    ensure!(message_index(event)? == index, "the index is read");
                }
                Ok(())
            })
        });
        let times: Vec<f64> = times.collect::<Result<_>>()?;
        print("header.time", median(times) * 1e9 / events.len() as f64, "ns/event", "")
    }
}

/// Hands each entry's JSON on.
fn read_entries(listing: &[u8], mut with: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut reader = Reader::new();
    let mut result = Ok(());
    for piece in listing.chunks(PIECE) {
        let flow = reader.feed(piece, |item| match item {
            Item::Entry {
                body: Body::Object(json),
                ..
            } => {
                result = with(json);
                if result.is_ok() {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            }
            Item::Entry { .. } | Item::Room(_) => ControlFlow::Continue(()),
        })?;
        if flow.is_break() {
            return result;
        }
    }
    Ok(reader.finish()?)
}

fn sealed(listing: &[u8]) -> Result<Vec<SessionData>> {
    let mut sealed = Vec::new();
    read_entries(listing, |json| {
        sealed.push(serde_json::from_slice::<KeyBackupData>(json)?.session_data);
        Ok(())
    })?;
    Ok(sealed)
}

fn seconds(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_secs_f64())
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Reads for how long this process's threads have been on a processor: what other programs do shows less in it.
fn processor_seconds() -> Result<f64> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").context("stat")?;
    let ticks: f64 = fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(str::parse::<f64>)
        .sum::<Result<_, _>>()?;
    Ok(ticks / TICKS_PER_SECOND)
}

/// Reads the peak of this process's resident memory, in MiB.
fn peak_memory() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .context("VmHWM")?;
    let kibibytes: f64 = peak.trim().trim_end_matches("kB").trim_end().parse()?;
    Ok(kibibytes / 1024.0)
}

fn print(name: &str, value: f64, unit: &str, target: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{name:<30}{value:>14.2} {unit:<12}{target}")?)
}
