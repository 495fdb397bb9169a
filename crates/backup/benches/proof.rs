//! Measures the backup proof against vodozemac and against the bare limit, and its memory.
//!
//! `cargo bench -p lifeboat-backup` runs everything; `-- quick` leaves out the million entries.

use std::{
    fs,
    hint::black_box,
    num::NonZeroUsize,
    ops::Range,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use lifeboat_backup::{
    BackupKey, Engine, EngineOptions, Item, Opener, Proof, Reader,
    generate::{BackupSize, Generator},
    message_index,
};
use vodozemac::{
    Curve25519PublicKey, Curve25519SecretKey,
    pk_encryption::{Message, PkDecryption},
};

const ENTRIES: u64 = 100_000;
const ROUNDS: usize = 7;
const PIECE: usize = 64 * 1024;
const MEBIBYTE: f64 = 1024.0 * 1024.0;

fn main() -> Result<()> {
    let quick = std::env::args().any(|argument| argument == "quick");
    let bench = Bench::new()?;
    bench.memory(if quick { 100_000 } else { 1_000_000 })?;
    bench.throughput()?;
    bench.headers()
}

struct Bench {
    generator: Generator,
    threads: NonZeroUsize,
}

/// What one entry needs to be opened, already decoded: the input of the bare limit and of vodozemac.
struct Parts {
    ephemeral: String,
    ciphertext: String,
    mac: String,
}

impl Bench {
    fn new() -> Result<Self> {
        Ok(Self { generator: Generator::new(1)?, threads: thread::available_parallelism()? })
    }

    /// Spreads `0..count` over the threads and returns what they return, in order.
    fn spread<T: Send>(&self, count: u64, work: impl Fn(Range<u64>) -> T + Sync) -> Result<Vec<T>> {
        let share = count.div_ceil(self.threads.get() as u64).max(1);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..count)
                .step_by(share as usize)
                .map(|start| {
                    let work = &work;
                    scope.spawn(move || work(start..(start + share).min(count)))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().ok().context("a thread panicked")).collect()
        })
    }

    fn listing(&self, size: BackupSize) -> Result<String> {
        let parts = self.spread(size.entries, |part| self.generator.listing(size, part))?;
        parts.into_iter().map(|part| Ok(part?)).collect()
    }

    fn engine(&self, key: Option<Arc<BackupKey>>) -> Result<Engine> {
        Ok(Engine::start(EngineOptions { key, threads: Some(self.threads), ..EngineOptions::default() })?)
    }

    fn prove(&self, listing: &[u8], key: Option<Arc<BackupKey>>) -> Result<Proof> {
        let mut engine = self.engine(key)?;
        for piece in listing.chunks(PIECE) {
            let _ = engine.feed(piece);
        }
        Ok(engine.finish())
    }

    /// Streams entries that never lie in memory together.
    fn memory(&self, entries: u64) -> Result<()> {
        let key = Arc::new(self.generator.backup_key()?);
        let stream = |entries: u64| -> Result<Proof> {
            let size = BackupSize { entries, rooms: entries / 200 };
            let mut engine = self.engine(Some(Arc::clone(&key)))?;
            for start in (0..entries.max(1)).step_by(64) {
                let part = self.generator.listing(size, start..(start + 64).min(entries))?;
                let _ = engine.feed(part.as_bytes());
            }
            Ok(engine.finish())
        };
        ensure!(stream(0)?.is_flawless(), "an empty listing is flawless");
        let empty = peak_memory()?;
        let proof = stream(entries)?;
        ensure!(proof.opens() == entries, "{:?}", proof.states);
        let full = peak_memory()?;
        let more = (full - empty) / MEBIBYTE;
        println!("memory      {entries} entries streamed: {more:.1} MiB more than an empty run (at most 64)");
        drop(proof);
        Ok(())
    }

    fn throughput(&self) -> Result<()> {
        let size = BackupSize { entries: ENTRIES, rooms: 500 };
        let listing = self.listing(size)?;
        let listing = listing.as_bytes();
        let key = Arc::new(self.generator.backup_key()?);
        let parts = parts(listing)?;
        let private = PrivateKey::from_private_key(&X25519, &self.generator.backup_key_bytes()?).ok().context("key")?;
        let keys: Vec<[u8; 32]> = parts
            .iter()
            .map(|part| Ok(Curve25519PublicKey::from_base64(&part.ephemeral)?.to_bytes()))
            .collect::<Result<_>>()?;
        let mut times: [Vec<f64>; 5] = Default::default();
        let mut cpu = [0.0; 2];
        for _ in 0..ROUNDS {
            let before = processor_seconds()?;
            times[0].push(seconds(|| self.bare(&private, &keys))?);
            let between = processor_seconds()?;
            times[1].push(seconds(|| {
                let proof = self.prove(listing, Some(Arc::clone(&key)))?;
                ensure!(proof.opens() == ENTRIES, "{:?}", proof.states);
                Ok(())
            })?);
            cpu[0] += between - before;
            cpu[1] += processor_seconds()? - between;
            times[2].push(seconds(|| self.vodozemac(&parts))?);
            times[3].push(seconds(|| read(listing))?);
            times[4].push(seconds(|| {
                ensure!(self.prove(listing, None)?.sealed() == ENTRIES, "all are sealed");
                Ok(())
            })?);
        }
        let [bare, proof, vodozemac, read, list] = times.map(median);
        let rate = |seconds: f64| ENTRIES as f64 / seconds;
        let bytes = |seconds: f64| listing.len() as f64 / seconds / 1e9;
        println!("listing     {} bytes, {} for each entry", listing.len(), listing.len() as u64 / ENTRIES);
        println!("bare X25519 {:>8.0} entries/s", rate(bare));
        println!("proof       {:>8.0} entries/s, {:.1} % of the bare limit (at least 85)", rate(proof), bare / proof * 100.0);
        println!("            {:.1} % in processor time", cpu[0] / cpu[1] * 100.0);
        println!("vodozemac   {:>8.0} entries/s, the proof is {:.2} times as fast", rate(vodozemac), vodozemac / proof);
        println!("reader      {:.2} GB/s on one thread (at least 1)", bytes(read));
        println!("list only   {:.2} GB/s, {:.0} entries/s", bytes(list), rate(list));
        let mut opener = Opener::new(Some(key));
        let (id, entry) = self.generator.entry(0)?;
        let one = seconds(|| {
            for _ in 0..10_000 {
                black_box(opener.judge(id, entry.as_bytes()));
            }
            Ok(())
        })?;
        println!("one entry   {:.2} us", one * 1e6 / 10_000.0);
        Ok(())
    }

    /// What all cores do when they compute only the key agreement.
    fn bare(&self, private: &PrivateKey, keys: &[[u8; 32]]) -> Result<()> {
        let agreed = self.spread(keys.len() as u64, |part| {
            let keys = &keys[part.start as usize..part.end as usize];
            keys.iter().filter(|key| agree(private, UnparsedPublicKey::new(&X25519, key), (), |secret| {
                black_box(secret);
                Ok(())
            }).is_ok()).count()
        })?;
        ensure!(agreed.iter().sum::<usize>() == keys.len(), "all agree");
        Ok(())
    }

    fn vodozemac(&self, parts: &[Parts]) -> Result<()> {
        let key = self.generator.backup_key_bytes()?;
        let opened = self.spread(parts.len() as u64, |part| {
            let decryption = PkDecryption::from_key(Curve25519SecretKey::from_slice(&key));
            parts[part.start as usize..part.end as usize]
                .iter()
                .filter(|part| {
                    Message::from_base64(&part.ciphertext, &part.mac, &part.ephemeral)
                        .is_ok_and(|message| decryption.decrypt(&message).is_ok())
                })
                .count()
        })?;
        ensure!(opened.iter().sum::<usize>() == parts.len(), "vodozemac opens all");
        Ok(())
    }

    fn headers(&self) -> Result<()> {
        let mut sender = self.generator.session(0)?.sender()?;
        let events: Vec<String> = (0..1000).map(|_| sender.encrypt([b'x'; 300]).to_base64()).collect();
        let time = seconds(|| {
            for (index, event) in (0..).zip(&events) {
                ensure!(message_index(event)? == index, "the index is read");
            }
            Ok(())
        })?;
        println!("header      {:.0} ns for an event of {} characters", time * 1e6, events[0].len());
        Ok(())
    }
}

