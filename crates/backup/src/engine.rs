//! Opens a whole key backup on all cores while it is still being downloaded.

mod batch;
mod feeder;
mod progress;
mod worker;

use std::{
    io,
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::{Arc, Mutex, mpsc::sync_channel},
    thread::{self, JoinHandle},
};

pub use self::progress::Progress;
use self::{feeder::Feeder, worker::Shared};
use crate::{BackupKey, Opened, Partial, PartialReason, Proof, Reader};

/// Is called by the threads of an engine for every room key that comes out of an entry.
pub type Visit = dyn Fn(&str, Opened<'_>) + Send + Sync;

/// Reads a key backup listing piece by piece and judges its entries on several threads.
///
/// Give it the body of `GET /_matrix/client/v3/room_keys/keys?version=V` as it arrives. With the backup key every entry
/// is opened; without it the entries are listed and checked from outside. In memory are a few batches of 96 KiB for each
/// thread and 44 bytes for each entry.
///
/// Dropping an engine lets its threads end after what they were given.
pub struct Engine {
    reader: Reader,
    feeder: Feeder,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// What an engine needs to know.
#[derive(Default)]
pub struct EngineOptions {
    /// The key that opens the entries; without it they stay sealed.
    pub key: Option<Arc<BackupKey>>,
    /// How many threads open entries besides the one that feeds; by default one.
    pub threads: Option<NonZeroUsize>,
    /// Sees every room key that comes out of an entry, on the thread that opened it.
    pub visit: Option<Box<Visit>>,
}

impl Engine {
    /// Starts the threads, which wait for entries.
    ///
    /// # Errors
    ///
    /// Fails when the operating system gives no thread.
    pub fn start(options: EngineOptions) -> io::Result<Self> {
        let EngineOptions { key, threads, visit } = options;
        let threads = threads.map_or(1, NonZeroUsize::get);
        let (queue, batches) = sync_channel(threads);
        let batches = Arc::new(Mutex::new(batches));
        let shared = Arc::new(Shared {
            key,
            visit,
            progress: Progress::default(),
            rows: Mutex::default(),
        });
        let threads = (0..threads)
            .map(|_| {
                let (shared, batches) = (Arc::clone(&shared), Arc::clone(&batches));
                thread::Builder::new()
                    .name("backup-opener".to_owned())
                    .spawn(move || shared.work(&batches))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self {
            reader: Reader::new(),
            feeder: Feeder::new(Arc::clone(&shared), queue),
            shared,
            threads,
        })
    }

    /// Returns a handle to watch the engine and to stop it.
    pub fn progress(&self) -> Progress {
        self.shared.progress.clone()
    }

    /// Reads the next piece of the listing; blocks while the threads are busy, so not for an async thread.
    ///
    /// Breaks when more pieces are of no use: the listing has a flaw or the engine was cancelled.
    pub fn feed(&mut self, piece: &[u8]) -> ControlFlow<()> {
        let flow = self.reader.feed(piece, |item| self.feeder.take(item));
        self.shared.progress.set_bytes(self.reader.offset());
        match flow {
            Ok(ControlFlow::Continue(())) if !self.shared.progress.is_cancelled() => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }

    /// Waits for the entries that are under way and sums up; a listing that did not end is partial.
    pub fn finish(mut self) -> Proof {
        self.feeder.close();
        // A thread that panicked has not given back its entries.
        let lost = self
            .threads
            .into_iter()
            .map(JoinHandle::join)
            .filter(Result::is_err)
            .count()
            > 0;
        let reason = match self.reader.finish() {
            _ if self.shared.progress.is_cancelled() => Some(PartialReason::Cancelled),
            _ if lost => Some(PartialReason::ThreadLost),
            Err(error) => Some(PartialReason::Listing(error)),
            Ok(()) => None,
        };
        let bytes = self.reader.offset();
        self.feeder
            .sum_up(bytes, reason.map(|reason| Partial { offset: bytes, reason }))
    }
}

#[cfg(test)]
mod tests;
