//! Brings every room key of the session into the backup.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use matrix_sdk::encryption::backups::UploadState;

use super::{LiveSession, SettleError};

/// Watches an upload from anywhere.
#[derive(Clone, Debug, Default)]
pub struct SettleProgress(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    total: AtomicU64,
    uploaded: AtomicU64,
}

impl SettleProgress {
    /// How many room keys the session holds; 0 while that is not known.
    pub fn total(&self) -> u64 {
        self.0.total.load(Ordering::Relaxed)
    }

    /// How many of them are in the backup.
    pub fn uploaded(&self) -> u64 {
        self.0.uploaded.load(Ordering::Relaxed)
    }
}

/// Between two uploads of a hundred keys: short enough for thousands, long enough for a server that others use too.
const PAUSE: Duration = Duration::from_millis(20);

impl LiveSession {
    /// Waits until the backup holds every room key that this session holds.
    ///
    /// `PUT /_matrix/client/v3/room_keys/keys`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3room_keyskeys)), a hundred keys at a
    /// time. Of two entries for one session the server keeps the one that decrypts more.
    pub async fn settle_backup(&self, progress: &SettleProgress) -> Result<(), SettleError> {
        let backups = self.client().encryption().backups();
        let settling = backups.wait_for_steady_state().with_delay(PAUSE);
        let mut news = std::pin::pin!(settling.subscribe_to_progress());
        let watching = async {
            while let Some(state) = news.next().await {
                if let Ok(UploadState::Uploading(counts)) = state {
                    progress.0.total.store(counts.total as u64, Ordering::Relaxed);
                    progress.0.uploaded.store(counts.backed_up as u64, Ordering::Relaxed);
                }
            }
            std::future::pending::<()>().await
        };
        tokio::select! {
            settled = settling.into_future() => Ok(settled?),
            () = watching => Err(SettleError::NotUploaded),
        }
    }
}
