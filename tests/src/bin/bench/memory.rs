//! How much memory the backup proof needs for a backup that does not fit into it.

use std::{
    env,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
};

use anyhow::{Context as _, Result, ensure};
use lifeboat_backup::{
    Engine, EngineOptions,
    generate::{BackupSize, Generator},
};
use lifeboat_tests::{
    large_backup::SEED,
    peak::{Peak, in_mebibytes},
    spread::spread,
};

use crate::{
    extent::Extent,
    table::{Bound, Table, mebibytes, median},
};

/// The word that makes this program the one that is measured.
pub(crate) const CHILD: &str = "prove-what-comes-from";

const ENTRIES: u64 = 1_000_000;
/// How many entries are generated at a time.
const GROUP: u64 = 20_000;
const PIECE: usize = 64 * 1024;
const ROUNDS: usize = 3;

pub(crate) fn measure(extent: Extent) -> Result<Table> {
    let (entries, rounds) = (extent.of(ENTRIES), extent.rounds(ROUNDS));
    let (mut empty, mut full) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        empty.push(run(0)?);
        full.push(run(entries)?);
    }
    let more: Vec<f64> = empty.iter().zip(&full).map(|(empty, full)| full - empty).collect();
    let alone = |peaks: Vec<f64>| median(peaks).map(mebibytes).unwrap_or_default();
    let mut table = Table::new(
        "Memory of the backup proof",
        extent,
        format!(
            "Peak of the resident memory of a process that reads a listing from a socket and opens every entry; it keeps \
             where each entry belongs and its state. {entries} entries, {rounds} rounds."
        ),
    );
    table.row("an empty backup", alone(empty));
    table.row(format!("{entries} entries"), alone(full));
    table.promise("more than empty", &more, mebibytes, Bound::AtMost(64.0))?;
    Ok(table)
}

/// Streams a backup to a process of its own, and returns that process's peak in MiB.
fn run(entries: u64) -> Result<f64> {
    let generator = Generator::new(SEED)?;
    let size = BackupSize {
        entries,
        rooms: (entries / 200).max(1),
    };
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?.to_string();
    let child = Command::new(env::current_exe()?)
        .args([CHILD, &address, &entries.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut child = Killed(child);
    let (mut stream, _) = listener.accept()?;
    for start in (0..entries.max(1)).step_by(GROUP as usize) {
        let group = start..(start + GROUP).min(entries);
        let make = |part: std::ops::Range<u64>| Ok(generator.listing(size, start + part.start..start + part.end)?);
        let parts = match entries {
            0 => vec![generator.listing(size, 0..0)?],
            _ => spread(group.end - group.start, make)?,
        };
        for part in parts {
            stream.write_all(part.as_bytes())?;
        }
    }
    drop(stream);
    let mut answer = String::new();
    child
        .0
        .stdout
        .take()
        .context("no output")?
        .read_to_string(&mut answer)?;
    ensure!(child.0.wait()?.success(), "the proof failed");
    Ok(answer.trim().parse()?)
}

/// Is not left behind when the other end fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It has ended already, unless something else failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Is the process that is measured: reads a listing from `address`, proves it and returns the peak in MiB.
pub(crate) fn child(address: &str, entries: u64) -> Result<f64> {
    let mut stream = TcpStream::connect(address)?;
    let mut engine = Engine::start(EngineOptions {
        key: Some(Arc::new(Generator::new(SEED)?.backup_key()?)),
        threads: Some(thread::available_parallelism()?),
        visit: None,
    })?;
    let mut piece = vec![0; PIECE];
    loop {
        let length = stream.read(&mut piece)?;
        if length == 0 {
            break;
        }
        ensure!(engine.feed(&piece[..length]).is_continue(), "the listing has a flaw");
    }
    let proof = engine.finish();
    ensure!(
        proof.is_flawless() && proof.opens() == entries,
        "{:?} {:?}",
        proof.states,
        proof.partial
    );
    Peak::of("self").map(|it| in_mebibytes(it.all))
}
