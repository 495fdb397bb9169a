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
use lifeboat_backup::{BackupKey, Body, Engine, EngineOptions, Item, Proof, Reader};
use lifeboat_tests::{large_backup::LargeBackup, spread::spread};
use matrix_sdk::encryption::vodozemac::{
    Curve25519PublicKey, Curve25519SecretKey,
    pk_encryption::{Message, PkDecryption},
};
use serde::Deserialize;

use crate::{
    element,
    extent::Extent,
    sdk,
    table::{Bound, Table, of_all, percent, ratio, times},
};

const ENTRIES: u64 = 100_000;
const ROOMS: u64 = 500;
const ROUNDS: usize = 9;
/// The others take so long that three rounds have to do.
const SLOW_ROUNDS: usize = 3;
/// As large as pieces that come from a socket.
const PIECE: usize = 64 * 1024;

pub(crate) async fn measure(extent: Extent) -> Result<Table> {
    let backup = LargeBackup::generate(extent.backup(ENTRIES, ROOMS))?;
    let bench = Bench::of(&backup)?;
    let (rounds, slow_rounds) = (extent.rounds(ROUNDS), extent.rounds(SLOW_ROUNDS));
    let [mut bare, mut proof, mut vodozemac, mut read, mut list] = [const { Vec::new() }; 5];
    // In turns, so that whatever else the machine does is in all of them.
    for _ in 0..rounds {
        bare.push(timed(|| bench.agree())?);
        proof.push(timed(|| bench.prove())?);
        vodozemac.push(timed(|| bench.decrypt_with_vodozemac())?);
        read.push(timed(|| bench.read())?);
        list.push(timed(|| bench.list())?);
    }
    let mut others = Others::default();
    for _ in 0..slow_rounds {
        let own = timed(|| bench.prove())?;
        others.take_sdk(own, sdk::restore(&backup).await?);
    }
    for _ in 0..slow_rounds {
        let own = timed(|| bench.prove())?;
        if let Some(its) = element::restore(&backup)? {
            others.take_element(own, its);
        }
    }

    let entries = backup.size.entries;
    let mut table = Table::new(
        "Backup proof",
        extent,
        format!(
            "{entries} generated entries ({:.0} bytes each) in {} rooms, in memory: read, decrypted on all cores, checked, \
             sorted. {rounds} rounds, those of the SDK and of Element's engine {slow_rounds}, each beside a proof of its \
             own; the ratios are those of the rounds. The SDK restores all entries from a server in the same process into \
             its SQLite store, as its one-shot download does. Element's engine has a store in memory; like the proof it \
             begins with the listing in memory.",
            backup.listing.len() as f64 / entries as f64,
            backup.size.rooms,
        ),
    );
    table.row("X25519 of `aws-lc-rs` alone, on all cores", of_all(entries, &bare));
    table.row("the proof", of_all(entries, &proof));
    let shares: Vec<f64> = bare
        .iter()
        .zip(&proof)
        .map(|(bare, proof)| ratio(*bare, *proof))
        .collect();
    table.promise(
        "the proof's share of X25519 alone",
        &shares,
        percent,
        Bound::AtLeast(0.85),
    )?;
    table.row(
        "matrix-sdk, decrypt and import into SQLite",
        of_all(entries, &others.sdk),
    );
    table.promise(
        "the proof is faster than matrix-sdk by",
        &others.sdk_ratios,
        times,
        Bound::AtLeast(10.0),
    )?;
    if others.element.is_empty() {
        table.not_measured("Element's engine", "node or npm is not there");
    } else {
        table.row(
            "Element's engine, decrypt and import into memory",
            of_all(entries, &others.element),
        );
        table.promise(
            "the proof is faster than Element's engine by",
            &others.element_ratios,
            times,
            Bound::AtLeast(25.0),
        )?;
    }
    table.row("vodozemac on all cores, decrypt only", of_all(entries, &vodozemac));
    table.row("reading the listing, one thread", of_all(entries, &read));
    table.row("listing without a key", of_all(entries, &list));
    Ok(table)
}

/// What others need, and how many times as long that is.
#[derive(Default)]
struct Others {
    sdk: Vec<Duration>,
    sdk_ratios: Vec<f64>,
    element: Vec<Duration>,
    element_ratios: Vec<f64>,
}

impl Others {
    fn take_sdk(&mut self, own: Duration, its: Duration) {
        self.sdk.push(its);
        self.sdk_ratios.push(ratio(its, own));
    }

    fn take_element(&mut self, own: Duration, its: Duration) {
        self.element.push(its);
        self.element_ratios.push(ratio(its, own));
    }
}

/// What the proof and the limits are measured on.
struct Bench<'a> {
    entries: u64,
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
    fn of(backup: &'a LargeBackup) -> Result<Self> {
        let mut sealed = Vec::new();
        read_entries(&backup.listing, |json| {
            sealed.push(serde_json::from_slice::<KeyBackupData>(json)?.session_data);
            Ok(())
        })?;
        let ephemeral = sealed
            .iter()
            .map(|sealed| Ok(Curve25519PublicKey::from_base64(&sealed.ephemeral)?.to_bytes()));
        Ok(Self {
            entries: backup.size.entries,
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
            proof.is_flawless() && proof.opens() == self.entries,
            "{:?}",
            proof.states
        );
        Ok(())
    }

    fn list(&self) -> Result<()> {
        ensure!(self.run(None)?.sealed() == self.entries, "not all are sealed");
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
        let agreed = spread(self.entries, |part| {
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
        ensure!(agreed.iter().sum::<u64>() == self.entries, "not all agree");
        Ok(())
    }

    /// What vodozemac does on all cores with the key hoisted out of the loop: decode and decrypt, nothing parsed.
    fn decrypt_with_vodozemac(&self) -> Result<()> {
        let opened = spread(self.entries, |part| {
            let decryption = PkDecryption::from_key(Curve25519SecretKey::from_slice(&self.private));
            let opens = |it: &&SessionData| {
                Message::from_base64(&it.ciphertext, &it.mac, &it.ephemeral)
                    .is_ok_and(|message| decryption.decrypt(&message).is_ok())
            };
            let part = &self.sealed[part.start as usize..part.end as usize];
            Ok(part.iter().filter(opens).count() as u64)
        })?;
        ensure!(opened.iter().sum::<u64>() == self.entries, "not all open");
        Ok(())
    }

    fn read(&self) -> Result<()> {
        let mut entries = 0;
        read_entries(self.listing, |_| {
            entries += 1;
            Ok(())
        })?;
        ensure!(entries == self.entries, "not all are read");
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