fn read(listing: &[u8]) -> Result<()> {
    let mut reader = Reader::new();
    let mut entries = 0;
    for piece in listing.chunks(PIECE) {
        let _ = reader.feed(piece, |item| {
            entries += u64::from(matches!(item, Item::Entry { .. }));
            std::ops::ControlFlow::Continue(())
        })?;
    }
    reader.finish()?;
    ensure!(entries == ENTRIES, "all are read");
    Ok(())
}

fn parts(listing: &[u8]) -> Result<Vec<Parts>> {
    let listing: serde_json::Value = serde_json::from_slice(listing)?;
    let rooms = listing["rooms"].as_object().context("rooms")?;
    let sessions = rooms.values().filter_map(|room| room["sessions"].as_object()).flat_map(serde_json::Map::values);
    sessions
        .map(|entry| {
            let part = |name: &str| entry["session_data"][name].as_str().map(str::to_owned).context("text");
            Ok(Parts { ephemeral: part("ephemeral")?, ciphertext: part("ciphertext")?, mac: part("mac")? })
        })
        .collect()
}

fn seconds(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().max(Duration::from_nanos(1)).as_secs_f64())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Reads how long all threads of this process have been on a processor, which other programs do not disturb.
fn processor_seconds() -> Result<f64> {
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(") ").context("stat")?.1.split(' ').skip(11).take(2);
    let ticks: f64 = fields.map(str::parse::<f64>).sum::<Result<_, _>>()?;
    Ok(ticks / TICKS)
}

/// Reads the peak of the resident memory of this process, in bytes.
fn peak_memory() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1024.0)
}
