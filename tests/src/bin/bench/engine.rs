//! How fast the backup proof is, beside the bare limit and beside others.

use std::{
    hint::black_box,
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use lifeboat_backup::{BackupKey, Body, Engine, EngineOptions, Item, Proof, Reader, generate::BackupSize};
use matrix_sdk::encryption::vodozemac::{
    Curve25519PublicKey, Curve25519SecretKey,
    pk_encryption::{Message, PkDecryption},
};
use serde::Deserialize;

use crate::{
    backup::Backup,
    element, sdk,
    spread::spread,
    table::{Table, median, rate, ratio},
};

const SIZE: BackupSize = BackupSize {
    entries: 100_000,
    rooms: 500,
};
/// How many entries Element's engine gets: all of them would take minutes.
const FOR_ELEMENT: BackupSize = BackupSize {
    entries: 10_000,
    rooms: 50,
};
const ROUNDS: usize = 9;
/// The others take so long that three rounds have to do.
const SLOW_ROUNDS: usize = 3;
/// As large as pieces that come from a socket.
const PIECE: usize = 64 * 1024;

pub(crate) async fn measure() -> Result<Table> {
    let backup = Backup::generate(SIZE)?;
    let bench = Bench::of(&backup)?;
    let [mut bare, mut proof, mut vodozemac, mut read, mut list] = [const { Vec::new() }; 5];
    // In turns, so that whatever else the machine does is in all of them.
    for _ in 0..ROUNDS {
        bare.push(timed(|| bench.agree())?);
        proof.push(timed(|| bench.prove())?);
        vodozemac.push(timed(|| bench.decrypt_with_vodozemac())?);
        read.push(timed(|| bench.read())?);
        list.push(timed(|| bench.list())?);
    }
    let mut restores = Vec::new();
    for _ in 0..SLOW_ROUNDS {
        restores.push((timed(|| bench.prove())?, sdk::restore(&backup).await?));
    }
    let few = Backup::generate(FOR_ELEMENT)?;
    let mut wasm = Vec::new();
    for _ in 0..SLOW_ROUNDS {
        let own = timed(|| bench.prove())?;
        wasm.extend(element::restore(&few)?.map(|its| (own, its)));
    }

    let share = median(bare.iter().zip(&proof).map(|(bare, proof)| ratio(*bare, *proof)));
    let of_all = |times: Vec<Duration>| rate(SIZE.entries, median(times));
    let mut table = Table::new(
        "Backup proof",
        format!(
            "{} generated entries ({:.0} bytes each) in {} rooms, in memory: read, decrypted on all cores, checked, sorted. \
             Medians of {ROUNDS} rounds, those of the SDK and of Element's engine of {SLOW_ROUNDS}; the ratios are medians of \
             the rounds' ratios. The SDK restores all entries from a server in the same process into its SQLite store, as \
             its one-shot download does. Element's engine gets {} entries and a store in memory; rates are compared.",
            SIZE.entries,
            backup.listing.len() as f64 / SIZE.entries as f64,
            SIZE.rooms,
            FOR_ELEMENT.entries,
        ),
    );
    table.row("X25519 of `aws-lc-rs` alone, on all cores", of_all(bare), "");
    table.row("**the proof**", of_all(proof), "");
    table.row(
        "share of X25519 alone",
        format!("{:.1} %", share * 100.0),
        "at least 85 %",
    );
    let (own, others): (Vec<_>, Vec<_>) = restores.into_iter().unzip();
    let times = median(own.iter().zip(&others).map(|(own, other)| ratio(*other, *own)));
    table.row("matrix-sdk, decrypt and import into SQLite", of_all(others), "");
    table.row("the proof is faster by", format!("{times:.1} ×"), "at least 10 ×");
    if wasm.is_empty() {
        table.row("Element's engine", "not measured: node is not there", "at least 25 ×");
    } else {
        let scale = SIZE.entries as f64 / FOR_ELEMENT.entries as f64;
        let times = median(wasm.iter().map(|(own, its)| ratio(*its, *own) * scale));
        let its = median(wasm.into_iter().map(|(_, its)| its));
        table.row(
            "Element's engine, decrypt and import into memory",
            rate(FOR_ELEMENT.entries, its),
            "",
        );
        table.row("the proof is faster by", format!("{times:.1} ×"), "at least 25 ×");
    }
    table.row("vodozemac on all cores, decrypt only", of_all(vodozemac), "");
    table.row("reading the listing, one thread", of_all(read), "");
    table.row("listing without a key", of_all(list), "");
    Ok(table)
}

/// What the proof and the limits are measured on.
struct Bench<'a> {
    listing: &'a [u8],
    key: Arc<BackupKey>,
    private: [u8; BackupKey::LENGTH],
    threads: NonZeroUsize,
    sealed: Vec<SessionData>,
    ephemeral: Vec<[u8; BackupKey::LENGTH]>,
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

impl<'a> Bench<'a> {
    fn of(backup: &'a Backup) -> Result<Self> {
        let mut sealed = Vec::new();
        read_entries(&backup.listing, |json| {
            sealed.push(serde_json::from_slice::<KeyBackupData>(json)?.session_data);
            Ok(())
        })?;
        let ephemeral = sealed
            .iter()
            .map(|sealed| Ok(Curve25519PublicKey::from_base64(&sealed.ephemeral)?.to_bytes()));
        Ok(Self {
            listing: &backup.listing,
            key: Arc::new(backup.generator.backup_key()?),
            private: backup.generator.backup_key_bytes()?,
            threads: thread::available_parallelism()?,
            ephemeral: ephemeral.collect::<Result<_>>()?,
            sealed,
        })
    }

    fn prove(&self) -> Result<()> {
        let proof = self.run(Some(Arc::clone(&self.key)))?;
        ensure!(
            proof.is_flawless() && proof.opens() == SIZE.entries,
            "{:?}",
            proof.states
        );
        Ok(())
    }

    fn list(&self) -> Result<()> {
        ensure!(self.run(None)?.sealed() == SIZE.entries, "not all are sealed");
        Ok(())
    }

    fn run(&self, key: Option<Arc<BackupKey>>) -> Result<Proof> {
        let threads = Some(self.threads);
        let mut engine = Engine::start(EngineOptions {
            key,
            threads,
            visit: None,
        })?;
        let read = self.listing.chunks(PIECE).all(|piece| engine.feed(piece).is_continue());
        ensure!(read, "the listing has a flaw");
        Ok(engine.finish())
    }

    /// What all cores do when they compute only the key agreement.
    fn agree(&self) -> Result<()> {
        let private = PrivateKey::from_private_key(&X25519, &self.private)
            .ok()
            .context("private key")?;
        let agreed = spread(SIZE.entries, |part| {
            let agrees = |key: &&[u8; BackupKey::LENGTH]| {
                let peer = UnparsedPublicKey::new(&X25519, key);
                agree(&private, peer, (), |secret| {
                    black_box(secret);
                    Ok(())
                })
                .is_ok()
            };
            let part = &self.ephemeral[part.start as usize..part.end as usize];
            Ok(part.iter().filter(agrees).count() as u64)
        })?;
        ensure!(agreed.iter().sum::<u64>() == SIZE.entries, "not all agree");
        Ok(())
    }

    /// What vodozemac does on all cores with the key hoisted out of the loop: decode and decrypt, nothing parsed.
    fn decrypt_with_vodozemac(&self) -> Result<()> {
        let opened = spread(SIZE.entries, |part| {
            let decryption = PkDecryption::from_key(Curve25519SecretKey::from_slice(&self.private));
            let opens = |it: &&SessionData| {
                Message::from_base64(&it.ciphertext, &it.mac, &it.ephemeral)
                    .is_ok_and(|message| decryption.decrypt(&message).is_ok())
            };
            let part = &self.sealed[part.start as usize..part.end as usize];
            Ok(part.iter().filter(opens).count() as u64)
        })?;
        ensure!(opened.iter().sum::<u64>() == SIZE.entries, "not all open");
        Ok(())
    }

    fn read(&self) -> Result<()> {
        let mut entries = 0;
        read_entries(self.listing, |_| {
            entries += 1;
            Ok(())
        })?;
        ensure!(entries == SIZE.entries, "not all are read");
        Ok(())
    }
}

/// Hands each entry's JSON on.
fn read_entries(listing: &[u8], mut with: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut reader = Reader::new();
    for piece in listing.chunks(PIECE) {
        let mut result = Ok(());
        let _ = reader.feed(piece, |item| match item {
            Item::Entry {
                body: Body::Object(json),
                ..
            } => {
                result = with(json);
                match result {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            }
            Item::Entry { .. } | Item::Room(_) => ControlFlow::Continue(()),
        })?;
        result?;
    }
    Ok(reader.finish()?)
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}
